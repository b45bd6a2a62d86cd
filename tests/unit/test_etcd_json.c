/* Bodies to and from etcd's gateway, base64, and the pair's keys; what is hostile among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "wire/base64.h"
#include "wire/etcd_json.h"
#include "wire/etcd_table.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- base64 ---- */

static void encodes(void **state)
{
    static const char *const cases[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xff\xfe\xfd", "//79"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t size;
        char *text = base64_encode(cases[i][0], strlen(cases[i][0])),
             *back = base64_decode(cases[i][1], &size);
        assert_string_equal(text, cases[i][1]);
        assert_non_null(back);
        assert_int_equal(size, strlen(cases[i][0]));
        assert_string_equal(back, cases[i][0]);
        free(text);
        free(back);
    }
}

static void refuses_what_is_not_base64(void **state)
{
    static const char *const cases[] = {"Z",    "Zg",   "Zg=",  "Zm9v=", "Z===", "====", "Zg==Zg==",
                                        "Zh==", "Zm9=", "Zm 9", "Zm9\n", "Zm9-", "=m9v", "Z=9v"};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t size;
        char *bytes = base64_decode(cases[i], &size);
        if (bytes)
            fail_msg("\"%s\" was taken for %zu bytes", cases[i], size);
    }
}

/* ---- questions ---- */

