#include "cli/schema.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/schema_admin.h"
#include "cli/schema_install.h"

#define DEFAULT_ACCOUNT "replcheck"
#define DEFAULT_SOCKET  "/run/mysqld/mysqld.sock"
#define DEFAULT_PORT    "3306"
#define DEFAULT_ADMIN   "root"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
    enum schema_action action;
    bool witness;
    bool dry_run;
    const char *cluster;
    const char *account;
    const char *password_file;
    const char *login_password_file;
    char password[SETTINGS_SECRET_MAX];
    char login_password[SETTINGS_SECRET_MAX];
    char addresses[SCHEMA_ADDRESSES_MAX][INET6_ADDRSTRLEN];
    size_t address_count;
    struct schema_admin_options login;
};

enum {
    SOCKET = USAGE_LONG,
    HOST,
    PORT,
    TLS_CA,
    USER,
    LOGIN_PASSWORD_FILE,
    DRY_RUN,
    WITNESS,
    CLUSTER,
    ALLOW,
    PASSWORD_FILE,
    ACCOUNT
};

static const struct usage_option options[] = {
    {"socket", SOCKET, "PATH", USAGE_FILE, .help = "the server's socket; else local.socket of node.conf"},
    {"host", HOST, "ADDRESS", .help = "another server, with"},
    {"port", PORT, "PORT", .preset = DEFAULT_PORT, .help = "its port"},
    {"tls-ca", TLS_CA, "FILE", USAGE_FILE, .help = "and verified by this CA"},
    {"user", USER, "NAME", .preset = DEFAULT_ADMIN,
     .help = "the administrator to log in as, by unix_socket or a password"},
    {"login-password-file", LOGIN_PASSWORD_FILE, "FILE", USAGE_FILE, .help = "the administrator's password"},
    {"dry-run", DRY_RUN, .help = "print what would be run, like `print`"},
    {"witness", WITNESS, .help = "only what a voter needs; where there is no cluster.yaml, with:"},
    {"cluster", CLUSTER, "NAME", .help = "the cluster's name"},
    {"allow", ALLOW, "ADDRESS", .help = "a node's address; once for each node"},
    {"password-file", PASSWORD_FILE, "FILE", USAGE_FILE,
     .help = "the password that the nodes log in with (witness.password_file)"},
    {"account", ACCOUNT, "NAME", .preset = DEFAULT_ACCOUNT, .help = "the account that they log in as"},
    {0},
};
const struct usage schema_usage = {
    "schema", "install | upgrade | uninstall | print [OPTION...]",
    "Puts the schema `replcheck`, its procedures, its event and its accounts into one server,\n"
    "or removes them.\n",
    "install upgrade uninstall print", options};

static bool parse_port(struct command *c, const char *text, struct err *e)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || port < 1 || port > 65535)
        return err_set(e, "--port %s: a number from 1 to 65535 is needed", text);
    c->login.port = (unsigned)port;
    return true;
}

/* Kept in the form in which the server knows a client: MariaDB compares the host of an account as text. */
static bool add_address(struct command *c, const char *text, struct err *e)
{
    unsigned char binary[sizeof(struct in6_addr)];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(family, text, binary) != 1)
        return err_set(e, "%s is no numeric address", text);
    if (c->address_count == SCHEMA_ADDRESSES_MAX)
        return err_set(e, "more than %d addresses", SCHEMA_ADDRESSES_MAX);
    char *slot = c->addresses[c->address_count++];
    inet_ntop(family, binary, slot, INET6_ADDRSTRLEN);
    return true;
}

static bool parse_option(struct command *c, int option, struct err *e)
{
    switch (option) {
    case SOCKET:
        c->login.socket = optarg;
        return true;
    case HOST:
        c->login.host = optarg;
        return true;
    case PORT:
        return parse_port(c, optarg, e);
    case TLS_CA:
        c->login.tls_ca = optarg;
        return true;
    case USER:
        c->login.user = optarg;
        return true;
    case LOGIN_PASSWORD_FILE:
        c->login_password_file = optarg;
        return true;
    case DRY_RUN:
        c->dry_run = true;
        return true;
    case WITNESS:
        c->witness = true;
        return true;
    case CLUSTER:
        c->cluster = optarg;
        return true;
    case ALLOW:
        return add_address(c, optarg, e);
    case PASSWORD_FILE:
        c->password_file = optarg;
        return true;
    case ACCOUNT:
        c->account = optarg;
        return true;
    default:
        return false;
    }
}

