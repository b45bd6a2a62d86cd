/* cluster.yaml: what loads, and the exact complaint about what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "settings_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define CLUSTER(...) .cluster = {__VA_ARGS__}
#define LONG_NAME    "abcdefghijklmnopqrstuvwxyz0123456789"

static const struct fixture_case syntax[] = {
    {"as it is", NULL},
    {"empty file", "/cluster.yaml: the file is empty", CLUSTER({"", ""})},
    {"only a comment", "/cluster.yaml: the file is empty", CLUSTER({"", "# nothing\n"})},
    {"only null", "/cluster.yaml: the file is empty", CLUSTER({"", "---\n"})},
    {"a scalar", "/cluster.yaml:1: expected options as \"key: value\"", CLUSTER({"", "mail\n"})},
    {"a list", "/cluster.yaml:1: expected options as \"key: value\"", CLUSTER({"", "- mail\n"})},
    {"not YAML", "/cluster.yaml:8: not valid YAML: ", CLUSTER({"vip: {", "vip: {]"})},
    {"a tab", "/cluster.yaml:17: not valid YAML: ", CLUSTER({"  lease", "\tlease"})},
    {"an anchor", "/cluster.yaml:1: cluster: anchors (&) and aliases (*) are not supported",
     CLUSTER({"mail", "&a mail"})},
    {"an anchor of a map", "/cluster.yaml:13: policy: anchors (&)", CLUSTER({"policy:", "policy: &p"})},
    {"an anchor of the file", "/cluster.yaml:1: anchors (&)", CLUSTER({"", "&a {cluster: mail}\n"})},
    {"an alias", "/cluster.yaml:1: cluster: anchors (&) and aliases (*) are not supported",
     CLUSTER({"mail", "*a"})},
    {"an alias as key", "anchors (&) and aliases (*) are not supported", CLUSTER({"cluster:", "*a :"})},
    {"a merge key", "/cluster.yaml:17: timing.<<: merge keys are not supported",
     CLUSTER({"  lease", "  <<: {lease: 3s}\n  lease"})},
    {"a tag", "/cluster.yaml:1: cluster: tags (!) are not supported", CLUSTER({"mail", "!!str mail"})},
    {"a map as key", "/cluster.yaml:20: ?: a key must be a single word", CLUSTER({NULL, "{a: b}: c\n"})},
    {"two documents", "/cluster.yaml:20: a second document begins here, expected one only",
     CLUSTER({NULL, "---\ncluster: mail\n"})},
    {"an end mark alone is no second document", NULL, CLUSTER({NULL, "...\n"})},
    {"too deep", "nested too deep", CLUSTER({"mail", "[[[[[[[[[[[[mail]]]]]]]]]]]]"})},
    {"a control character", "/cluster.yaml:1: contains the control character 0x01",
     CLUSTER({"mail", "m\x01"})},
    {"an escaped NUL", "/cluster.yaml:1: cluster: contains a control character",
     CLUSTER({"mail", "\"m\\0l\""})},
    {"an escaped line end", "/cluster.yaml:1: cluster: contains a control character",
     CLUSTER({"mail", "\"m\\nl\""})},
    {"not UTF-8", "/cluster.yaml:3: not valid YAML: invalid leading UTF-8 octet", CLUSTER({"mx1", "\xff"})},
    {"a duplicate", "/cluster.yaml:18: timing.lease: duplicate key, first given on line 17",
     CLUSTER({"  renew: 250ms", "  lease: 4s"})},
    {"a duplicate section", "/cluster.yaml:20: vip: duplicate key, first given on line 8",
     CLUSTER({NULL, "vip: {}\n"})},
    {"an unknown key", "/cluster.yaml:17: timing.leese: unknown key, did you mean lease?",
     CLUSTER({"lease", "leese"})},
    {"an unknown section", "/cluster.yaml:16: timming: unknown key, did you mean timing?",
     CLUSTER({"timing", "timming"})},
    {"a key in the wrong section",
     "/cluster.yaml:17: timing.settling: unknown key, did you mean policy.settling?",
     CLUSTER({"lease", "settling"})},
    {"a key like nothing", "/cluster.yaml:14: policy.quark: unknown key, known here: write_mode, durability,",
     CLUSTER({"durability", "quark"})},
    {"an unknown key of a node", "/cluster.yaml:4: nodes[1].nam: unknown key, did you mean name?",
     CLUSTER({"name: mx2", "nam: mx2"})},
    {"a dotted key", "/cluster.yaml:20: timing.silent: unknown key", CLUSTER({NULL, "timing.silent: 1s\n"})},
    {"the table's own spelling", "/cluster.yaml:1: nodes[]: unknown key",
     CLUSTER({"cluster: mail", "nodes[]: {}"})},
    {"the table's own spelling of an element", "/cluster.yaml:8: vip.addresses[]: unknown key",
     CLUSTER({"source: netlink", "\"addresses[]\": 192.0.2.1"})},
    {"an empty key", "/cluster.yaml:20: unknown key, known here: cluster, nodes,", CLUSTER({NULL, "\"\": x\n"})},
    {"an empty section", NULL, CLUSTER({"  durability: async\n  max_known_lost: 0\n", ""})},
};

static const struct fixture_case values[] = {
    {"a duration without unit",
     "/cluster.yaml:17: timing.lease: found \"3\", expected a duration with a unit (ms, s, m, h), for "
     "example 3s",
     CLUSTER({"3s", "3"})},
    {"a unit that is none", "timing.lease: found \"3d\", expected a duration with a unit",
     CLUSTER({"3s", "3d"})},
    {"a space before the unit", "timing.lease: found \"3 s\", expected a duration", CLUSTER({"3s", "3 s"})},
    {"a fraction", "timing.lease: found \"3.5s\", expected a duration", CLUSTER({"3s", "3.5s"})},
    {"a negative duration", "timing.lease: found \"-3s\", expected a duration", CLUSTER({"3s", "-3s"})},
    {"a bare zero", "policy.max_unseen: found \"0\", expected a duration with a unit",
     CLUSTER({"max_known_lost", "max_unseen"})},
    {"a zero", NULL, CLUSTER({"max_known_lost: 0", "max_unseen: 0s"})},
    {"a duration too long", "/cluster.yaml:17: timing.lease: found \"2m\", expected a duration from 2s to 1m",
     CLUSTER({"3s", "2m"})},
    {"a duration too short",
     "/cluster.yaml:17: timing.lease: found \"1s\", expected a duration from 2s to 1m",
     CLUSTER({"3s", "1s"})},
    {"a duration beyond 64 bits", "expected a duration from 2s to 1m", CLUSTER({"3s", "999999999999999h"})},
    {"a duration of many digits", "expected a duration with a unit",
     CLUSTER({"3s", "99999999999999999999s"})},
    {"minutes", "found \"1m\", expected a duration from 10ms to 10s", CLUSTER({"250ms", "1m"})},
    {"a percentage without sign",
     "/cluster.yaml:19: timing.drift: found \"0.1\", expected a percentage, for example 0.1%",
     CLUSTER({"0.1%", "0.1"})},
    {"a percentage too large", "timing.drift: found \"6%\", expected a percentage from 0% to 5%",
     CLUSTER({"0.1%", "6%"})},
    {"a percentage too fine", "timing.drift: found \"0.00001%\"", CLUSTER({"0.1%", "0.00001%"})},
    {"a percentage without digits", "timing.drift: found \"0.%\"", CLUSTER({"0.1%", "0.%"})},
    {"a number with a sign",
     "policy.max_known_lost: found \"+1\", expected a whole number from 0 to 2147483647",
     CLUSTER({"lost: 0", "lost: +1"})},
    {"a number too large",
     "/cluster.yaml:15: policy.max_known_lost: found \"2147483648\", expected a whole number",
     CLUSTER({"lost: 0", "lost: 2147483648"})},
    {"an octal number", "policy.max_known_lost: found \"010\"", CLUSTER({"lost: 0", "lost: 010"})},
    {"a number in quotes",
     "policy.max_known_lost: found \"0\", expected a whole number from 0 to 2147483647, written without "
     "quotes",
     CLUSTER({"lost: 0", "lost: \"0\""})},
    {"nothing", "policy.max_known_lost: found nothing, expected a whole number",
     CLUSTER({"lost: 0", "lost:"})},
    {"a map for a scalar", "/cluster.yaml:17: timing.lease: found a map, expected a duration",
     CLUSTER({"3s", "{a: b}"})},
    {"a list for a scalar", "/cluster.yaml:17: timing.lease: found a list, expected a duration",
     CLUSTER({"3s", "[3s]"})},
    {"a scalar for a map", "/cluster.yaml:8: vip: found \"netlink\", expected a map of options",
     CLUSTER({"{addresses: [192.0.2.100], source: netlink}", "netlink"})},
    {"a scalar for a list",
     "/cluster.yaml:8: vip.addresses: found \"192.0.2.100\", expected a list of at most 8 addresses",
     CLUSTER({"[192.0.2.100]", "192.0.2.100"})},
    {"a scalar for an element",
     "/cluster.yaml:12: quorum.references[0]: found \"192.0.2.254\", expected a map of options",
     CLUSTER({"{address: 192.0.2.254, port: 443}", "192.0.2.254"})},
    {"a map for an address", "/cluster.yaml:8: vip.addresses[0]: found a map, expected a numeric",
     CLUSTER({"[192.0.2.100]", "[{address: 192.0.2.100}]"})},
    {"a word that is none",
     "/cluster.yaml:10: quorum.tie_breaker: found \"gateway\", expected one of witness, writer, vip",
     CLUSTER({"tie_breaker: witness", "tie_breaker: gateway"})},
    {"yes is not true", "policy.kill_clients: found \"yes\", expected true or false",
     CLUSTER({"durability: async", "kill_clients: yes"})},
    {"a host name",
     "/cluster.yaml:5: nodes[1].address: found \"mx2.example.org\", expected a numeric IPv4 or IPv6 address",
     CLUSTER({"192.0.2.12", "mx2.example.org"})},
    {"a prefix length", "/cluster.yaml:8: vip.addresses[0]: found \"192.0.2.100/24\", expected a numeric",
     CLUSTER({"192.0.2.100", "192.0.2.100/24"})},
    {"the unspecified address", "nodes[1].address: found \"0.0.0.0\"", CLUSTER({"192.0.2.12", "0.0.0.0"})},
    {"IPv4 in IPv6", "nodes[1].address: found \"::ffff:192.0.2.12\"",
     CLUSTER({"192.0.2.12", "\"::ffff:192.0.2.12\""})},
    {"an IPv6 address", NULL, CLUSTER({"192.0.2.12", "2001:DB8::12"})},
    {"a port too large",
     "/cluster.yaml:12: quorum.references[0].port: found \"65536\", expected a whole number from 1 to 65535",
     CLUSTER({"443", "65536"})},
    {"port 0", "quorum.references[0].port: found \"0\", expected a whole number from 1",
     CLUSTER({"443", "0"})},
    {"a name with a quote", "/cluster.yaml:1: cluster: found \"ma'il\", expected a name of letters",
     CLUSTER({"mail", "ma'il"})},
    {"a name that begins with a dash", "cluster: found \"-mail\"", CLUSTER({"mail", "\"-mail\""})},
    {"an empty name", "cluster: found \"\", expected a name", CLUSTER({"mail", "\"\""})},
    {"a long name", "/cluster.yaml:1: cluster: found 36 characters, expected at most 31",
     CLUSTER({"mail", LONG_NAME})},
    {"a name of 31", NULL, CLUSTER({"mail", "abcdefghijklmnopqrstuvwxyz01234"})},
    {"server_id of 32 bits", NULL, CLUSTER({"server_id: 2", "server_id: 4294967295"})},
    {"server_id of 33 bits",
     "/cluster.yaml:6: nodes[1].server_id: found \"4294967296\", expected a whole number from 1 to "
     "4294967295",
     CLUSTER({"server_id: 2", "server_id: 4294967296"})},
};

static const struct fixture_case required[] = {
    {"no name", "/cluster.yaml:1: cluster: missing, expected a name", CLUSTER({"cluster: mail\n", ""})},
    {"no nodes", "/cluster.yaml:1: nodes: missing, expected a list of exactly 2 nodes",
     CLUSTER({"", "cluster: mail\n"})},
    {"no server_id", "/cluster.yaml:4: nodes[1].server_id: missing, expected a whole number from 1",
     CLUSTER({"    server_id: 2\n", ""})},
    {"no offset", "/cluster.yaml:4: nodes[1].auto_increment_offset: missing",
     CLUSTER({"    auto_increment_offset: 2\n", ""})},
    {"no address", "/cluster.yaml:4: nodes[1].address: missing, expected a numeric",
     CLUSTER({"    address: 192.0.2.12\n", ""})},
    {"no reference's address", "/cluster.yaml:12: quorum.references[0].address: missing",
     CLUSTER({"address: 192.0.2.254, ", ""})},
    {"one node", "/cluster.yaml:2: nodes: found 1, expected a list of exactly 2 nodes",
     CLUSTER(
         {"  - name: mx2\n    address: 192.0.2.12\n    server_id: 2\n    auto_increment_offset: 2\n", ""})},
    {"three nodes", "/cluster.yaml:2: nodes: found 3, expected a list of exactly 2 nodes",
     CLUSTER(
         {"  - name: mx2",
          "  - {name: mx3, address: 192.0.2.13, server_id: 3, auto_increment_offset: 2}\n  - name: mx2"})},
    {"nine VIPs", "/cluster.yaml:8: vip.addresses: found 9, expected a list of at most 8 addresses",
     CLUSTER({"[192.0.2.100]", "[f::1, f::2, f::3, f::4, f::5, f::6, f::7, f::8, f::9]"})},
};

static const struct fixture_case together[] = {
    {"one name", "/cluster.yaml:4: nodes[1].name: found \"MX1\", the name of the other node too",
     CLUSTER({"name: mx2", "name: MX1"})},
    {"one address",
     "/cluster.yaml:5: nodes[1].address: found \"192.0.2.11\" port 3306, those of the other node too",
     CLUSTER({"192.0.2.12", "192.0.2.11"})},
    {"one address in two spellings", "/cluster.yaml:5: nodes[1].address: found \"2001:db8::1\" port 3306",
     CLUSTER({"192.0.2.12", "2001:db8:0::1"}, {"192.0.2.11", "2001:DB8::1"})},
    {"one address, two ports", NULL, CLUSTER({"192.0.2.12", "192.0.2.11\n    port: 3307"})},
    {"one server_id", "/cluster.yaml:6: nodes[1].server_id: found \"1\", that of the other node too",
     CLUSTER({"server_id: 2", "server_id: 1"})},
    {"one offset", "/cluster.yaml:7: nodes[1].auto_increment_offset: found \"1\", that of the other node too",
     CLUSTER({"offset: 2", "offset: 1"})},
    {"offset beyond the increment",
     "/cluster.yaml:7: nodes[1].auto_increment_offset: found \"3\", expected at most "
     "auto_increment_increment, which is 2",
     CLUSTER({"offset: 2", "offset: 3"})},
    {"a larger increment", NULL,
     CLUSTER({"offset: 2", "offset: 3"}, {NULL, "auto_increment_increment: 10\n"})},
    {"lease not whole seconds", "/cluster.yaml:17: timing.lease: found 3500ms, expected whole seconds",
     CLUSTER({"3s", "3500ms"})},
    {"the sum is too large",
     "/cluster.yaml:17: timing.lease: found 3s, expected more than renew 250ms + silent 1s + fence 1700ms + "
     "epsilon 50ms + drift of the lease 3ms = 3003ms",
     CLUSTER({"  renew: 250ms", "  fence: 1700ms"})},
    {"the sum is the lease", "drift of the lease 0ms = 3000ms",
     CLUSTER({"  renew: 250ms", "  fence: 1700ms"}, {"0.1%", "0%"})},
    {"the sum just fits", NULL, CLUSTER({"  renew: 250ms", "  fence: 1699ms"}, {"0.1%", "0.0333%"})},
    {"the sum of defaults has the section's line",
     "/cluster.yaml:16: timing.lease: found 3s, expected more than",
     CLUSTER({"  lease: 3s\n", ""}, {"  renew: 250ms", "  fence: 2s"})},
    {"takeover_delay below renew",
     "/cluster.yaml:18: timing.takeover_delay: found 249ms, expected at least timing.renew, which is 250ms",
     CLUSTER({"  renew: 250ms", "  takeover_delay: 249ms"})},
    {"takeover_delay equal to renew", NULL, CLUSTER({"  renew: 250ms", "  takeover_delay: 250ms"})},
    {"witness without its section",
     "/cluster.yaml:9: quorum.witness: missing, quorum.tie_breaker witness needs",
     CLUSTER({"  witness: {kind: mariadb, address: 192.0.2.19}\n", ""})},
    {"witness without address", "/cluster.yaml:11: quorum.witness.address: missing, kind mariadb needs",
     CLUSTER({", address: 192.0.2.19", ""})},
    {"etcd without endpoints", "/cluster.yaml:11: quorum.witness.endpoints: missing, kind etcd needs a list",
     CLUSTER({"kind: mariadb, address: 192.0.2.19", "kind: etcd"})},
    {"etcd with address", "/cluster.yaml:11: quorum.witness.address: is for kind mariadb",
     CLUSTER({"kind: mariadb", "kind: etcd, endpoints: [{address: 192.0.2.20}]"})},
    {"mariadb with endpoints", "/cluster.yaml:11: quorum.witness.endpoints: is for kind etcd",
     CLUSTER({"kind: mariadb", "endpoints: [{address: 192.0.2.20}]"})},
    {"etcd", NULL,
     CLUSTER({"kind: mariadb, address: 192.0.2.19",
              "kind: etcd, endpoints: [{address: f::5}, {address: f::6, port: 1}]"})},
    {"etcd endpoints twice",
     "/cluster.yaml:11: quorum.witness.endpoints[1].address: found \"f::5\" port 2379, already in the list",
     CLUSTER({"kind: mariadb, address: 192.0.2.19",
              "kind: etcd, endpoints: [{address: f::5}, {address: f::5}]"})},
    {"the witness is a node",
     "/cluster.yaml:11: quorum.witness.address: found \"192.0.2.12\" port 3306, the server of node mx2",
     CLUSTER({"192.0.2.19", "192.0.2.12"})},
    {"vip unaccepted", "/cluster.yaml:10: quorum.tie_breaker: vip cannot exclude two writers",
     CLUSTER({"tie_breaker: witness", "tie_breaker: vip"})},
    {"vip accepted", NULL, CLUSTER({"tie_breaker: witness", "tie_breaker: vip\n  accept_split_brain: true"})},
    {"vip without references",
     "/cluster.yaml:9: quorum.references: missing, quorum.tie_breaker vip needs references",
     CLUSTER({"tie_breaker: witness", "tie_breaker: vip\n  accept_split_brain: true"},
             {"  references: [{address: 192.0.2.254, port: 443}]\n", ""})},
    {"vip without VIP", "/cluster.yaml:8: vip.addresses: missing, quorum.tie_breaker vip needs a VIP",
     CLUSTER({"tie_breaker: witness", "tie_breaker: vip\n  accept_split_brain: true"},
             {"{addresses: [192.0.2.100], source: netlink}", "{source: none}"})},
    {"netlink without address",
     "/cluster.yaml:8: vip.addresses: missing, vip.source netlink needs at least one",
     CLUSTER({"addresses: [192.0.2.100], ", ""})},
    {"no VIP section", "/cluster.yaml:1: vip.addresses: missing, vip.source netlink needs at least one",
     CLUSTER({"vip: {addresses: [192.0.2.100], source: netlink}\n", ""})},
    {"no VIP", NULL, CLUSTER({"{addresses: [192.0.2.100], source: netlink}", "{source: none}"})},
    {"command without command", "/cluster.yaml:8: vip.command: missing, vip.source command needs",
     CLUSTER({"netlink", "command"})},
    {"command with a relative path",
     "/cluster.yaml:8: vip.command: found \"bin/vip\", expected an absolute path",
     CLUSTER({"netlink", "command, command: bin/vip"})},
    {"command", NULL, CLUSTER({"netlink", "command, command: /usr/local/bin/vip"})},
    {"a VIP twice", "/cluster.yaml:8: vip.addresses[1]: found \"192.0.2.100\", already in the list",
     CLUSTER({"[192.0.2.100]", "[192.0.2.100, 192.0.2.100]"})},
    {"a VIP that is a node's",
     "/cluster.yaml:8: vip.addresses[0]: found \"192.0.2.11\", the own address of node mx1",
     CLUSTER({"192.0.2.100", "192.0.2.11"})},
    {"a reference on a node",
     "/cluster.yaml:12: quorum.references[0].address: found \"192.0.2.11\", an address of the pair",
     CLUSTER({"192.0.2.254", "192.0.2.11"})},
    {"a reference on the VIP",
     "/cluster.yaml:12: quorum.references[0].address: found \"192.0.2.100\", an address of the pair",
     CLUSTER({"192.0.2.254", "192.0.2.100"})},
    {"lossless", NULL, CLUSTER({"async", "lossless"})},
    {"lossless without witness",
     "/cluster.yaml:14: policy.durability: lossless needs quorum.tie_breaker: witness",
     CLUSTER({"async", "lossless"}, {"tie_breaker: witness", "tie_breaker: writer"})},
    {"lossless with two writers", "/cluster.yaml:14: policy.durability: lossless needs one writer",
     CLUSTER({"async", "lossless\n  write_mode: dual"})},
    {"thresholds the wrong way", "/cluster.yaml:20: thresholds.lag_critical: expected at least lag_warning",
     CLUSTER({NULL, "thresholds: {lag_warning: 2m}\n"})},
};

static void test_syntax(void **state)
{
    (void)state;
    fixture_run(syntax, COUNT(syntax));
}

static void test_values(void **state)
{
    (void)state;
    fixture_run(values, COUNT(values));
}

static void test_required(void **state)
{
    (void)state;
    fixture_run(required, COUNT(required));
}

static void test_together(void **state)
{
    (void)state;
    fixture_run(together, COUNT(together));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_required),
        cmocka_unit_test(test_together),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
