/* node.conf and the secrets; what is filled in; what a running daemon may change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "settings_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define CLUSTER(...) .cluster = {__VA_ARGS__}
#define NODE(...)    .node = {__VA_ARGS__}
#define TEN          "0123456789"
#define HUNDRED      TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

#define SHA256_BUT_ONE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

static const struct fixture_case complaints[] = {
    {"empty", "/node.conf: the file is empty", NODE({"", ""})},
    {"only a comment", "/node.conf: the file is empty", NODE({"", "# nothing\n"})},
    {"not libconfig", "/node.conf:8: not valid libconfig: syntax error", NODE({"= true", "= yes"})},
    {"a byte order mark", NULL, NODE({"node", "\xef\xbb\xbfnode"})},
    {"an include", "/node.conf:10: @include is not supported", NODE({NULL, " @include \"other\"\n"})},
    {"a control character", "/node.conf:1: contains the control character 0x07", NODE({"mx1", "mx\x07"})},
    {"an escaped control character", "/node.conf:1: node: contains a control character",
     NODE({"mx1", "mx\\x01"})},
    {"an escaped NUL", "/node.conf:1: \\x00 is a control character", NODE({"mx1", "mx1\\x00mx2"})},
    {"a duplicate", "/node.conf:10: node: duplicate key", NODE({NULL, "node = \"mx2\";\n"})},
    {"a duplicate within a line", "/node.conf:8: kill_server: duplicate key",
     NODE({"= true;", "= true; kill_server = false;"})},
    {"a duplicate in a group", "/node.conf:5: user: duplicate key",
     NODE({"  password_file", "  user = \"x\";\npassword_file"})},
    {"an unknown key", "/node.conf:8: fencer.kil_server: unknown key, did you mean kill_server?",
     NODE({"kill_server", "kil_server"})},
    {"a password in the file", "/node.conf:5: peer.password: unknown key",
     NODE({"password_file", "password"})},
    {"a password for its file's name",
     "/node.conf:5: peer.password_file: found a value that is not shown here, expected an absolute path",
     NODE({"@SECRET@", "hunter2"})},
    {"no node", "/node.conf:1: node: missing, expected a name", NODE({"node = \"mx1\";", ""})},
    {"another node", "/node.conf:1: node: found \"mx3\", expected mx1 or mx2, the nodes of cluster.yaml",
     NODE({"mx1", "mx3"})},
    {"a number for a name", "/node.conf:1: node: found \"1\" without quotes, expected a name",
     NODE({"\"mx1\"", "1"})},
    {"a number for a duration",
     "/node.conf:9: hooks.timeout: found \"30\" without quotes, expected a duration with a unit (ms, s, m, "
     "h), "
     "for example 30s, written in quotes",
     NODE({"\"30s\"", "30"})},
    {"text for a truth value",
     "/node.conf:8: fencer.kill_server: found \"true\", expected true or false, written without quotes",
     NODE({"true", "\"true\""})},
    {"a number for a truth value",
     "/node.conf:8: fencer.kill_server: found \"1\" without quotes, expected true or false",
     NODE({"true", "1"})},
    {"a group for a text", "/node.conf:1: node: found a map, expected a name",
     NODE({"\"mx1\"", "{ a = 1; }"})},
    {"a list for a text", "/node.conf:1: node: found a list, expected a name",
     NODE({"\"mx1\"", "( \"mx1\" )"})},
    {"a text for a group", "/node.conf:8: fencer: found \"x\", expected a map of options",
     NODE({"{ kill_server = true; }", "\"x\""})},
    {"a fingerprint that is cut short", "ab...\", expected a SHA-1 or SHA-256 fingerprint",
     NODE({"  password_file", "  tls = { fingerprint = \"" SHA256_BUT_ONE "\"; };\npassword_file"})},
    {"a fingerprint of something else",
     "/node.conf:5: peer.tls.fingerprint: found \"sha256:00\", expected a SHA-1 or SHA-256 fingerprint",
     NODE({"  password_file", "  tls = { fingerprint = \"sha256:00\"; };\npassword_file"})},
    {"a relative socket", "/node.conf:2: local.socket: found \"mysqld.sock\", expected an absolute path",
     NODE({"/run/mysqld/mysqld.sock", "mysqld.sock"})},
    {"a long socket", "/node.conf:2: local.socket: found 123 characters, expected at most 107",
     NODE({"/run/mysqld/", "/run/mysqld/" HUNDRED})},
    {"a long path", "/node.conf:10: state_dir: found 301 characters, expected at most 255",
     NODE({NULL, "state_dir = \"/" HUNDRED HUNDRED HUNDRED "\";\n"})},
    {"a port alone", "/node.conf:10: http.listen: found \"8008\", expected ADDRESS:PORT",
     NODE({NULL, "http = { listen = \"8008\"; };\n"})},
    {"a name to listen on",
     "http.listen: found \"localhost:8008\", expected ADDRESS:PORT with a numeric address",
     NODE({NULL, "http = { listen = \"localhost:8008\"; };\n"})},
    {"IPv6 without brackets", "http.listen: found \"::1:8008\", expected ADDRESS:PORT",
     NODE({NULL, "http = { listen = \"::1:8008\"; };\n"})},
    {"a port too large", "http.listen: found \"[::]:65536\", expected a port from 1 to 65535",
     NODE({NULL, "http = { listen = \"[::]:65536\"; };\n"})},
    {"IPv6 in brackets", NULL, NODE({NULL, "http = { listen = \"[::]:8008\"; };\n"})},
    {"nothing to listen on", NULL, NODE({NULL, "http = { listen = \"\"; }; agent = { listen = \"\"; };\n"})},
    {"one port for two", "/node.conf:10: agent.listen: found the address and port of http.listen",
     NODE({NULL, "http = { listen = \"[::1]:80\"; }; agent = { listen = \"[::1]:80\"; };\n"})},
    {"a facility that is none",
     "syslog.facility: found \"kern\", expected one of daemon, user, mail, local0,",
     NODE({NULL, "syslog = { facility = \"kern\"; };\n"})},
    {"no witness password", "/node.conf:7: witness.password_file: missing, expected the file",
     NODE({"witness = { password_file = \"@SECRET@\"; }", "witness = {}"})},
    {"etcd needs no password", ETCD(NULL),
     CLUSTER({"kind: mariadb, address: 192.0.2.19", "kind: etcd, endpoints: [{address: f::5}]"}),
     NODE({"witness = { password_file = \"@SECRET@\"; }", "witness = {}"})},
    {"no witness needs no password", NULL, CLUSTER({"tie_breaker: witness", "tie_breaker: writer"}),
     NODE({"witness = { password_file = \"@SECRET@\"; }", "witness = {}"})},
    {"a secret that is not there",
     "/node.conf:5: peer.password_file: /nonexistent/peer.secret cannot be read: No such file",
     NODE({"@SECRET@", "/nonexistent/peer.secret"})},
    {"a secret that is no file", "/node.conf:5: peer.password_file: /dev/null is not a regular file",
     NODE({"@SECRET@", "/dev/null"})},
};

static void test_complaints(void **state)
{
    (void)state;
    fixture_run(complaints, COUNT(complaints));
}

struct secret_case {
    const char *name, *content;
    size_t size;
    unsigned mode;
    uid_t owner;
    const char *want; /* the password, or the fragment of the error after the path */
    bool ok;
};

