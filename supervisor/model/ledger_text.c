#include "model/ledger_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VERSION  "1"
#define SUM_LINE 21 /* "sum ", 16 digits, newline */

/* FNV-1a: each step is a bijection, so that no single damaged byte goes unseen. */
static uint64_t checksum(const char *text, size_t length)
{
    uint64_t sum = 0xcbf29ce484222325;
    for (size_t i = 0; i < length; i++)
        sum = (sum ^ (unsigned char)text[i]) * 0x100000001b3;
    return sum;
}

static void format_sum(const char *text, size_t length, char out[SUM_LINE + 1])
{
    snprintf(out, SUM_LINE + 1, "sum %016" PRIx64 "\n", checksum(text, length));
}

const char *ledger_format(const struct ledger *l, const char *boot_id, char *out, size_t size)
{
    char writer[GTID_TEXT_MAX], received[GTID_TEXT_MAX], sum[SUM_LINE + 1];
    snprintf(out, size,
             "replcheck-ledger %s\nboot %s\nwriter %d %" PRIu64 " %" PRId64 " %d\nposition %s\nreceived %s\n",
             VERSION, boot_id, l->writer_node, l->writer_epoch, l->writer_seen_us, l->writer_final,
             gtid_set_format(&l->writer_pos, writer, sizeof writer),
             gtid_set_format(&l->received, received, sizeof received));
    size_t length = strlen(out);
    format_sum(out, length, sum);
    snprintf(out + length, size - length, "%s", sum);
    return out;
}

static bool check_sum(const char *text, struct err *e)
{
    char sum[SUM_LINE + 1];
    size_t length = strlen(text);
    if (length < SUM_LINE)
        return err_set(e, "the loss ledger is cut short (%zu bytes)", length);
    format_sum(text, length - SUM_LINE, sum);
    if (strcmp(text + length - SUM_LINE, sum) != 0)
        return err_set(e, "the loss ledger is torn or damaged: its checksum does not match");
    return true;
}

/* The rest of the line that begins with `key` and a space; `text` then points behind it. */
static bool take_line(const char **text, const char *key, char *value, size_t size, struct err *e)
{
    size_t skip = strlen(key) + 1, length = strcspn(*text, "\n");
    if (length < skip || strncmp(*text, key, skip - 1) != 0 || (*text)[skip - 1] != ' ' ||
        length - skip >= size)
        return err_set(e, "the loss ledger has no line '%s' where it belongs", key);
    memcpy(value, *text + skip, length - skip);
    value[length - skip] = '\0';
    *text += length + 1;
    return true;
}

static bool parse_writer(struct ledger *l, const char *value, struct err *e)
{
    int final, end = 0;
    if (sscanf(value, "%d %" SCNu64 " %" SCNd64 " %d%n", &l->writer_node, &l->writer_epoch,
               &l->writer_seen_us, &final, &end) != 4 ||
        value[end] != '\0')
        return err_set(e, "the loss ledger's writer '%s' is not four numbers", value);
    l->writer_final = final != 0;
    return true;
}

static bool parse_position(struct gtid_set *set, const char *value, struct err *e)
{
    if (strcmp(value, "unknown") == 0) {
        *set = (struct gtid_set){.known = false};
        return true;
    }
    return gtid_set_parse(set, value, e) || err_prefix(e, "the loss ledger");
}

static bool parse_lines(struct ledger *l, const char *text, const char *boot_id, struct err *e)
{
    char value[GTID_TEXT_MAX];
    if (!take_line(&text, "replcheck-ledger", value, sizeof value, e))
        return false;
    if (strcmp(value, VERSION) != 0)
        return err_set(e, "the loss ledger is of version %.20s, this program reads version %s", value,
                       VERSION);
    if (!take_line(&text, "boot", value, sizeof value, e))
        return false;
    bool same_boot = strcmp(value, boot_id) == 0;
    if (!take_line(&text, "writer", value, sizeof value, e) || !parse_writer(l, value, e) ||
        !take_line(&text, "position", value, sizeof value, e) || !parse_position(&l->writer_pos, value, e) ||
        !take_line(&text, "received", value, sizeof value, e) || !parse_position(&l->received, value, e))
        return false;
    if (strncmp(text, "sum ", 4) != 0)
        return err_set(e, "the loss ledger has more lines than version %s knows", VERSION);
    if (!same_boot)
        l->writer_seen_us = 0;
    return true;
}

bool ledger_parse(struct ledger *out, const char *text, const char *boot_id, struct err *e)
{
    struct ledger l = {.restored = true};
    *out = (struct ledger){0};
    if (!check_sum(text, e) || !parse_lines(&l, text, boot_id, e))
        return false;
    *out = l;
    return true;
}
