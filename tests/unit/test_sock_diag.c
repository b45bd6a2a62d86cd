/* What is said with the kernel about TCP sockets: the bytes of the requests, crafted answers, every
 * truncation of them, and noise. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "wire/sock_diag.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct bytes {
    unsigned char at[512];
    size_t length;
};

static void put(struct bytes *b, int type, uint32_t sequence, const void *body, size_t length)
{
    struct nlmsghdr h = {
        .nlmsg_len = (uint32_t)(sizeof(h) + length), .nlmsg_type = (uint16_t)type, .nlmsg_seq = sequence};
    assert_true(b->length + NLMSG_ALIGN(h.nlmsg_len) <= sizeof(b->at));
    memcpy(b->at + b->length, &h, sizeof(h));
    if (length)
        memcpy(b->at + b->length + sizeof(h), body, length);
    b->length += NLMSG_ALIGN(h.nlmsg_len);
}

/* As the kernel tells of a connection, with what it leaves behind an IPv4 address not zero. */
static struct inet_diag_msg connection(const char *local, const char *remote)
{
    struct inet_diag_msg d;
    memset(&d, 0xee, sizeof(d));
    d.idiag_family = strchr(local, ':') ? AF_INET6 : AF_INET;
    d.idiag_state = 1;
    d.id.idiag_sport = htons(3306);
    d.id.idiag_dport = htons(40001);
    d.id.idiag_if = 7;
    d.id.idiag_cookie[0] = 0x11111111;
    d.id.idiag_cookie[1] = 0x22222222;
    d.idiag_uid = 110;
    d.idiag_inode = 4711;
    assert_int_equal(inet_pton(d.idiag_family, local, d.id.idiag_src), 1);
    assert_int_equal(inet_pton(d.idiag_family, remote, d.id.idiag_dst), 1);
    return d;
}

static struct bytes told(const char *local, const char *remote)
{
    struct bytes b = {.length = 0};
    struct inet_diag_msg d = connection(local, remote);
    put(&b, SOCK_DIAG_BY_FAMILY, 5, &d, sizeof(d));
    return b;
}

static struct sock_diag_message first(const struct bytes *b)
{
    size_t at = 0;
    return sock_diag_next(b->at, b->length, &at);
}

static struct netlink_address address(const char *text)
{
    struct netlink_address a;
    assert_true(netlink_address_parse(&a, text));
    return a;
}