#define TEXT(text) text, sizeof(text) - 1

static const struct secret_case secrets[] = {
    {"as it should be", TEXT("hunter2\n"), 0600, 0, "hunter2", true},
    {"without a line end", TEXT("hunter2"), 0400, 0, "hunter2", true},
    {"a line end of two", TEXT("hunter2\r\n"), 0600, 0, "hunter2", true},
    {"spaces are kept", TEXT(" hunter 2 "), 0600, 0, " hunter 2 ", true},
    {"as long as can be", TEXT(HUNDRED TEN TEN "1234567"), 0600, 0, HUNDRED TEN TEN "1234567", true},
    {"longer", TEXT(HUNDRED TEN TEN "12345678"), 0600, 0, " holds more than 127 characters", false},
    {"much longer",
     TEXT(HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED), 0600, 0,
     " holds more than 127 characters", false},
    {"empty", TEXT(""), 0600, 0, " is empty, expected the secret on one line", false},
    {"an empty line", TEXT("\n"), 0600, 0, " is empty, expected the secret on one line", false},
    {"two lines", TEXT("hunter2\nhunter3\n"), 0600, 0, " holds a control character or a second line", false},
    {"a NUL", TEXT("hunter2\0x"), 0600, 0, " holds a control character", false},
    {"readable by the group", TEXT("hunter2"), 0640, 0,
     " has mode 0640, expected no access for group and others", false},
    {"readable by others", TEXT("hunter2"), 0604, 0,
     " has mode 0604, expected no access for group and others", false},
    {"writable by the group", TEXT("hunter2"), 0620, 0, " has mode 0620", false},
    {"another's", TEXT("hunter2"), 0600, 54321, " belongs to uid 54321, expected root or replcheck", false},
};

