/* Texts of other programs: what mariadb-binlog prints; base64; what is made fit to be shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "model/state.h"
#include "wire/base64.h"
#include "wire/binlog_text.h"
#include "wire/observe.h"
#include "wire/printable.h"

static void check_base64(const uint8_t *data, size_t size, const char *text)
{
    size_t length = 0;
    char *encoded = base64_encode(data, size), *decoded = base64_decode(encoded, &length);
    FUZZ_CHECK(decoded && length == size && (size == 0 || memcmp(decoded, data, size) == 0));
    free(decoded);
    free(encoded);
    decoded = base64_decode(text, &length);
    if (decoded) {
        encoded = base64_encode(decoded, length);
        FUZZ_CHECK(strcmp(encoded, text) == 0 && decoded[length] == '\0');
        free(encoded);
    }
    free(decoded);
}

static void check_printable(const char *text)
{
    char *shown = mem_strdup(text), *again;
    printable_make(shown);
    FUZZ_CHECK(strlen(shown) == strlen(text) && fuzz_is_printable(shown));
    again = mem_strdup(shown);
    printable_make(again);
    FUZZ_CHECK(strcmp(again, shown) == 0);
    free(again);
    free(shown);
}

void fuzz_text_forms(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    check_base64(data, size, text);
    check_printable(text);
    int state = node_state_parse(text);
    FUZZ_CHECK(state < 0 || strcmp(node_state_name((enum node_state)state), text) == 0);
    enum note_kind kind = observe_kind_parse(text);
    FUZZ_CHECK(kind == NOTE_NONE || strcmp(observe_kind_name(kind), text) == 0);
    free(text);
}

/* ---- mariadb-binlog ---- */

struct seen {
    uint64_t transactions, rows, hash;
};

static void mix(struct seen *s, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        s->hash = (s->hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
}

static void take_text(struct seen *s, const char *text)
{
    FUZZ_CHECK(fuzz_is_printable(text));
    mix(s, text, strlen(text) + 1);
}

static void take(const struct binlog_transaction *t, void *arg)
{
    struct seen *s = arg;
    uint64_t counted = t->rows_elsewhere;
    FUZZ_CHECK(t->table_count <= BINLOG_TABLES_MAX && t->value_count <= BINLOG_ROWS_MAX);
    FUZZ_CHECK(t->gtid.seq > 0 && t->value_count <= t->rows && (!t->statement[0] || t->statements > 0));
    for (unsigned i = 0; i < t->table_count; i++) {
        counted += t->tables[i].inserted + t->tables[i].updated + t->tables[i].deleted;
        take_text(s, t->tables[i].name);
    }
    FUZZ_CHECK(counted == t->rows);
    for (unsigned i = 0; i < t->value_count; i++)
        take_text(s, t->values[i]);
    take_text(s, t->statement);
    mix(s, &t->gtid, sizeof(t->gtid));
    s->transactions++;
    s->rows += t->rows;
}

static struct seen read_in_pieces(const char *text, size_t size, size_t piece)
{
    struct seen s = {0};
    struct binlog_text *b = mem_zalloc(sizeof(*b));
    binlog_text_begin(b, take, &s);
    for (size_t at = 0; at < size; at += piece)
        binlog_text_feed(b, text + at, size - at < piece ? size - at : piece);
    binlog_text_end(b);
    mix(&s, &b->before.known, sizeof(b->before.known));
    free(b);
    return s;
}

/* However it is cut up, the same is read. */
void fuzz_binlog(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct seen whole = read_in_pieces(text, size, size ? size : 1);
    struct seen pieces = read_in_pieces(text, size, size % 13 + 1);
    FUZZ_CHECK(whole.transactions == pieces.transactions && whole.rows == pieces.rows &&
               whole.hash == pieces.hash);
    free(text);
}