static void writes_questions(void **state)
{
    struct etcd_txn t = {0};
    (void)state;
    etcd_txn_compare(&t, ETCD_CREATE, "a", 0);
    etcd_txn_compare(&t, ETCD_MOD, "a", 12);
    etcd_txn_compare(&t, ETCD_LEASE, "a", INT64_MAX);
    etcd_txn_then(&t, (struct etcd_op){.kind = ETCD_PUT, .key = "a", .value = "b", .lease = 7});
    etcd_txn_then(&t, (struct etcd_op){.kind = ETCD_PUT, .key = "a", .value = ""});
    etcd_txn_then(&t, (struct etcd_op){.kind = ETCD_DELETE, .key = "a"});
    etcd_txn_otherwise(&t, (struct etcd_op){.kind = ETCD_LIST, .key = "a/"});
    const struct {
        char *body;
        const char *expected;
    } cases[] = {
        {etcd_txn_json(&t),
         "{\"compare\":[{\"target\":\"CREATE\",\"result\":\"EQUAL\",\"key\":\"YQ==\",\"create_revision\":"
         "\"0\"},"
         "{\"target\":\"MOD\",\"result\":\"EQUAL\",\"key\":\"YQ==\",\"mod_revision\":\"12\"},"
         "{\"target\":\"LEASE\",\"result\":\"EQUAL\",\"key\":\"YQ==\",\"lease\":\"9223372036854775807\"}],"
         "\"success\":[{\"request_put\":{\"key\":\"YQ==\",\"value\":\"Yg==\",\"lease\":\"7\"}},"
         "{\"request_put\":{\"key\":\"YQ==\",\"value\":\"\"}},{\"request_delete_range\":{\"key\":\"YQ==\"}}],"
         "\"failure\":[{\"request_range\":{\"key\":\"YS8=\",\"range_end\":\"YTA=\",\"limit\":\"64\"}}]}"},
        {etcd_list_json("a/"), "{\"key\":\"YS8=\",\"range_end\":\"YTA=\",\"limit\":\"64\"}"},
        {etcd_grant_json(4), "{\"TTL\":\"4\"}"},
        {etcd_lease_json(-5), "{\"ID\":\"-5\"}"},
        {etcd_authenticate_json("me", "a\"b\\"), "{\"name\":\"me\",\"password\":\"a\\\"b\\\\\"}"},
        {etcd_authenticate_json("me", "\xff"), "{\"name\":\"me\",\"password\":\"\"}"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(cases[i].body, cases[i].expected);
        free(cases[i].body);
    }
}

/* ---- answers ---- */

static struct etcd_answer answer;

static int forget(void **state)
{
    (void)state;
    etcd_answer_free(&answer);
    return 0;
}

static void read_answer(enum etcd_question question, long status, const char *body)
{
    etcd_answer_free(&answer);
    etcd_answer_read(&answer, question, status, body, strlen(body));
}

#define HEADER "\"header\":{\"cluster_id\":\"1\",\"member_id\":\"2\",\"revision\":\"30\",\"raft_term\":\"4\"}"

static void reads_leases(void **state)
{
    (void)state;
    read_answer(ETCD_ASK_GRANT, 200, "{" HEADER ",\"ID\":\"7587\",\"TTL\":\"4\"}");
    assert_int_equal(answer.outcome, ETCD_OK);
    assert_true(answer.lease == 7587 && answer.ttl_s == 4 && answer.revision == 30);
    read_answer(ETCD_ASK_KEEP_ALIVE, 200, "{\"result\":{" HEADER ",\"ID\":\"7587\",\"TTL\":\"3\"}}\n");
    assert_true(answer.outcome == ETCD_OK && answer.lease == 7587 && answer.ttl_s == 3);
    read_answer(ETCD_ASK_KEEP_ALIVE, 200, "{\"result\":{" HEADER ",\"ID\":\"7587\"}}\n");
    assert_true(answer.outcome == ETCD_OK && answer.ttl_s == 0);
    read_answer(ETCD_ASK_KEEP_ALIVE, 200, "{\"result\":{" HEADER ",\"ID\":\"7587\",\"TTL\":\"-1\"}}");
    assert_true(answer.outcome == ETCD_OK && answer.ttl_s == 0);
    read_answer(ETCD_ASK_REVOKE, 200, "{" HEADER "}");
    assert_int_equal(answer.outcome, ETCD_OK);
    read_answer(ETCD_ASK_TIME_TO_LIVE, 200,
                "{" HEADER ",\"ID\":\"7587\",\"TTL\":\"2\",\"grantedTTL\":\"4\"}");
    assert_true(answer.outcome == ETCD_OK && answer.lease == 7587 && answer.ttl_s == 2 &&
                answer.granted_s == 4);
    read_answer(ETCD_ASK_TIME_TO_LIVE, 200, "{" HEADER ",\"ID\":\"7587\",\"TTL\":\"-1\"}");
    assert_true(answer.outcome == ETCD_OK && answer.ttl_s == 0 && answer.granted_s == 0);
}

static void reads_keys(void **state)
{
    (void)state;
    read_answer(
        ETCD_ASK_LIST, 200,
        "{" HEADER ",\"kvs\":[{\"key\":\"YQ==\",\"create_revision\":\"2\",\"mod_revision\":\"9\",\"version\":"
        "\"1\",\"value\":\"Yg==\",\"lease\":\"7587\",\"new\":[]},{\"key\":\"YWE=\",\"mod_revision\":11}],"
        "\"count\":\"2\"}");
    assert_true(answer.outcome == ETCD_OK && answer.listed && answer.key_count == 2);
    assert_string_equal(answer.keys[0].key, "a");
    assert_string_equal(answer.keys[0].value, "b");
    assert_true(answer.keys[0].mod_revision == 9 && answer.keys[0].lease == 7587);
    assert_string_equal(answer.keys[1].value, "");
    assert_true(answer.keys[1].mod_revision == 11 && answer.keys[1].lease == 0);
    read_answer(ETCD_ASK_LIST, 200, "{" HEADER "}");
    assert_true(answer.outcome == ETCD_OK && answer.listed && answer.key_count == 0);
}

static void reads_transactions(void **state)
{
    (void)state;
    read_answer(ETCD_ASK_TXN, 200,
                "{" HEADER ",\"succeeded\":true,\"responses\":[{\"response_put\":{" HEADER
                "}},{\"response_range\":{"
                "\"kvs\":[{\"key\":\"YQ==\",\"mod_revision\":\"2\"}],\"count\":\"1\"}}]}");
    assert_true(answer.outcome == ETCD_OK && answer.succeeded && answer.listed && answer.key_count == 1);
    read_answer(ETCD_ASK_TXN, 200, "{" HEADER ",\"responses\":[{\"response_range\":{}}]}");
    assert_true(answer.outcome == ETCD_OK && !answer.succeeded && answer.listed && answer.key_count == 0);
    read_answer(ETCD_ASK_TXN, 200, "{" HEADER ",\"succeeded\":true}");
    assert_true(answer.outcome == ETCD_OK && !answer.listed);
    read_answer(ETCD_ASK_TOKEN, 200, "{" HEADER ",\"token\":\"abc.123\"}");
    assert_true(answer.outcome == ETCD_OK);
    assert_string_equal(answer.token, "abc.123");
}

static void tells_refusals_apart(void **state)
{
    static const struct {
        long status;
        const char *body;
        enum etcd_outcome outcome;
        const char *why;
    } cases[] = {
        {404,
         "{\"error\":\"etcdserver: requested lease not found\",\"message\":\"etcdserver: requested lease not "
         "found\","
         "\"code\":5}",
         ETCD_NO_LEASE, "requested lease not found"},
        {404, "Not Found\n", ETCD_REFUSED, "HTTP status 404"},
        {401,
         "{\"error\":\"etcdserver: invalid auth token\",\"message\":\"etcdserver: invalid auth "
         "token\",\"code\":16}",
         ETCD_UNAUTHENTICATED, "invalid auth token"},
        {400,
         "{\"error\":\"etcdserver: user name is empty\",\"message\":\"etcdserver: user name is "
         "empty\",\"code\":3}",
         ETCD_UNAUTHENTICATED, "user name is empty"},
        {403,
         "{\"error\":\"etcdserver: permission denied\",\"message\":\"etcdserver: permission "
         "denied\",\"code\":7}",
         ETCD_REFUSED, "permission denied"},
        {503,
         "{\"error\":\"etcdserver: request timed out\",\"message\":\"etcdserver: request timed "
         "out\",\"code\":14}",
         ETCD_UNCERTAIN, "request timed out"},
        {500, "", ETCD_UNCERTAIN, "HTTP status 500"},
        {302, "", ETCD_REFUSED, "HTTP status 302"},
        {200, "{\"error\":{\"grpc_code\":14,\"http_code\":503,\"message\":\"etcdserver: no leader\"}}",
         ETCD_UNCERTAIN, "no leader"},
        {200, "{\"error\":7}", ETCD_REFUSED, "HTTP status 200"},
        {503, "{\"error\":{\"message\":[]}}", ETCD_UNCERTAIN, "HTTP status 503"},
        {400, "[]", ETCD_REFUSED, "HTTP status 400"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        read_answer(ETCD_ASK_TXN, cases[i].status, cases[i].body);
        if (answer.outcome != cases[i].outcome || !strstr(answer.why.text, cases[i].why))
            fail_msg("%s: outcome %d, \"%s\"", cases[i].body, answer.outcome, answer.why.text);
    }
}

static void does_not_believe_nonsense(void **state)
{
    static const struct {
        enum etcd_question question;
        const char *body;
        const char *why;
    } cases[] = {
        {ETCD_ASK_TXN, "", "not JSON"},
        {ETCD_ASK_TXN, "{\"succeeded\":true", "not JSON"},
        {ETCD_ASK_TXN, "{}{}", "not JSON"},
        {ETCD_ASK_TXN, "{\"succeeded\":true,\"succeeded\":true}", "not JSON"},
        {ETCD_ASK_TXN, "[]", "an object was expected"},
        {ETCD_ASK_TXN, "{\"header\":7}", "header"},
        {ETCD_ASK_TXN, "{\"header\":{\"revision\":\"x\"}}", "header"},
        {ETCD_ASK_TXN, "{\"succeeded\":\"true\"}", "succeeded and responses"},
        {ETCD_ASK_TXN, "{\"succeeded\":true,\"responses\":{}}", "succeeded and responses"},
        {ETCD_ASK_TXN, "{\"responses\":[{\"response_range\":[]}]}", "kvs: a list"},
        {ETCD_ASK_TXN, "{\"responses\":[{\"response_range\":{}},{\"response_range\":{}}]}", "two lists"},
        {ETCD_ASK_LIST, "{\"kvs\":7}", "kvs: a list"},
        {ETCD_ASK_LIST, "{\"kvs\":[7]}", "kvs: objects"},
        {ETCD_ASK_LIST, "{\"kvs\":[]}", "header: a revision"},
        {ETCD_ASK_LIST, "{\"kvs\":[],\"more\":true}", "more than 64 keys"},
        {ETCD_ASK_LIST, "{\"kvs\":[{\"key\":7}]}", "key: base64"},
        {ETCD_ASK_LIST, "{\"kvs\":[{\"key\":\"YQ\"}]}", "key: base64"},
        {ETCD_ASK_LIST, "{\"kvs\":[{\"key\":\"AA==\"}]}", "key: base64 of a text"},
        {ETCD_ASK_LIST, "{\"kvs\":[{\"key\":\"YQ\\u0000==\"}]}", "not JSON"},
        {ETCD_ASK_LIST, "{\"kvs\":[{\"key\":\"YQ==\",\"value\":{}}]}", "value: base64"},
        {ETCD_ASK_LIST, "{\"kvs\":[{\"key\":\"YQ==\",\"mod_revision\":\"1x\"}]}", "mod_revision: a number"},
        {ETCD_ASK_LIST, "{\"kvs\":[{\"key\":\"YQ==\",\"mod_revision\":\"\"}]}", "mod_revision: a number"},
        {ETCD_ASK_LIST, "{\"kvs\":[{\"key\":\"YQ==\",\"mod_revision\":\" 1\"}]}", "mod_revision: a number"},
        {ETCD_ASK_LIST, "{\"kvs\":[{\"key\":\"YQ==\",\"mod_revision\":1.5}]}", "mod_revision: a number"},
        {ETCD_ASK_LIST, "{\"kvs\":[{\"key\":\"YQ==\",\"lease\":\"9223372036854775808\"}]}",
         "lease: a number"},
        {ETCD_ASK_LIST, "{\"kvs\":[{\"key\":\"YQ==\",\"lease\":null}]}", "lease: a number"},
        {ETCD_ASK_GRANT, "{}", "ID: a lease"},
        {ETCD_ASK_GRANT, "{\"ID\":\"0\",\"TTL\":\"4\"}", "ID: a lease"},
        {ETCD_ASK_GRANT, "{\"ID\":\"5\"}", "TTL: seconds"},
        {ETCD_ASK_GRANT, "{\"ID\":\"5\",\"TTL\":\"-4\"}", "TTL: seconds"},
        {ETCD_ASK_KEEP_ALIVE, "{\"ID\":\"5\",\"TTL\":\"4\"}", "result: an object"},
        {ETCD_ASK_KEEP_ALIVE, "{\"result\":[]}", "result: an object"},
        {ETCD_ASK_TIME_TO_LIVE, "{\"ID\":\"5\",\"grantedTTL\":\"-4\"}", "grantedTTL: seconds"},
        {ETCD_ASK_TIME_TO_LIVE, "{\"ID\":\"5\",\"grantedTTL\":[]}", "grantedTTL: a number"},
        {ETCD_ASK_TOKEN, "{}", "token: a text"},
        {ETCD_ASK_TOKEN, "{\"token\":\"\"}", "token: a text"},
        {ETCD_ASK_TOKEN, "{\"token\":\"a\\r\\nX: y\"}", "token: characters"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        read_answer(cases[i].question, 200, cases[i].body);
        if (answer.outcome != ETCD_UNCERTAIN || !strstr(answer.why.text, cases[i].why))
            fail_msg("%s: outcome %d, \"%s\"", cases[i].body, answer.outcome, answer.why.text);
        assert_int_equal(answer.key_count, 0);
        assert_false(answer.listed);
    }
}

static void refuses_too_much(void **state)
{
    size_t size = ETCD_BODY_MAX + 1;
    char *body = mem_zalloc(size + 1), *keys = mem_strdup("{\"kvs\":[{}");
    (void)state;
    memset(body, ' ', size);
    body[0] = '{';
    body[size - 1] = '}';
    etcd_answer_read(&answer, ETCD_ASK_REVOKE, 200, body, size);
    assert_int_equal(answer.outcome, ETCD_UNCERTAIN);
    assert_non_null(strstr(answer.why.text, "too large"));
    for (int i = 0; i < ETCD_KEYS_MAX; i++) {
        char *longer = mem_printf("%s,{}", keys);
        free(keys);
        keys = longer;
    }
    char *all = mem_printf("%s]}", keys);
    read_answer(ETCD_ASK_LIST, 200, all);
    assert_int_equal(answer.outcome, ETCD_UNCERTAIN);
    free(all);
    free(keys);
    free(body);
}

/* Every beginning of a good answer, and the answer with each byte changed: no crash, and nothing that was not
 * said. */
static void survives_damage(void **state)
{
    static const char good[] =
        "{" HEADER ",\"succeeded\":true,\"responses\":[{\"response_range\":{\"kvs\":[{\"key\":"
        "\"YQ==\",\"mod_revision\":\"9\",\"value\":\"Yg==\",\"lease\":\"7\"}]}}]}";
    static const char changes[] = {'\0', '"', '{', ']', '9', '\\', (char)0xff};
    char body[sizeof(good)];
    (void)state;
    for (size_t i = 0; i < sizeof(good) - 1; i++) {
        etcd_answer_free(&answer);
        etcd_answer_read(&answer, ETCD_ASK_TXN, 200, good, i);
        assert_int_equal(answer.outcome, ETCD_UNCERTAIN);
        for (size_t c = 0; c < sizeof(changes); c++) {
            memcpy(body, good, sizeof(good));
            body[i] = changes[c];
            etcd_answer_free(&answer);
            etcd_answer_read(&answer, ETCD_ASK_TXN, 200, body, sizeof(good) - 1);
            assert_true(answer.key_count <= 1);
        }
    }
}

/* ---- the pair's keys ---- */

static const struct observe_names names = {.cluster = "mail", .nodes = {"mx1", "mx2"}};

static void give(const char *key, const char *value, int64_t mod, int64_t lease)
{
    struct etcd_key *k = &answer.keys[answer.key_count++];
    *k = (struct etcd_key){mem_strdup(key), mem_strdup(value), mod, lease};
    answer.outcome = ETCD_OK;
    answer.listed = true;
}

static void reads_the_table(void **state)
{
    struct etcd_table t;
    struct err e;
    (void)state;
    etcd_answer_free(&answer);
    give("/replcheck/mail/vote", "{\"node\":\"mx2\"}", 40, 99);
    give("/replcheck/mail/promise/mx1", "{\"epoch\":7,\"seq\":3}", 31, 0);
    give("/replcheck/mail/promise/mx2", "{\"epoch\":8}", 35, 0);
    give("/replcheck/mail/certificate/mx1", "{\"epoch\":7,\"file\":\"a.000001\",\"size\":12}", 33, 0);
    give("/replcheck/mail/release/mx2", "{\"epoch\":6,\"gtid\":\"0-2-77\",\"more\":1}", 30, 0);
    give("/replcheck/mail/out_of_sync/mx1", "{\"epoch\":8}", 36, 0);
    give("/replcheck/mail/promise/mx3", "?", 1, 0);
    give("/replcheck/mail/other/mx1", "?", 1, 0);
    give("/replcheck/mail2/promise/mx1", "?", 1, 0);
    assert_true(etcd_table_read(&t, &names, &answer, 1234, &e));
    assert_true(t.vote.mod_revision == 40 && t.vote.lease == 99 && t.vote.node == 1);
    assert_true(t.rows.read_us == 1234);
    assert_true(t.rows.promise[0].kind == NOTE_PROMISE && t.rows.promise[0].epoch == 7 &&
                t.rows.promise[0].seq == 3);
    assert_true(t.rows.promise[1].epoch == 8 && t.changed[NOTE_PROMISE][1] == 35);
    assert_true(t.rows.certificate[0].size == 12);
    assert_string_equal(t.rows.certificate[0].file, "a.000001");
    assert_true(t.rows.release[1].gtid.known && t.rows.release[0].kind == NOTE_NONE);
    assert_true(t.rows.out_of_sync[0].kind == NOTE_OUT_OF_SYNC && t.changed[NOTE_RELEASE][0] == 0);
}

static void strangers_vote_is_nobodys_of_the_pair(void **state)
{
    static const char *const values[] = {
        "{\"node\":\"mx3\"}", "{}", "", "?", "{\"node\":7}", "{\"node\":\"mx1\",\"node\":\"mx1\"}"};
    struct etcd_table t;
    struct err e;
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        etcd_answer_free(&answer);
        give("/replcheck/mail/vote", values[i], 40, 99);
        assert_true(etcd_table_read(&t, &names, &answer, 1, &e));
        assert_true(t.vote.mod_revision == 40 && t.vote.node == -1);
    }
}

static void unreadable_row_makes_the_table_unreadable(void **state)
{
    static const char *const values[] = {
        "",
        "?",
        "[]",
        "{}",
        "{\"epoch\":\"7\"}",
        "{\"epoch\":-7}",
        "{\"epoch\":7.5}",
        "{\"epoch\":7,\"epoch\":8}",
        "{\"epoch\":99999999999999999999}",
        "{\"epoch\":7,\"size\":\"1\"}",
        "{\"epoch\":7,\"file\":1}",
        "{\"epoch\":7,\"gtid\":[]}",
        "{\"epoch\":7,\"file\":\"0123456789012345678901234567890123456789012345678901"
        "234567890123456789\"}"};
    struct etcd_table t;
    struct err e;
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        etcd_answer_free(&answer);
        give("/replcheck/mail/promise/mx1", values[i], 40, 0);
        if (etcd_table_read(&t, &names, &answer, 1, &e))
            fail_msg("%s was read", values[i]);
        assert_non_null(strstr(e.text, "/replcheck/mail/promise/mx1"));
    }
    etcd_answer_free(&answer);
    assert_false(etcd_table_read(&t, &names, &answer, 1, &e));
}

static void values_are_read_back(void **state)
{
    struct note note = {
        .kind = NOTE_CERTIFICATE, .epoch = 12345678901, .file = "b.000002", .size = 1ULL << 40, .seq = 9};
    struct etcd_table t;
    struct err e;
    char key[ETCD_KEY_MAX];
    char *value = etcd_note_value(&note, "0-1-5,1-1-6"), *vote = etcd_vote_value("mx1");
    (void)state;
    etcd_answer_free(&answer);
    etcd_key_note(key, "mail", NOTE_CERTIFICATE, "mx2");
    give(key, value, 3, 0);
    etcd_key_vote(key, "mail");
    give(key, vote, 4, 5);
    assert_true(etcd_table_read(&t, &names, &answer, 1, &e));
    const struct note *back = &t.rows.certificate[1];
    assert_true(back->epoch == note.epoch && back->size == note.size && back->seq == 9 && back->gtid.known);
    assert_string_equal(back->file, note.file);
    assert_int_equal(t.vote.node, 0);
    free(value);
    free(vote);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes),
        cmocka_unit_test(refuses_what_is_not_base64),
        cmocka_unit_test(writes_questions),
        cmocka_unit_test_teardown(reads_leases, forget),
        cmocka_unit_test_teardown(reads_keys, forget),
        cmocka_unit_test_teardown(reads_transactions, forget),
        cmocka_unit_test_teardown(tells_refusals_apart, forget),
        cmocka_unit_test_teardown(does_not_believe_nonsense, forget),
        cmocka_unit_test_teardown(refuses_too_much, forget),
        cmocka_unit_test_teardown(survives_damage, forget),
        cmocka_unit_test_teardown(reads_the_table, forget),
        cmocka_unit_test_teardown(strangers_vote_is_nobodys_of_the_pair, forget),
        cmocka_unit_test_teardown(unreadable_row_makes_the_table_unreadable, forget),
        cmocka_unit_test_teardown(values_are_read_back, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
