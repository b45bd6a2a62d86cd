/* The kernel's messages about addresses: crafted bytes, every truncation of them, and noise. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/netlink.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct bytes {
    unsigned char at[512];
    size_t length;
};

static void put(struct bytes *b, const void *data, size_t length)
{
    assert_true(b->length + length + NLMSG_ALIGNTO <= sizeof(b->at));
    if (length)
        memcpy(b->at + b->length, data, length);
    b->length += NLMSG_ALIGN(length);
}

/* Begins a message and returns where; end_message() puts its length. */
static size_t begin_message(struct bytes *b, int type, int flags, unsigned sequence)
{
    struct nlmsghdr h = {.nlmsg_type = (uint16_t)type, .nlmsg_flags = (uint16_t)flags, .nlmsg_seq = sequence};
    size_t start = b->length;
    put(b, &h, sizeof(h));
    return start;
}

static void set_length(struct bytes *b, size_t start, uint32_t length)
{
    memcpy(b->at + start + offsetof(struct nlmsghdr, nlmsg_len), &length, sizeof(length));
}

static void end_message(struct bytes *b, size_t start)
{
    set_length(b, start, (uint32_t)(b->length - start));
}

static void put_attribute(struct bytes *b, int type, const void *data, size_t length)
{
    struct rtattr a = {.rta_type = (uint16_t)type, .rta_len = (uint16_t)(sizeof(a) + length)};
    put(b, &a, sizeof(a));
    put(b, data, length);
}

static void put_header(struct bytes *b, int family, unsigned interface, int flags)
{
    struct ifaddrmsg m = {.ifa_family = (uint8_t)family, .ifa_flags = (uint8_t)flags, .ifa_index = interface};
    put(b, &m, sizeof(m));
}

static void put_address(struct bytes *b, int type, const char *text)
{
    unsigned char raw[16];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    assert_int_equal(inet_pton(family, text, raw), 1);
    put_attribute(b, type, raw, family == AF_INET ? 4 : 16);
}

static void assert_is(const struct netlink_message *m, enum netlink_kind kind, const char *text)
{
    char shown[INET6_ADDRSTRLEN];
    assert_int_equal(m->kind, kind);
    assert_non_null(inet_ntop(m->address.family, m->address.bytes, shown, sizeof(shown)));
    assert_string_equal(shown, text);
}

static struct bytes news(int type, int family, int attribute, const char *text)
{
    struct bytes b = {.length = 0};
    size_t start = begin_message(&b, type, 0, 0);
    put_header(&b, family, 3, 0);
    put_address(&b, attribute, text);
    end_message(&b, start);
    return b;
}

static struct netlink_message first(const struct bytes *b)
{
    size_t at = 0;
    return netlink_next(b->at, b->length, &at);
}

static void reads_news(void **state)
{
    struct bytes added = news(RTM_NEWADDR, AF_INET, IFA_LOCAL, "192.0.2.100");
    struct bytes removed = news(RTM_DELADDR, AF_INET6, IFA_ADDRESS, "2001:db8::100");
    struct netlink_message m = first(&added);
    (void)state;
    assert_is(&m, NETLINK_ADDED, "192.0.2.100");
    assert_int_equal(m.interface, 3);
    assert_true(m.usable);
    m = first(&removed);
    assert_is(&m, NETLINK_REMOVED, "2001:db8::100");
}

static void own_end_of_a_point_to_point_link(void **state)
{
    static const int orders[][2] = {{IFA_ADDRESS, IFA_LOCAL}, {IFA_LOCAL, IFA_ADDRESS}};
    (void)state;
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct bytes b = {.length = 0};
        size_t start = begin_message(&b, RTM_NEWADDR, 0, 0);
        put_header(&b, AF_INET, 1, 0);
        for (int k = 0; k < 2; k++)
            put_address(&b, orders[i][k], orders[i][k] == IFA_LOCAL ? "10.0.0.1" : "10.0.0.2");
        end_message(&b, start);
        struct netlink_message m = first(&b);
        assert_is(&m, NETLINK_ADDED, "10.0.0.1");
    }
}

