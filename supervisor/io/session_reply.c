#include "io/session_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What no honest reply reaches; beyond it the server is not one we talk to. */
#define SETS_MAX      64
#define WEIGHT_MAX    (1024 * 1024)
#define ANSWER_WEIGHT 256

#define CAPTURE_NULL SIZE_MAX

static void *grown(void *old, size_t *size, size_t needed, size_t element)
{
    if (needed <= *size)
        return old;
    *size = needed > 2 * *size ? needed : 2 * *size;
    return mem_resize(old, *size * element);
}

void capture_clear(struct capture *c)
{
    c->text_used = c->count = c->set_count = c->weight = 0;
}

void capture_free(struct capture *c)
{
    free(c->text);
    free(c->offsets);
    free(c->strings);
    free(c->sets);
    free(c->starts);
    memset(c, 0, sizeof(*c));
}

/* A cell that is NULL or empty has its weight too: it takes memory here. */
static bool keep(struct capture *c, const char *text, size_t length, struct err *e)
{
    c->weight += sizeof(char *) + (text ? length + 1 : 0);
    if (c->weight > WEIGHT_MAX)
        return err_set(e, "the reply exceeds %d bytes", WEIGHT_MAX);
    c->offsets = grown(c->offsets, &c->count_size, c->count + 1, sizeof(c->offsets[0]));
    c->offsets[c->count++] = text ? c->text_used : CAPTURE_NULL;
    if (!text)
        return true;
    c->text = grown(c->text, &c->text_size, c->text_used + length + 1, 1);
    memcpy(c->text + c->text_used, text, length);
    c->text[c->text_used + length] = '\0';
    c->text_used += length + 1;
    return true;
}

bool capture_open_set(struct capture *c, MYSQL_RES *result, struct err *e)
{
    if (c->set_count == SETS_MAX)
        return err_set(e, "the reply exceeds %d result sets", SETS_MAX);
    if (!c->sets) {
        c->sets = mem_zalloc(SETS_MAX * sizeof(c->sets[0]));
        c->starts = mem_zalloc(SETS_MAX * sizeof(c->starts[0]));
    }
    struct rows *set = &c->sets[c->set_count];
    *set = (struct rows){.column_count = mysql_num_fields(result)};
    c->starts[c->set_count++] = c->count;
    const MYSQL_FIELD *fields = mysql_fetch_fields(result);
    for (size_t i = 0; i < set->column_count; i++)
        if (!keep(c, fields[i].name, fields[i].name_length, e))
            return false;
    return true;
}

/* Those without a set take no memory, but time, and a server could go on for ever. */
bool capture_answer(struct capture *c, struct err *e)
{
    c->weight += ANSWER_WEIGHT;
    return c->weight <= WEIGHT_MAX || err_set(e, "the reply exceeds %d answers", WEIGHT_MAX / ANSWER_WEIGHT);
}

bool capture_row(struct capture *c, MYSQL_RES *result, MYSQL_ROW row, struct err *e)
{
    struct rows *set = &c->sets[c->set_count - 1];
    const unsigned long *lengths = mysql_fetch_lengths(result);
    for (size_t i = 0; i < set->column_count; i++)
        if (!keep(c, row[i], row[i] ? lengths[i] : 0, e))
            return false;
    set->row_count++;
    return true;
}

void capture_finish(struct capture *c)
{
    c->strings = grown(c->strings, &c->strings_size, c->count, sizeof(c->strings[0]));
    for (size_t i = 0; i < c->count; i++)
        c->strings[i] = c->offsets[i] == CAPTURE_NULL ? NULL : c->text + c->offsets[i];
    for (size_t i = 0; i < c->set_count; i++) {
        c->sets[i].names = c->strings + c->starts[i];
        c->sets[i].cells = c->sets[i].names + c->sets[i].column_count;
    }
}
