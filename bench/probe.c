/* The least that a program can do with libmariadb to look at a pair: it logs in to both servers, one after
 * the other, asks each who may write, for its position and for its replication, and prints that. What a check
 * without a supervisor costs is measured against it.
 *
 * probe USER PASSWORD ADDRESS PORT ADDRESS PORT */
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>

static int show(MYSQL *m, const char *sql)
{
    if (mysql_query(m, sql) != 0)
        return fprintf(stderr, "%s\n", mysql_error(m)), 1;
    MYSQL_RES *result = mysql_store_result(m);
    MYSQL_ROW row;
    while (result && (row = mysql_fetch_row(result)))
        for (unsigned i = 0; i < mysql_num_fields(result); i++)
            printf("%s\t", row[i] ? row[i] : "NULL");
    mysql_free_result(result);
    return 0;
}

static int look(const char *user, const char *password, const char *address, const char *port)
{
    static const my_bool off = 0; /* libmariadb 3.4 would speak TLS unasked */
    MYSQL *m = mysql_init(NULL);
    mysql_options(m, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &off);
    if (!mysql_real_connect(m, address, user, password, NULL, (unsigned)atoi(port), NULL, 0))
        return fprintf(stderr, "%s\n", mysql_error(m)), 1;
    int failed = show(m, "SELECT @@global.read_only, @@global.gtid_binlog_pos, @@global.gtid_slave_pos") ||
                 show(m, "SHOW ALL SLAVES STATUS");
    mysql_close(m);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc != 7)
        return 2;
    return look(argv[1], argv[2], argv[3], argv[4]) || look(argv[1], argv[2], argv[5], argv[6]);
}