static void usable_by_flags(void **state)
{
    static const struct {
        const char *name;
        uint32_t flags;
        bool want;
    } cases[] = {
        {"permanent", IFA_F_PERMANENT, true},
        {"tentative", IFA_F_TENTATIVE, false},
        {"tentative but optimistic", IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, true},
        {"duplicate", IFA_F_DADFAILED | IFA_F_PERMANENT, false},
        {"duplicate and optimistic", IFA_F_DADFAILED | IFA_F_OPTIMISTIC, false},
        {"beyond 8 bits", IFA_F_NOPREFIXROUTE, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int wide = 0; wide < 2; wide++) {
            struct bytes b = {.length = 0};
            size_t start = begin_message(&b, RTM_NEWADDR, 0, 0);
            put_header(&b, AF_INET6, 2, wide ? 0 : (int)(cases[i].flags & 0xff));
            put_address(&b, IFA_ADDRESS, "fe80::1");
            if (wide)
                put_attribute(&b, IFA_FLAGS, &cases[i].flags, sizeof(cases[i].flags));
            end_message(&b, start);
            if (first(&b).kind != NETLINK_ADDED || first(&b).usable != cases[i].want)
                fail_msg("%s, %s", cases[i].name, wide ? "attribute" : "header");
        }
    }
}

static void reads_a_dump(void **state)
{
    struct bytes b = {.length = 0};
    int zero = 0;
    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t start = begin_message(&b, RTM_NEWADDR, NLM_F_MULTI | (i ? NLM_F_DUMP_INTR : 0), 9);
        put_header(&b, AF_INET, 1, 0);
        put_address(&b, IFA_LOCAL, i ? "192.0.2.2" : "192.0.2.1");
        put_attribute(&b, IFA_LABEL, "eth0", 5);
        end_message(&b, start);
    }
    size_t start = begin_message(&b, NLMSG_DONE, NLM_F_MULTI, 9);
    put(&b, &zero, sizeof(zero));
    end_message(&b, start);

    size_t at = 0;
    struct netlink_message m = netlink_next(b.at, b.length, &at);
    assert_is(&m, NETLINK_ADDED, "192.0.2.1");
    assert_int_equal(m.sequence, 9);
    assert_false(m.interrupted);
    m = netlink_next(b.at, b.length, &at);
    assert_is(&m, NETLINK_ADDED, "192.0.2.2");
    assert_true(m.interrupted);
    m = netlink_next(b.at, b.length, &at);
    assert_int_equal(m.kind, NETLINK_DONE);
    assert_int_equal(m.sequence, 9);
    assert_int_equal(netlink_next(b.at, b.length, &at).kind, NETLINK_END);
    assert_int_equal(netlink_next(b.at, b.length, &at).kind, NETLINK_END);
}