static void reads_a_socket(void **state)
{
    static const struct {
        const char *local, *remote;
    } cases[] = {{"192.0.2.100", "192.0.2.33"},
                 {"2001:db8::100", "2001:db8::33"},
                 {"::ffff:192.0.2.100", "::ffff:10.0.0.1"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes b = told(cases[i].local, cases[i].remote);
        struct sock_diag_message m = first(&b);
        struct netlink_address local = address(cases[i].local), remote = address(cases[i].remote);
        assert_int_equal(m.kind, SOCK_DIAG_SOCKET);
        assert_int_equal(m.sequence, 5);
        assert_memory_equal(&m.socket.local, &local, sizeof(local));
        assert_memory_equal(&m.socket.remote, &remote, sizeof(remote));
        assert_int_equal(m.socket.local_port, 3306);
        assert_int_equal(m.socket.remote_port, 40001);
        assert_int_equal(m.socket.interface, 7);
        assert_int_equal(m.socket.cookie[0], 0x11111111);
        assert_int_equal(m.socket.cookie[1], 0x22222222);
        assert_int_equal(m.socket.uid, 110);
        assert_int_equal(m.socket.inode, 4711);
    }
}

static void asks_for_a_port(void **state)
{
    unsigned char out[SOCK_DIAG_REQUEST_SIZE];
    struct nlmsghdr h;
    struct inet_diag_req_v2 r;
    (void)state;
    sock_diag_list(out, AF_INET6, SOCK_DIAG_LISTENING, 3306, 77);
    memcpy(&h, out, sizeof(h));
    memcpy(&r, out + sizeof(h), sizeof(r));
    assert_int_equal(h.nlmsg_len, sizeof(out));
    assert_int_equal(h.nlmsg_type, SOCK_DIAG_BY_FAMILY);
    assert_int_equal(h.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
    assert_int_equal(h.nlmsg_seq, 77);
    assert_int_equal(r.sdiag_family, AF_INET6);
    assert_int_equal(r.sdiag_protocol, IPPROTO_TCP);
    assert_int_equal(r.idiag_states, 1 << 10);
    assert_int_equal(r.id.idiag_sport, htons(3306));
    assert_int_equal(r.id.idiag_dport, 0);
    sock_diag_list_to(out, AF_INET, SOCK_DIAG_DIALLING, 3307, 78);
    memcpy(&r, out + sizeof(h), sizeof(r));
    assert_int_equal(r.sdiag_family, AF_INET);
    assert_int_equal(r.idiag_states, 1 << 2);
    assert_int_equal(r.id.idiag_sport, 0);
    assert_int_equal(r.id.idiag_dport, htons(3307));
}

/* What is destroyed is what was told, down to the cookie. */
static void destroys_what_was_told(void **state)
{
    static const char *const locals[] = {"192.0.2.100", "2001:db8::100", "::ffff:192.0.2.100"};
    (void)state;
    for (size_t i = 0; i < COUNT(locals); i++) {
        unsigned char out[SOCK_DIAG_REQUEST_SIZE];
        struct nlmsghdr h;
        struct inet_diag_req_v2 r;
        struct bytes b = told(locals[i], i == 1 ? "2001:db8::33" : i ? "::ffff:10.0.0.1" : "10.0.0.1");
        struct sock_diag_socket s = first(&b).socket;
        sock_diag_destroy(out, &s, 78);
        memcpy(&h, out, sizeof(h));
        memcpy(&r, out + sizeof(h), sizeof(r));
        assert_int_equal(h.nlmsg_type, SOCK_DESTROY);
        assert_int_equal(h.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
        assert_int_equal(r.sdiag_family, i ? AF_INET6 : AF_INET);
        assert_int_equal(r.id.idiag_sport, htons(3306));
        assert_int_equal(r.id.idiag_dport, htons(40001));
        assert_int_equal(r.id.idiag_if, 7);
        assert_int_equal(r.id.idiag_cookie[0], 0x11111111);
        assert_int_equal(r.id.idiag_cookie[1], 0x22222222);
        assert_memory_equal(r.id.idiag_src, s.local.bytes, 16);
        assert_memory_equal(r.id.idiag_dst, s.remote.bytes, 16);
    }
}

static void reads_the_end(void **state)
{
    static const struct {
        const char *name;
        int type, error;
        bool carried;
        enum sock_diag_kind want;
        int want_error;
    } cases[] = {
        {"obeyed", NLMSG_ERROR, 0, true, SOCK_DIAG_DONE, 0},
        {"no such socket", NLMSG_ERROR, -ENOENT, true, SOCK_DIAG_FAILED, ENOENT},
        {"another socket by now", NLMSG_ERROR, -ESTALE, true, SOCK_DIAG_FAILED, ESTALE},
        {"not allowed", NLMSG_ERROR, -EPERM, true, SOCK_DIAG_FAILED, EPERM},
        {"kernel without it", NLMSG_ERROR, -EOPNOTSUPP, true, SOCK_DIAG_FAILED, EOPNOTSUPP},
        {"error without a number", NLMSG_ERROR, 0, false, SOCK_DIAG_BROKEN, 0},
        {"dump is whole", NLMSG_DONE, 0, true, SOCK_DIAG_DONE, 0},
        {"dump is whole, bare", NLMSG_DONE, 0, false, SOCK_DIAG_DONE, 0},
        {"dump failed on the way", NLMSG_DONE, -ENOMEM, true, SOCK_DIAG_FAILED, ENOMEM},
        {"of another kind", NLMSG_NOOP, 0, true, SOCK_DIAG_OTHER, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes b = {.length = 0};
        put(&b, cases[i].type, 9, &cases[i].error, cases[i].carried ? sizeof(cases[i].error) : 0);
        struct sock_diag_message m = first(&b);
        if (m.kind != cases[i].want || m.error != cases[i].want_error)
            fail_msg("%s: kind %d, error %d", cases[i].name, m.kind, m.error);
    }
}

static void reads_a_dump(void **state)
{
    struct bytes b = told("192.0.2.100", "10.0.0.1");
    struct inet_diag_msg second = connection("2001:db8::100", "2001:db8::1");
    size_t at = 0;
    (void)state;
    put(&b, SOCK_DIAG_BY_FAMILY, 5, &second, sizeof(second));
    put(&b, NLMSG_DONE, 5, NULL, 0);
    assert_int_equal(sock_diag_next(b.at, b.length, &at).socket.local.family, AF_INET);
    assert_int_equal(sock_diag_next(b.at, b.length, &at).socket.local.family, AF_INET6);
    assert_int_equal(sock_diag_next(b.at, b.length, &at).kind, SOCK_DIAG_DONE);
    assert_int_equal(sock_diag_next(b.at, b.length, &at).kind, SOCK_DIAG_END);
}

static void refuses_wrong_lengths(void **state)
{
    static const struct {
        const char *name;
        uint32_t length;
    } cases[] = {{"0", 0},
                 {"shorter than the header", 15},
                 {"header alone", 16},
                 {"one byte short", 87},
                 {"too long", 89},
                 {"huge", UINT32_MAX}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes b = told("192.0.2.100", "10.0.0.1");
        memcpy(b.at, &cases[i].length, sizeof(cases[i].length));
        if (first(&b).kind != SOCK_DIAG_BROKEN)
            fail_msg("%s: %d", cases[i].name, first(&b).kind);
    }
    struct inet_diag_msg d = connection("192.0.2.100", "10.0.0.1");
    struct bytes b = {.length = 0};
    d.idiag_family = AF_UNIX;
    put(&b, SOCK_DIAG_BY_FAMILY, 5, &d, sizeof(d));
    assert_int_equal(first(&b).kind, SOCK_DIAG_OTHER);
}

static void whose_address(void **state)
{
    static const struct {
        const char *local, *vip;
        bool at, hears;
    } cases[] = {
        {"192.0.2.100", "192.0.2.100", true, true},
        {"::ffff:192.0.2.100", "192.0.2.100", true, true},
        {"2001:db8::100", "2001:db8::100", true, true},
        {"192.0.2.11", "192.0.2.100", false, false},
        {"::ffff:192.0.2.11", "192.0.2.100", false, false},
        {"2001:db8::11", "2001:db8::100", false, false},
        {"0.0.0.0", "192.0.2.100", false, true},
        {"0.0.0.0", "2001:db8::100", false, false},
        {"::", "192.0.2.100", false, true},
        {"::", "2001:db8::100", false, true},
        {"::192.0.2.100", "192.0.2.100", false, false}, /* the deprecated form is another address */
        {"192.0.2.100", "::ffff:192.0.2.100", false, false},
        {"c000:264::", "192.0.2.100", false, false}, /* the same first bytes */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sock_diag_socket s = {.local = address(cases[i].local)};
        struct netlink_address vip = address(cases[i].vip);
        if (sock_diag_is_at(&s, &vip) != cases[i].at || sock_diag_hears(&s, &vip) != cases[i].hears)
            fail_msg("%s and %s", cases[i].local, cases[i].vip);
    }
}

static void parses_addresses(void **state)
{
    static const char *const wrong[] = {"",    "localhost", "192.0.2", "192.0.2.1/24", "2001:db8::1%eth0",
                                        "1:2", ":"};
    struct netlink_address a;
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (netlink_address_parse(&a, wrong[i]))
            fail_msg("\"%s\" is no address", wrong[i]);
}

/* A copy of exactly the length, so that AddressSanitizer sees a read past it, at every alignment. */
static void walk(const unsigned char *bytes, size_t length, size_t shift)
{
    unsigned char *copy = malloc(length + shift + 1);
    assert_non_null(copy);
    memcpy(copy + shift, bytes, length);
    copy = realloc(copy, length + shift ? length + shift : 1);
    assert_non_null(copy);
    size_t at = 0;
    for (size_t turn = 0;; turn++) {
        size_t before = at;
        if (sock_diag_next(copy + shift, length, &at).kind == SOCK_DIAG_END)
            break;
        assert_true(at > before && at <= length);
        assert_true(turn < length);
    }
    free(copy);
}

static void survives_truncation(void **state)
{
    struct bytes b = told("2001:db8::100", "2001:db8::1");
    (void)state;
    for (size_t length = 0; length < b.length; length++) {
        size_t at = 0;
        enum sock_diag_kind kind = sock_diag_next(b.at, length, &at).kind;
        assert_int_equal(kind, length ? SOCK_DIAG_BROKEN : SOCK_DIAG_END);
        for (size_t shift = 0; shift < 4; shift++)
            walk(b.at, length, shift);
    }
}

static void survives_noise(void **state)
{
    (void)state;
    srandom(20261122);
    for (int i = 0; i < 100000; i++) {
        struct bytes b = told("192.0.2.100", "10.0.0.1");
        struct inet_diag_msg d = connection("2001:db8::100", "2001:db8::1");
        int error = -ENOENT;
        put(&b, i & 1 ? NLMSG_ERROR : NLMSG_DONE, 5, &error, sizeof(error));
        put(&b, SOCK_DIAG_BY_FAMILY, 5, &d, sizeof(d));
        for (int n = (int)(random() % 6); n >= 0; n--)
            b.at[(size_t)random() % b.length] = (unsigned char)random();
        walk(b.at, (size_t)random() % (b.length + 1), (size_t)i % 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_socket),         cmocka_unit_test(asks_for_a_port),
        cmocka_unit_test(destroys_what_was_told), cmocka_unit_test(reads_the_end),
        cmocka_unit_test(reads_a_dump),           cmocka_unit_test(refuses_wrong_lengths),
        cmocka_unit_test(whose_address),          cmocka_unit_test(parses_addresses),
        cmocka_unit_test(survives_truncation),    cmocka_unit_test(survives_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