static bool parse_action(struct command *c, const char *word, struct err *e)
{
    static const char *const words[] = {[SCHEMA_INSTALL] = "install",
                                        [SCHEMA_UPGRADE] = "upgrade",
                                        [SCHEMA_UNINSTALL] = "uninstall",
                                        [SCHEMA_PRINT] = "print"};
    for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++)
        if (!strcmp(word, words[i])) {
            c->action = (enum schema_action)i;
            return true;
        }
    return err_set(e, "%s%sinstall, upgrade, uninstall or print is needed", word ? word : "",
                   word ? ": " : "");
}

static bool check_options(const struct command *c, const struct settings *settings, struct err *e)
{
    bool voter_options = c->cluster || c->address_count || c->password_file || c->account;
    if (c->login.socket && c->login.host)
        return err_set(e, "--socket and --host name two servers");
    if (!c->login.host && (c->login.port || c->login.tls_ca))
        return err_set(e, "--port and --tls-ca go with --host");
    if (!c->witness && voter_options)
        return err_set(e, "--cluster, --allow, --password-file and --account go with --witness");
    if (!c->witness && !settings)
        return err_set(e, "a node's schema needs its configuration; a witness is installed with --witness");
    if (settings && voter_options)
        return err_set(e, "--cluster, --allow, --password-file and --account are for a witness without "
                          "cluster.yaml; here the configuration says it");
    bool gives = c->action != SCHEMA_UNINSTALL && c->witness && !settings;
    if (gives && (!c->cluster || !c->address_count))
        return err_set(e, "--witness without cluster.yaml needs --cluster and --allow for each node");
    if (gives && c->action != SCHEMA_PRINT && !c->dry_run && !c->password_file)
        return err_set(e, "--witness without cluster.yaml needs --password-file");
    return true;
}

