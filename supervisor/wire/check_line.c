#include "wire/check_line.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "model/report_text.h"
#include "wire/printable.h"

static const char *upper(const char *word, char out[16])
{
    snprintf(out, 16, "%s", word);
    for (char *at = out; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    return out;
}

/* What ends the text for a plugin's reader, and what a terminal or a reader of UTF-8 would stumble over: a
 * sentence may have been cut within a letter. */
static void tame(char *text)
{
    for (char *at = text; *at; at++)
        if (*at == '|' || *at == '\n' || *at == '\r')
            *at = '/';
    printable_make(text);
}

/* 'label'=value[s];[warning];[critical];[least];[most], without the ends that say nothing. */
static void add_value(const struct check_value *v, char *out, size_t size)
{
    char number[RANGE_MAX], warning[RANGE_MAX], critical[RANGE_MAX], tail[4 * RANGE_MAX];
    if (!v->known) {
        report_text_add(out, size, " '%s'=U", v->label);
        return;
    }
    report_text_add(out, size, " '%s'=%s%s", v->label, range_number(v->value, number),
                    v->unit == RANGE_SECONDS ? "s" : "");
    snprintf(tail, sizeof(tail), ";%s;%s;%s", range_text(&v->warning, warning),
             range_text(&v->critical, critical), v->bounded || v->unit == RANGE_SECONDS ? "0" : "");
    if (v->bounded)
        report_text_add(tail, sizeof(tail), ";%s", range_number(v->most, number));
    for (size_t end = strlen(tail); end > 0 && tail[end - 1] == ';'; end--)
        tail[end - 1] = '\0';
    report_text_add(out, size, "%s", tail);
}

const char *check_line(const struct report *r, const struct check_result *c, char *out, size_t size)
{
    char word[16], mode[16] = "";
    int serious = 0;
    while (serious < r->problem_count && r->problems[serious].severity != SEVERITY_OK)
        serious++;
    if (c->mode != CHECK_ALL)
        upper(check_mode_name(c->mode), mode);
    snprintf(out, size, "REPLCHECK%s%s %s - %s", mode[0] ? " " : "", mode,
             upper(severity_name(r->severity), word), serious ? r->problems[0].sentence : c->sentence);
    if (serious > 1)
        report_text_add(out, size, " (and %d more)", serious - 1);
    tame(out);
    report_text_add(out, size, "%s", c->value_count ? " |" : "");
    for (int i = 0; i < c->value_count; i++)
        add_value(&c->values[i], out, size);
    return out;
}

const char *check_detail(const struct problem *p, char *out, size_t size)
{
    char word[16];
    snprintf(out, size, "%s: %s%s%s",
             p->severity == SEVERITY_OK ? "NOTE" : upper(severity_name(p->severity), word), p->sentence,
             p->remedy[0] ? " -> " : "", p->remedy);
    tame(out);
    return out;
}

static const char *word_of(enum tri t, const char *yes, const char *no)
{
    return t == TRI_YES ? yes : t == TRI_NO ? no : "unknown";
}

static void describe_node(const struct report_node *n, char *out, size_t size)
{
    static const char *const io[] = {
        [IO_UNKNOWN] = "unknown", [IO_NO] = "stopped", [IO_CONNECTING] = "connecting", [IO_YES] = "runs"};
    char lag[DURATION_MAX];
    snprintf(out, size,
             "%s (%s): %s, read_only %s%s%s, receiver %s, applier %s, lag %s, binlog %.100s, applied %.100s",
             n->name, n->address, word_of(n->reachable, "answers", "does not answer"),
             word_of(n->read_only, "on", "off"), n->state[0] ? ", supervisor " : "", n->state, io[n->io],
             word_of(n->sql, "runs", "stopped"), duration_format_us(n->applied.us, lag), n->binlog_pos,
             n->slave_pos);
    tame(out);
}

static void describe_vote(const struct report_vote *v, char *out, size_t size)
{
    char valid[DURATION_MAX];
    snprintf(out, size, "vote of %s: %s, %s%s", v->voter, word_of(v->up, "answers", "does not answer"),
             v->counted ? "counts, valid for " : "does not count",
             !v->counted  ? ""
             : v->durable ? "good"
                          : duration_format_ms(v->valid_ms, valid));
    tame(out);
}

bool check_more(const struct report *r, int verbosity, int i, char *out, size_t size)
{
    int facts = verbosity < 2 ? 0 : r->source == REPORT_DAEMON ? OBS_NODES + OBS_VOTERS : OBS_NODES;
    int at = i - r->problem_count;
    if (verbosity < 1 || at >= facts)
        return false;
    if (at < 0)
        check_detail(&r->problems[i], out, size);
    else if (at < OBS_NODES)
        describe_node(&r->nodes[at], out, size);
    else
        describe_vote(&r->votes[at - OBS_NODES], out, size);
    return true;
}

int check_exit(const struct report *r)
{
    return (int)r->severity;
}
