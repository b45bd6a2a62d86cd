/* What is said in JSON: over the control socket, by the command line and by etcd. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/status_print.h"
#include "fuzz.h"
#include "wire/check_line.h"
#include "wire/control_proto.h"
#include "wire/etcd_table.h"
#include "wire/explain_json.h"
#include "wire/report_json.h"

/* Thresholds are said to a millionth: from then on nothing changes. */
static void check_request(const struct control_request *r)
{
    struct control_request back;
    struct err e = {""};
    char *text = control_request_format(r);
    size_t length = strlen(text);
    FUZZ_CHECK(text[length - 1] == '\n' && length - 1 <= CONTROL_REQUEST_MAX);
    FUZZ_CHECK(!memchr(text, '\n', length - 1));
    FUZZ_CHECK(control_request_parse(&back, text, length - 1, &e));
    char *again = control_request_format(&back);
    FUZZ_CHECK(strcmp(text, again) == 0 && back.command == r->command && back.verbose == r->verbose);
    free(again);
    free(text);
}

static void check_refusal(const char *why)
{
    struct control_answer answer;
    struct err e = {""};
    char *text = control_answer_error(CONTROL_MALFORMED, why);
    FUZZ_CHECK(why[0] && control_answer_parse(&answer, text, strlen(text), &e));
    FUZZ_CHECK(!answer.ok && strcmp(answer.error, "malformed") == 0 && answer.message[0]);
    control_answer_clear(&answer);
    free(text);
}

/* A line, once as a request and once as an answer. */
void fuzz_control(const uint8_t *data, size_t size)
{
    char *line = fuzz_text(data, size);
    struct control_request request;
    struct control_answer answer;
    struct err e = {""};
    if (control_request_parse(&request, line, size, &e))
        check_request(&request);
    else
        check_refusal(e.text);
    e.text[0] = '\0';
    if (control_answer_parse(&answer, line, size, &e)) {
        FUZZ_CHECK(json_is_object(answer.json));
        FUZZ_CHECK(answer.ok || json_is_string(json_object_get(answer.json, "message")));
        control_answer_clear(&answer);
    } else {
        FUZZ_CHECK(e.text[0] && !answer.json);
    }
    free(line);
}

static void show(const struct report *r)
{
    static const struct terminal terminals[] = {
        {.tty = true, .colours = true, .utf8 = true, .width = 40, .height = 24}, {.width = 0}};
    fuzz_check_plugin(r);
    for (size_t i = 0; i < 2; i++) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        status_print(r, &terminals[i], out);
        fclose(out);
        free(text);
    }
}

/* `over` on `base`, member by member and element by element: so an input remains one when others are added.
 * Takes `base`; the caller owns the result. */
static json_t *merged(json_t *base, json_t *over)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_object(base) && json_is_object(over)) {
        json_object_foreach(over, key, value)
        {
            json_t *old = json_object_get(base, key);
            json_object_set_new(base, key, old ? merged(json_incref(old), value) : json_incref(value));
        }
        return base;
    }
    if (json_is_array(base) && json_is_array(over)) {
        json_array_foreach(over, i, value)
        {
            json_t *old = json_array_get(base, i);
            if (old)
                json_array_set_new(base, i, merged(json_incref(old), value));
            else
                json_array_append(base, value);
        }
        return base;
    }
    json_decref(base);
    return json_incref(over);
}

static json_t *read_over(json_t *base, const char *text, size_t size)
{
    json_t *over = json_loadb(text, size, 0, NULL), *all = over ? merged(base, over) : base;
    json_decref(over);
    return all;
}

void fuzz_report(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct report *r = mem_zalloc(sizeof(*r)), *back = mem_zalloc(sizeof(*back));
    struct err e = {""};
    json_t *json = read_over(report_to_json(r), text, size);
    if (json && report_from_json(r, json, &e)) {
        json_t *first = report_to_json(r), *second;
        FUZZ_CHECK(report_from_json(back, first, &e));
        second = report_to_json(back);
        FUZZ_CHECK(json_equal(first, second));
        json_decref(first);
        json_decref(second);
        show(r);
    } else if (json) {
        FUZZ_CHECK(e.text[0]);
    }
    json_decref(json);
    free(back);
    free(r);
    free(text);
}