/* The first line of a file that others may not read. */
static bool read_secret(char *out, size_t size, const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) {
        err_set(e, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    ssize_t n = S_ISREG(st.st_mode) ? read(fd, out, size - 1) : 0;
    close(fd);
    out[n > 0 ? n : 0] = '\0';
    bool terminated = (size_t)st.st_size < size || strchr(out, '\n');
    out[strcspn(out, "\r\n")] = '\0';
    if (st.st_mode & (S_IROTH | S_IWOTH))
        return err_set(e, "%s can be read or written by others: chmod o-rw", path);
    if (!*out || !terminated)
        return err_set(e, "%s: a password of 1 to %zu characters on one line is needed", path, size - 2);
    return true;
}

static bool read_secrets(struct command *c, struct err *e)
{
    if (c->password_file && !read_secret(c->password, sizeof(c->password), c->password_file, e))
        return false;
    if (!c->login_password_file)
        return true;
    c->login.password = c->login_password;
    return read_secret(c->login_password, sizeof(c->login_password), c->login_password_file, e);
}

static void complete_login(struct command *c, const struct settings *settings)
{
    struct schema_admin_options *login = &c->login;
    if (!login->user)
        login->user = DEFAULT_ADMIN;
    if (login->host && !login->port)
        login->port = (unsigned)atoi(DEFAULT_PORT);
    if (!login->host && !login->socket)
        login->socket = settings && !c->witness ? settings->node.local.socket : DEFAULT_SOCKET;
}

static bool take_settings(struct command *c, const struct settings *s, struct schema_plan *plan,
                          struct err *e)
{
    const struct cluster_settings *cluster = &s->cluster;
    c->address_count = 0;
    if (!add_address(c, cluster->nodes[0].address, e) || !add_address(c, cluster->nodes[1].address, e))
        return false;
    plan->dual = cluster->policy.write_mode == WRITE_MODE_DUAL;
    plan->other_node = c->witness ? NULL : cluster->nodes[1 - s->node.self].name;
    plan->server_id = cluster->nodes[s->node.self].server_id;
    plan->values.cluster = cluster->cluster;
    plan->values.node = c->witness ? "" : s->node.node;
    plan->values.user = s->node.local.user;
    plan->values.peer_user = s->node.peer.user;
    plan->values.witness_user = s->node.witness.user;
    plan->values.fence_user = s->node.fencer.user;
    plan->values.password = c->witness ? s->node.witness.password : s->node.peer.password;
    return true;
}

static void take_command(const struct command *c, struct schema_plan *plan)
{
    const char *account = c->account ? c->account : DEFAULT_ACCOUNT;
    plan->values.cluster = c->cluster;
    plan->values.node = "";
    plan->values.user = plan->values.peer_user = plan->values.witness_user = account;
    plan->values.fence_user = DEFAULT_ACCOUNT "-fence";
    plan->values.password = c->password;
}

static bool make_plan(struct command *c, const struct settings *settings, struct schema_plan *plan,
                      struct err *e)
{
    *plan = (struct schema_plan){.witness = c->witness, .values.version = SCHEMA_VERSION_TEXT};
    if (!settings)
        take_command(c, plan);
    else if (!take_settings(c, settings, plan, e))
        return false;
    for (size_t i = 0; i < c->address_count; i++)
        plan->addresses[i] = c->addresses[i];
    plan->address_count = c->address_count;
    plan->values.node1_address = plan->addresses[0];
    plan->values.node2_address = plan->addresses[1];
    bool printed = c->dry_run || c->action == SCHEMA_PRINT;
    if (printed)
        plan->values.password = "@PASSWORD@";
    else if (c->action != SCHEMA_UNINSTALL && !*plan->values.password)
        return err_set(e, "the %s's password is empty: node.conf, %s.password_file",
                       c->witness ? "witness" : "peer", c->witness ? "witness" : "peer");
    return true;
}

static bool print_script(const struct command *c, const struct schema_plan *plan, struct err *e)
{
    struct schema_script script = {0};
    bool ok = schema_install_script(&script, plan, c->action, !plan->dual, e);
    if (ok && c->action != SCHEMA_UNINSTALL)
        puts("-- For the mariadb client. No password is printed: put it where @PASSWORD@ stands.");
    if (ok)
        schema_script_print(&script, stdout);
    schema_script_clear(&script);
    return ok && (fflush(stdout) == 0 || err_set(e, "writing the output: %s", strerror(errno)));
}

static bool run(struct command *c, const struct settings *settings, struct err *e)
{
    struct schema_plan plan;
    if (!make_plan(c, settings, &plan, e))
        return false;
    if (c->dry_run || c->action == SCHEMA_PRINT)
        return print_script(c, &plan, e);
    complete_login(c, settings);
    struct schema_admin *admin = schema_admin_open(&c->login, e);
    if (!admin)
        return false;
    bool ok = schema_install_run(admin, &plan, c->action, stdout, e);
    schema_admin_close(&admin);
    return ok;
}

static bool parse(struct command *c, const struct settings *settings, int argc, char **argv, struct err *e)
{
    int option;
    usage_begin();
    while ((option = usage_next(&schema_usage, argc, argv)) != -1)
        if (option == '?' ? !usage_complain(&schema_usage, argc, argv, e) : !parse_option(c, option, e))
            return false;
    if (!parse_action(c, argv[optind], e))
        return false;
    if (argv[optind + 1])
        return err_set(e, "%s: one action at a time", argv[optind + 1]);
    return check_options(c, settings, e) && read_secrets(c, e);
}

int schema_main(const struct settings *settings_or_null, int argc, char **argv)
{
    struct command command = {0};
    struct err e;
    int code = EXIT_DONE;
    if (!parse(&command, settings_or_null, argc, argv, &e)) {
        fprintf(stderr, "mysql-replcheck schema: %s\n", e.text);
        code = EXIT_USAGE;
    } else if (!run(&command, settings_or_null, &e)) {
        fprintf(stderr, "mysql-replcheck schema: %s\n", e.text);
        code = EXIT_FAILED;
    }
    explicit_bzero(command.password, sizeof(command.password));
    explicit_bzero(command.login_password, sizeof(command.login_password));
    return code;
}