static void reads_errors(void **state)
{
    static const struct {
        const char *name;
        int type, error;
        enum netlink_kind want;
        int want_error;
    } cases[] = {
        {"refused", NLMSG_ERROR, -EPERM, NETLINK_FAILED, EPERM},
        {"acknowledged", NLMSG_ERROR, 0, NETLINK_OTHER, 0},
        {"dump failed on the way", NLMSG_DONE, -EAGAIN, NETLINK_FAILED, EAGAIN},
        {"dump done", NLMSG_DONE, 0, NETLINK_DONE, 0},
        {"no errno", NLMSG_ERROR, INT_MIN, NETLINK_BROKEN, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes b = {.length = 0};
        size_t start = begin_message(&b, cases[i].type, 0, 4);
        put(&b, &cases[i].error, sizeof(cases[i].error));
        end_message(&b, start);
        if (first(&b).kind != cases[i].want || first(&b).error != cases[i].want_error)
            fail_msg("%s", cases[i].name);
    }
    struct bytes bare = {.length = 0};
    end_message(&bare, begin_message(&bare, NLMSG_DONE, 0, 4));
    assert_int_equal(first(&bare).kind, NETLINK_DONE);
    bare.length = 0;
    end_message(&bare, begin_message(&bare, NLMSG_ERROR, 0, 4));
    assert_int_equal(first(&bare).kind, NETLINK_BROKEN);
}

static void refuses_wrong_lengths(void **state)
{
    static const struct {
        const char *name;
        size_t offset; /* of a 16-bit length in the message, or of its own */
        uint16_t value;
    } cases[] = {
        {"message shorter than its header", 0, 15},
        {"message of length 0", 0, 0},
        {"message longer than the bytes", 0, 4096},
        {"message that ends in its header", 0, 20},
        {"attribute of length 0", 24, 0},
        {"attribute shorter than its header", 24, 3},
        {"attribute past the message", 24, 9},
        {"attribute past everything", 24, 65535},
        {"address of 0 bytes", 24, 4},
        {"address of 3 bytes", 24, 7},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes b = news(RTM_NEWADDR, AF_INET, IFA_LOCAL, "192.0.2.1");
        memcpy(b.at + cases[i].offset, &cases[i].value, sizeof(cases[i].value));
        if (first(&b).kind != NETLINK_BROKEN)
            fail_msg("%s: %d", cases[i].name, first(&b).kind);
    }
    struct bytes long_address = news(RTM_NEWADDR, AF_INET, IFA_LOCAL, "2001:db8::1");
    assert_int_equal(first(&long_address).kind, NETLINK_BROKEN);
    struct bytes short_address = news(RTM_NEWADDR, AF_INET6, IFA_ADDRESS, "192.0.2.1");
    assert_int_equal(first(&short_address).kind, NETLINK_BROKEN);
}

static void skips_the_rest(void **state)
{
    struct bytes bridge = news(RTM_NEWADDR, AF_BRIDGE, IFA_LOCAL, "192.0.2.1");
    struct bytes link = news(RTM_NEWLINK, AF_INET, IFA_LOCAL, "192.0.2.1");
    (void)state;
    assert_int_equal(first(&bridge).kind, NETLINK_OTHER);
    assert_int_equal(first(&link).kind, NETLINK_OTHER);
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
        struct netlink_message m = netlink_next(copy + shift, length, &at);
        if (m.kind == NETLINK_END)
            break;
        assert_true(at > before && at <= length);
        assert_true(turn < length);
    }
    free(copy);
}

static void survives_truncation(void **state)
{
    struct bytes b = news(RTM_NEWADDR, AF_INET6, IFA_ADDRESS, "2001:db8::1");
    (void)state;
    for (size_t length = 0; length < b.length; length++) {
        size_t at = 0;
        enum netlink_kind kind = netlink_next(b.at, length, &at).kind;
        assert_int_equal(kind, length ? NETLINK_BROKEN : NETLINK_END);
        for (size_t shift = 0; shift < 4; shift++)
            walk(b.at, length, shift);
    }
}

static void survives_noise(void **state)
{
    (void)state;
    srandom(20240607);
    for (int i = 0; i < 100000; i++) {
        struct bytes b = news(i & 1 ? RTM_NEWADDR : RTM_DELADDR, AF_INET, IFA_LOCAL, "192.0.2.1");
        struct bytes second = news(RTM_NEWADDR, AF_INET6, IFA_ADDRESS, "2001:db8::1");
        put(&b, second.at, second.length);
        for (int n = (int)(random() % 6); n >= 0; n--)
            b.at[(size_t)random() % b.length] = (unsigned char)random();
        walk(b.at, (size_t)random() % (b.length + 1), (size_t)i % 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_news),      cmocka_unit_test(own_end_of_a_point_to_point_link),
        cmocka_unit_test(usable_by_flags), cmocka_unit_test(reads_a_dump),
        cmocka_unit_test(reads_errors),    cmocka_unit_test(refuses_wrong_lengths),
        cmocka_unit_test(skips_the_rest),  cmocka_unit_test(survives_truncation),
        cmocka_unit_test(survives_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