void fuzz_explain(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct explanation *x = mem_zalloc(sizeof(*x)), *back = mem_zalloc(sizeof(*back));
    struct err e = {""};
    json_t *json = read_over(explain_to_json(x), text, size);
    if (json && explain_from_json(x, json, &e)) {
        json_t *first = explain_to_json(x), *second;
        FUZZ_CHECK(explain_from_json(back, first, &e));
        second = explain_to_json(back);
        FUZZ_CHECK(json_equal(first, second));
        json_decref(first);
        json_decref(second);
    } else if (json) {
        FUZZ_CHECK(e.text[0]);
    }
    json_decref(json);
    free(back);
    free(x);
    free(text);
}

/* ---- etcd: the first byte is the question, the second the HTTP status ---- */

static const struct observe_names names = {.cluster = "mail", .nodes = {"mx1", "mx2"}};

/* What a row says is written and read again. */
static void check_note(const struct note *n)
{
    char key[ETCD_KEY_MAX], gtid[GTID_TEXT_MAX] = "";
    struct etcd_table *back = mem_zalloc(sizeof(*back));
    struct etcd_answer *a = mem_zalloc(sizeof(*a));
    struct err e = {""};
    if (n->gtid.known)
        gtid_set_format(&n->gtid, gtid, sizeof(gtid));
    etcd_key_note(key, names.cluster, n->kind, names.nodes[n->node]);
    a->listed = true;
    a->key_count = 1;
    a->keys[0] =
        (struct etcd_key){.key = mem_strdup(key), .value = etcd_note_value(n, gtid), .mod_revision = 1};
    FUZZ_CHECK(etcd_table_read(back, &names, a, 1, &e));
    const struct note *m = observe_note(&back->rows, n->kind, n->node);
    FUZZ_CHECK(m->kind == n->kind && m->epoch == n->epoch && m->seq == n->seq &&
               strcmp(m->file, n->file) == 0);
    FUZZ_CHECK(!gtid[0] || gtid_pos_equal(&m->gtid, &n->gtid) == TRI_YES);
    etcd_answer_free(a);
    free(a);
    free(back);
}

static void check_table(struct etcd_table *t)
{
    FUZZ_CHECK(t->vote.node >= -1 && t->vote.node < OBS_NODES);
    for (int kind = NOTE_PROMISE; kind <= NOTE_OUT_OF_SYNC; kind++)
        for (int node = 0; node < OBS_NODES; node++) {
            const struct note *n = observe_note(&t->rows, (enum note_kind)kind, node);
            if (n->kind == NOTE_NONE)
                continue;
            FUZZ_CHECK(n->kind == (enum note_kind)kind && n->node == node && t->changed[kind][node] > 0);
            check_note(n);
        }
    FUZZ_CHECK(etcd_table_promised(t) >= t->rows.promise[0].epoch);
}

static void check_answer(const struct etcd_answer *a, enum etcd_question question, long status)
{
    FUZZ_CHECK(a->key_count >= 0 && a->key_count <= ETCD_KEYS_MAX && etcd_path(question)[0] == '/');
    FUZZ_CHECK((a->outcome == ETCD_OK) == !a->why.text[0]);
    FUZZ_CHECK(a->outcome != ETCD_OK || status == 200);
    FUZZ_CHECK(a->outcome == ETCD_OK || (!a->listed && a->key_count == 0));
    if (a->outcome == ETCD_OK && question == ETCD_ASK_GRANT)
        FUZZ_CHECK(a->lease > 0 && a->ttl_s > 0);
    if (a->outcome == ETCD_OK && question == ETCD_ASK_TOKEN)
        FUZZ_CHECK(a->token[0] && !strpbrk(a->token, "\r\n "));
    for (int i = 0; i < a->key_count; i++)
        FUZZ_CHECK(a->keys[i].key && a->keys[i].value);
}

void fuzz_etcd(const uint8_t *data, size_t size)
{
    static const long statuses[] = {200, 200, 200, 400, 401, 404, 500, 503, 0, 200};
    struct fuzz_bytes b = {data, size};
    enum etcd_question question = (enum etcd_question)(fuzz_number(&b, 1) % (ETCD_ASK_TOKEN + 1));
    long status = statuses[fuzz_number(&b, 1) % 10];
    char *body = fuzz_text(b.at, b.left);
    struct etcd_answer *a = mem_zalloc(sizeof(*a));
    struct etcd_table *t = mem_zalloc(sizeof(*t));
    struct err e = {""};
    etcd_answer_read(a, question, status, body, b.left);
    check_answer(a, question, status);
    if (etcd_table_read(t, &names, a, 1, &e)) {
        FUZZ_CHECK(a->listed);
        check_table(t);
    } else {
        FUZZ_CHECK(e.text[0]);
    }
    etcd_answer_free(a);
    free(t);
    free(a);
    free(body);
}