static void check_secret(const struct secret_case *c)
{
    static struct settings s;
    struct err e = {"(loaded)"};
    char want[200];
    fixture_write("peer.secret", c->content, c->size, c->mode);
    if (c->owner && chown(fixture_secret_path(), c->owner, (gid_t)-1) != 0)
        return; /* only root can give files away */
    bool ok = settings_load(&s, fixture_dir(), &e);
    snprintf(want, sizeof(want), "/node.conf:5: peer.password_file: %s%s", fixture_secret_path(), c->want);
    if (ok != c->ok || (ok ? strcmp(s.node.peer.password, c->want) != 0 : !strstr(e.text, want)))
        fail_msg("%s: got '%s', want '%s'", c->name, e.text, c->want);
    if (!ok && (strstr(e.text, "hunter") || *s.node.peer.password))
        fail_msg("%s: the secret is left behind", c->name);
    if (!settings_load_without_secrets(&s, fixture_dir(), &e) || *s.node.peer.password)
        fail_msg("%s: does not load without secrets", c->name);
}

static void test_secrets(void **state)
{
    const struct fixture_case plain = {"plain", NULL};
    (void)state;
    fixture_write_case(&plain);
    for (size_t i = 0; i < COUNT(secrets); i++)
        check_secret(&secrets[i]);
}

static void test_files(void **state)
{
    const struct fixture_case plain = {"plain", NULL};
    static struct settings s;
    static char large[256 * 1024 + 1];
    struct err e;
    (void)state;
    fixture_write_case(&plain);
    assert_false(settings_load(&s, "/nonexistent", &e));
    assert_string_equal(e.text, "/nonexistent/cluster.yaml: cannot be read: No such file or directory");
    memset(large, '#', sizeof(large));
    fixture_write("cluster.yaml", large, sizeof(large), 0644);
    assert_false(settings_load(&s, fixture_dir(), &e));
    assert_non_null(strstr(e.text, "/cluster.yaml: is too large, expected at most 262144 bytes"));
    fixture_write("cluster.yaml", "a\nb\0c", 5, 0644);
    assert_false(settings_load(&s, fixture_dir(), &e));
    assert_non_null(strstr(e.text, "/cluster.yaml:2: contains the control character 0x00"));
    fixture_write("cluster.yaml", "a", 1, 0666);
    assert_false(settings_load(&s, fixture_dir(), &e));
    assert_non_null(strstr(e.text, "/cluster.yaml: can be written by everybody (mode 0666)"));
}

static void test_filled(void **state)
{
    static struct settings s;
    const struct fixture_case c = {
        "filled", NULL,
        CLUSTER({"192.0.2.12", "2001:DB8::12"}, {"server_id: 2", "server_id: 4294967295"}, {"0.1%", "0.25%"}),
        NODE({"mx1", "mx2"},
             {NULL, "http = { listen = \"[::1]:80\"; }; syslog = { level = \"debug\"; };\n"})};
    (void)state;
    fixture_load(&s, &c);
    assert_int_equal(s.node.self, 1);
    assert_string_equal(s.cluster.nodes[1].address, "2001:db8::12");
    assert_true(s.cluster.nodes[1].server_id == 4294967295u);
    assert_int_equal(s.cluster.nodes[0].port, 3306);
    assert_int_equal(s.cluster.timing.drift_ppm, 2500);
    assert_int_equal(s.cluster.timing.lease_ms, 3000);
    assert_int_equal(s.cluster.policy.breaker_window_ms, 3600000);
    assert_int_equal(s.cluster.vip.address_count, 1);
    assert_int_equal(s.cluster.quorum.reference_count, 1);
    assert_int_equal(s.cluster.quorum.references[0].port, 443);
    assert_string_equal(s.node.http.listen.address, "::1");
    assert_int_equal(s.node.http.listen.port, 80);
    assert_int_equal(s.node.syslog.level, LOG_LEVEL_DEBUG);
    assert_string_equal(s.node.witness.password, "hunter2");
    assert_true(s.node.peer.tls.verify && !*s.node.peer.tls.ca && s.node.fencer.kill_server);
}

static void test_tie_breaker_default(void **state)
{
    static struct settings s;
    const struct fixture_case with = {"with", NULL, CLUSTER({"  tie_breaker: witness\n", ""})};
    const struct fixture_case without = {
        "without", NULL,
        CLUSTER({"  tie_breaker: witness\n", ""}, {"  witness: {kind: mariadb, address: 192.0.2.19}\n", ""})};
    (void)state;
    fixture_load(&s, &with);
    assert_int_equal(s.cluster.quorum.tie_breaker, TIE_BREAKER_WITNESS);
    fixture_load(&s, &without);
    assert_int_equal(s.cluster.quorum.tie_breaker, TIE_BREAKER_WRITER);
}

