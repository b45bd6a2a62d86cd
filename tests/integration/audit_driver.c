/* Prints a statement of the slow look, for the test that runs it: audit_driver locks | whole | clients
 * [ACCOUNT...] | room */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/audit_sql.h"
#include "wire/clients_sql.h"

int main(int argc, char **argv)
{
    static const struct audit_names names = {
        .cluster = "mail", .nodes = {"mx1", "mx2"}, .fencer = "replcheck-fence"};
    struct clients_spared spared = {.users = {"replcheck", NULL, "replcheck-fence"}};
    char *sql = NULL;
    if (argc > 1 && strcmp(argv[1], "locks") == 0)
        sql = audit_locks_sql(&names);
    else if (argc > 1 && strcmp(argv[1], "whole") == 0)
        sql = audit_whole_sql(&names);
    else if (argc > 1 && strcmp(argv[1], "clients") == 0) {
        spared.accounts = (const char *const *)argv + 2;
        spared.account_count = argc - 2;
        sql = clients_end_sql(&spared);
    } else if (argc > 1 && strcmp(argv[1], "room") == 0)
        sql = clients_room_sql(&spared);
    if (!sql)
        return 2;
    puts(sql);
    free(sql);
    return 0;
}
