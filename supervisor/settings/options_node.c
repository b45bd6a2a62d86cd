#include "base/log.h"
#include "settings/options.h"

#define FIELD(field) offsetof(struct local_settings, field), sizeof(((struct local_settings *)0)->field)

#define CONFIG_DIR "/etc/mysql-replcheck"

/* sun_path holds 108 bytes; the control socket's name comes behind run_dir. */
#define SOCKET_PATH_MAX 107
#define RUN_DIR_MAX     90

static const struct option_word facilities[] = {{"daemon", 0}, {"user", 0},   {"mail", 0},   {"local0", 0},
                                                {"local1", 0}, {"local2", 0}, {"local3", 0}, {"local4", 0},
                                                {"local5", 0}, {"local6", 0}, {"local7", 0}, {NULL, 0}};
static const struct option_word levels[] = {{"error", LOG_LEVEL_ERROR},   {"warning", LOG_LEVEL_WARNING},
                                            {"notice", LOG_LEVEL_NOTICE}, {"info", LOG_LEVEL_INFO},
                                            {"debug", LOG_LEVEL_DEBUG},   {NULL, 0}};

/* clang-format off */
static const struct option rows[] = {
    {"node", OPTION_NAME, "", 1, 0, NULL, false,
     "name of this node, one of those in cluster.yaml", FIELD(node)},

    {"local.socket", OPTION_PATH, "", 1, SOCKET_PATH_MAX, "/run/mysqld/mysqld.sock", false,
     "socket of this node's MariaDB server", FIELD(local.socket)},
    {"local.user", OPTION_NAME, "", 1, 0, "replcheck", false,
     "account there, by unix_socket", FIELD(local.user)},

    {"peer.user", OPTION_NAME, "", 1, 0, "replcheck", false,
     "account at the other node's server", FIELD(peer.user)},
    {"peer.password_file", OPTION_PATH, "", 1, 0, CONFIG_DIR "/peer.secret", false,
     "file that holds its password and nothing else, mode 0600",
     FIELD(peer.password_file), .secret = true},
    {"peer.tls.ca", OPTION_PATH, "", 0, 0, "", false,
     "CA certificates for the other node's server; without them and the fingerprint: no TLS", FIELD(peer.tls.ca)},
    {"peer.tls.verify", OPTION_BOOL, "", 0, 0, "true", false,
     "its certificate must bear its address, too", FIELD(peer.tls.verify)},
    {"peer.tls.fingerprint", OPTION_DIGEST, "", 0, 0, "", false,
     "SHA-1 or SHA-256 of its certificate, which alone is accepted then", FIELD(peer.tls.fingerprint)},

    {"witness.user", OPTION_NAME, "", 1, 0, "replcheck", false,
     "account at the witness", FIELD(witness.user)},
    {"witness.password_file", OPTION_PATH, "", 0, 0, "", false,
     "file that holds its password, mode 0600; needed where the witness is a MariaDB server",
     FIELD(witness.password_file), .secret = true},
    {"witness.tls.ca", OPTION_PATH, "", 0, 0, "", false,
     "CA certificates for a MariaDB witness; without them and the fingerprint: no TLS", FIELD(witness.tls.ca)},
    {"witness.tls.verify", OPTION_BOOL, "", 0, 0, "true", false,
     "its certificate must bear its address, too", FIELD(witness.tls.verify)},
    {"witness.tls.fingerprint", OPTION_DIGEST, "", 0, 0, "", false,
     "SHA-1 or SHA-256 of its certificate, which alone is accepted then", FIELD(witness.tls.fingerprint)},

    {"fencer.user", OPTION_NAME, "", 1, 0, "replcheck-fence", false,
     "system user and local account of the fencer", FIELD(fencer.user)},
    {"fencer.kill_server", OPTION_BOOL, "", 0, 0, "true", false,
     "end a server that cannot be made read-only in time by SIGKILL", FIELD(fencer.kill_server)},
    {"fencer.command", OPTION_PATH, "", 0, 0, "", false,
     "last rung of the ladder: a program that turns a node off and exits 0 when it is off; empty: none",
     FIELD(fencer.command)},

    {"run_as", OPTION_NAME, "", 1, 0, "replcheck", false,
     "system user of the supervisor", FIELD(run_as)},
    {"run_dir", OPTION_PATH, "", 1, RUN_DIR_MAX, "/run/mysql-replcheck", false,
     "control socket, weight file, pid and lock", FIELD(run_dir)},
    {"state_dir", OPTION_PATH, "", 1, 0, "/var/lib/mysql-replcheck", false,
     "the journal", FIELD(state_dir)},

    {"control.read_group", OPTION_NAME, "", 1, 0, "adm", false,
     "group that may ask over the control socket", FIELD(control.read_group)},
    {"control.admin_group", OPTION_NAME, "", 1, 0, "root", false,
     "group that may command over it", FIELD(control.admin_group)},

    {"http.listen", OPTION_LISTEN, "", 0, 0, "", false,
     "address and port for HTTP; empty: off", FIELD(http.listen), .unbuilt = true},
    {"http.token_file", OPTION_PATH, "", 0, 0, "", false,
     "file with the token that HTTP clients must send; empty: none is asked for",
     FIELD(http.token_file), .secret = true, .unbuilt = true},
    {"agent.listen", OPTION_LISTEN, "", 0, 0, "", false,
     "address and port for HAProxy's agent-check; empty: off", FIELD(agent.listen), .unbuilt = true},

    {"syslog.facility", OPTION_WORD, "", 0, 0, "daemon", false,
     "facility of the log lines", FIELD(syslog.facility), facilities},
    {"syslog.level", OPTION_ENUM, "", 0, 0, "info", true,
     "least important level that is logged", FIELD(syslog.level), levels},

    {"hooks.dir", OPTION_PATH, "", 1, 0, CONFIG_DIR "/hooks.d", true,
     "folder of the hooks", FIELD(hooks.dir)},
    {"hooks.timeout", OPTION_DURATION, "ms", 100, 3600000, "30s", true,
     "how long one may run", FIELD(hooks.timeout_ms)},
};
/* clang-format on */

const struct option_table options_node = {"node.conf", rows, sizeof(rows) / sizeof(rows[0])};