static void test_hash(void **state)
{
    static struct settings a, b;
    const struct fixture_case plain = {"plain", NULL};
    const struct fixture_case same[] = {
        {"another order", NULL, CLUSTER({"cluster: mail\n", ""}, {NULL, "# text\n\ncluster: \"mail\"\n"})},
        {"a default written out", NULL, CLUSTER({"durability: async", "settling: 1m"})},
        {"another unit", NULL, CLUSTER({"3s", "3000ms"})},
        {"the other node", NULL, NODE({"mx1", "mx2"})},
    };
    const struct fixture_case other[] = {
        {"a duration", NULL, CLUSTER({"250ms", "251ms"})},
        {"an address", NULL, CLUSTER({"192.0.2.100", "192.0.2.101"})},
        {"one more VIP", NULL, CLUSTER({"[192.0.2.100]", "[192.0.2.100, 192.0.2.101]"})},
        {"a word", NULL, CLUSTER({"async", "lossless"})},
    };
    (void)state;
    fixture_load(&a, &plain);
    assert_int_equal(strlen(a.cluster_hash), 16);
    for (size_t i = 0; i < COUNT(same); i++) {
        fixture_load(&b, &same[i]);
        if (strcmp(a.cluster_hash, b.cluster_hash) != 0)
            fail_msg("%s: the hash differs", same[i].name);
    }
    for (size_t i = 0; i < COUNT(other); i++) {
        fixture_load(&b, &other[i]);
        if (strcmp(a.cluster_hash, b.cluster_hash) == 0)
            fail_msg("%s: the hash is the same", other[i].name);
    }
}

static void test_reload(void **state)
{
    static struct settings now, next;
    const struct fixture_case plain = {"plain", NULL};
    const struct fixture_case cases[] = {
        {"nothing", NULL},
        {"a way to log in", "node.conf: peer.tls.ca cannot change from \"\" to \"/ca.pem\"",
         NODE({"peer = {", "peer = { tls = { ca = \"/ca.pem\"; };"})},
        {"a reloadable option", NULL, CLUSTER({"lost: 0", "lost: 7"}), NODE({"30s", "31s"})},
        {"the lease", "cluster.yaml: timing.lease cannot change from \"3s\" to \"4s\" in a running daemon",
         CLUSTER({"3s", "4s"})},
        {"a node's address",
         "cluster.yaml: nodes[1].address cannot change from \"192.0.2.12\" to \"192.0.2.13\"",
         CLUSTER({"192.0.2.12", "192.0.2.13"})},
        {"one more VIP", "cluster.yaml: vip.addresses cannot change from \"1\" to \"2\"",
         CLUSTER({"[192.0.2.100]", "[192.0.2.100, 192.0.2.101]"})},
        {"one VIP less", "cluster.yaml: vip.addresses cannot change from \"1\" to \"0\"",
         CLUSTER({"{addresses: [192.0.2.100], source: netlink}", "{source: none}"})},
        {"the node", "node.conf: node cannot change from \"mx1\" to \"mx2\"", NODE({"mx1", "mx2"})},
    };
    (void)state;
    fixture_load(&now, &plain);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture_case c = cases[i];
        struct err e = {"(may)"};
        c.fragment = NULL;
        fixture_load(&next, &c);
        bool ok = settings_reloadable(&now, &next, &e);
        if (ok != !cases[i].fragment || (!ok && !strstr(e.text, cases[i].fragment)))
            fail_msg("%s: got '%s'", c.name, e.text);
    }
}

static void join(void *context, const char *sentence)
{
    char *all = context;
    strcat(all, sentence);
    strcat(all, "\n");
}

static void test_without_effect(void **state)
{
    static struct settings s;
    char all[1024] = "";
    const struct fixture_case plain = {"plain", NULL};
    const struct fixture_case c = {
        "set", NULL, CLUSTER({"durability: async", "rejoin: flashback"}),
        NODE({NULL, "http = { listen = \"127.0.0.1:8008\"; token_file = \"/a/token\"; };\n"})};
    (void)state;
    fixture_load(&s, &plain);
    settings_each_without_effect(&s, join, all);
    assert_string_equal(all, "");
    fixture_load(&s, &c);
    settings_each_without_effect(&s, join, all);
    assert_string_equal(all,
                        "cluster.yaml: policy.rejoin: flashback is not in this version and has no effect\n"
                        "node.conf: http.listen: 127.0.0.1:8008 is not in this version and has no effect\n"
                        "node.conf: http.token_file is not in this version and has no effect\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complaints), cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_files),      cmocka_unit_test(test_filled),
        cmocka_unit_test(test_hash),       cmocka_unit_test(test_tie_breaker_default),
        cmocka_unit_test(test_reload),     cmocka_unit_test(test_without_effect),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
