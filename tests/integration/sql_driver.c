/* Prints what the supervisor asks of a server, for the test that runs it: sql_driver locks | whole | clients
 * [ACCOUNT...] | room | server WINDOW_S RESET_S | bare | holder */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/audit_sql.h"
#include "wire/clients_sql.h"
#include "wire/observe.h"

static char *probe_sql(int argc, char **argv)
{
    struct observe_names names = {.cluster = "mail",
                                  .nodes = {"mx1", "mx2"},
                                  .account = "replcheck",
                                  .master_address = "127.0.0.12",
                                  .master_port = 3306,
                                  .semi_sync = true};
    if (argc == 4 && strcmp(argv[1], "server") == 0) {
        names.breaker_window_s = strtoll(argv[2], NULL, 10);
        names.breaker_reset_s = strtoll(argv[3], NULL, 10);
        return observe_server_sql(&names, true);
    }
    if (argc == 2 && strcmp(argv[1], "bare") == 0)
        return observe_bare_sql(&names);
    if (argc == 2 && strcmp(argv[1], "holder") == 0)
        return observe_holder_sql(&names);
    return NULL;
}

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
    else
        sql = probe_sql(argc, argv);
    if (!sql)
        return 2;
    puts(sql);
    free(sql);
    return 0;
}
