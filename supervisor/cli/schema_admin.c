#include "cli/schema_admin.h"

#include <stdlib.h>
#include <string.h>

#include <mysql.h>
#include <errmsg.h>
#include <mysqld_error.h>

#include "base/mem.h"
#include "io/tls_library.h"
#include "model/server_version.h"

#define CONNECT_TIMEOUT_S   10
#define STATEMENT_TIMEOUT_S 120

struct schema_admin {
    MYSQL *connection;
    char *where;
};

static const char *advice(unsigned error)
{
    switch (error) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
        return "; is mariadbd running there? --socket or --host and --port name another place";
    case ER_ACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
        return "; run this as root, or name an administrator with --user and --login-password-file";
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_CANNOT_USER:
        return "; this needs an administrator with ALL PRIVILEGES and GRANT OPTION: see --user";
    case ER_LOCK_WAIT_TIMEOUT:
        return "; another session holds a lock: find it with SHOW PROCESSLIST and try again";
    default:
        return "";
    }
}

static bool set_server_error(struct schema_admin *admin, struct err *e)
{
    unsigned error = mysql_errno(admin->connection);
    return err_set(e, "%s (error %u)%s", mysql_error(admin->connection), error, advice(error));
}

/* NULL, or why it cannot be done. */
static const char *set_options(MYSQL *connection, const struct schema_admin_options *o)
{
    unsigned connect_s = CONNECT_TIMEOUT_S, statement_s = STATEMENT_TIMEOUT_S;
    mysql_options(connection, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_options(connection, MYSQL_OPT_READ_TIMEOUT, &statement_s);
    mysql_options(connection, MYSQL_OPT_WRITE_TIMEOUT, &statement_s);
    if (!o->socket) {
        enum mysql_protocol_type tcp = MYSQL_PROTOCOL_TCP;
        mysql_options(connection, MYSQL_OPT_PROTOCOL, &tcp);
    }
    if (o->tls_ca)
        return tls_library_on(connection, &(struct tls_wanted){.ca = o->tls_ca, .address = true});
    tls_library_off(connection);
    return NULL;
}

static bool check_server(struct schema_admin *admin, struct err *e)
{
    const char *text = mysql_get_server_info(admin->connection);
    struct server_version version;
    bool known = server_version_parse(text, &version);
    const struct server_series *series = known ? server_series_of(&version) : NULL;
    if (series && series->standing != SERVER_REFUSED)
        return true;
    return err_set(e, "%s is version %s: MariaDB 10.11 or later is needed%s%s", admin->where, text,
                   series ? "; " : "", series ? series->what : "");
}

struct schema_admin *schema_admin_open(const struct schema_admin_options *o, struct err *e)
{
    struct schema_admin *admin = mem_zalloc(sizeof(*admin));
    admin->where = o->socket ? mem_strdup(o->socket) : mem_printf("%s port %u", o->host, o->port);
    admin->connection = mysql_init(NULL);
    if (!admin->connection)
        abort();
    const char *trouble = set_options(admin->connection, o);
    if (trouble) {
        err_set(e, "%s", trouble);
        schema_admin_close(&admin);
    } else if (!mysql_real_connect(admin->connection, o->socket ? NULL : o->host, o->user, o->password, NULL,
                                   o->socket ? 0 : o->port, o->socket, 0)) {
        set_server_error(admin, e);
        err_prefix(e, "cannot log in to %s as %s", admin->where, o->user);
        schema_admin_close(&admin);
    } else if (!check_server(admin, e)) {
        schema_admin_close(&admin);
    }
    return admin;
}

void schema_admin_close(struct schema_admin **admin)
{
    if (!*admin)
        return;
    mysql_close((*admin)->connection);
    free((*admin)->where);
    free(*admin);
    *admin = NULL;
}

bool schema_admin_run(struct schema_admin *admin, const struct schema_script *script, struct err *e)
{
    for (size_t i = 0; i < script->count; i++) {
        const struct schema_statement *s = &script->at[i];
        if (mysql_real_query(admin->connection, s->sql, strlen(s->sql))) {
            set_server_error(admin, e);
            return err_prefix(e, "%s, statement %d", s->template_name, s->number);
        }
    }
    return true;
}

bool schema_admin_row(struct schema_admin *admin, const char *sql, char **cells, size_t count, bool *found,
                      struct err *e)
{
    MYSQL_RES *result = NULL;
    if (!mysql_real_query(admin->connection, sql, strlen(sql)))
        result = mysql_store_result(admin->connection);
    if (!result)
        return set_server_error(admin, e);
    MYSQL_ROW row = mysql_num_fields(result) >= count ? mysql_fetch_row(result) : NULL;
    *found = row != NULL;
    for (size_t i = 0; i < count; i++)
        cells[i] = row && row[i] ? mem_strdup(row[i]) : NULL;
    mysql_free_result(result);
    return true;
}

const char *schema_admin_where(const struct schema_admin *admin)
{
    return admin->where;
}
