#include "model/gtid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TAKEN_BACK_MAX                                                                                       \
    1000000 /* commits that wait at once, and the gaps that terms begin with, one after another */

static int compare_key(const struct gtid *a, const struct gtid *b)
{
    if (a->domain != b->domain)
        return a->domain < b->domain ? -1 : 1;
    if (a->server != b->server)
        return a->server < b->server ? -1 : 1;
    return 0;
}

/* The caller knows that no entry has the same domain and server. */
static bool insert(struct gtid_set *set, const struct gtid *gtid)
{
    if (set->count == GTID_SET_MAX)
        return false;
    size_t i = set->count++;
    for (; i > 0 && compare_key(gtid, &set->at[i - 1]) < 0; i--)
        set->at[i] = set->at[i - 1];
    set->at[i] = *gtid;
    return true;
}

static uint64_t seq_of_server(const struct gtid_set *state, const struct gtid *key)
{
    for (size_t i = 0; i < state->count; i++)
        if (compare_key(&state->at[i], key) == 0)
            return state->at[i].seq;
    return 0;
}

static uint64_t seq_of_domain(const struct gtid_set *set, uint32_t domain)
{
    uint64_t highest = 0;
    for (size_t i = 0; i < set->count; i++)
        if (set->at[i].domain == domain && set->at[i].seq > highest)
            highest = set->at[i].seq;
    return highest;
}

/* ---- text ---- */

static bool parse_number(const char **text, uint64_t max, char end, uint64_t *out)
{
    const char *p = *text;
    uint64_t value = 0;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (end != '\0' && *p++ != end)
        return false;
    *text = p;
    *out = value;
    return true;
}

static bool parse_one(const char **text, struct gtid *out)
{
    uint64_t domain, server, seq;
    if (!parse_number(text, UINT32_MAX, '-', &domain) || !parse_number(text, UINT32_MAX, '-', &server) ||
        !parse_number(text, UINT64_MAX, '\0', &seq))
        return false;
    *out = (struct gtid){.domain = (uint32_t)domain, .server = (uint32_t)server, .seq = seq};
    return true;
}

static bool add_parsed(struct gtid_set *set, const struct gtid *gtid, struct err *e)
{
    char one[GTID_ONE_MAX];
    if (gtid->seq == 0)
        return true;
    if (seq_of_server(set, gtid) != 0)
        return err_set(e, "%s repeats a domain and server id", gtid_format(gtid, one, sizeof one));
    if (!insert(set, gtid))
        return err_set(e, "there are more than %d GTIDs", GTID_SET_MAX);
    return true;
}

static bool parse_list(struct gtid_set *set, const char *text, struct err *e)
{
    const char *p = text;
    while (*p != '\0') {
        struct gtid gtid;
        if (!parse_one(&p, &gtid) || (*p != ',' && *p != '\0') || (*p == ',' && p[1] == '\0'))
            return err_set(e, "not a GTID list at character %zu", (size_t)(p - text) + 1);
        if (!add_parsed(set, &gtid, e))
            return false;
        if (*p == ',')
            p++;
    }
    return true;
}

bool gtid_set_parse(struct gtid_set *out, const char *text, struct err *e)
{
    struct gtid_set set = {.known = true};
    *out = (struct gtid_set){.known = false};
    if (text == NULL)
        return err_set(e, "a GTID list is missing (NULL)");
    if (!parse_list(&set, text, e))
        return err_prefix(e, "GTID list '%.100s'", text);
    *out = set;
    return true;
}

const char *gtid_format(const struct gtid *gtid, char *out, size_t size)
{
    snprintf(out, size, "%" PRIu32 "-%" PRIu32 "-%" PRIu64, gtid->domain, gtid->server, gtid->seq);
    return out;
}

const char *gtid_set_format(const struct gtid_set *set, char *out, size_t size)
{
    char one[GTID_ONE_MAX];
    size_t used = 0;
    snprintf(out, size, "%s", set->known ? "" : "unknown");
    for (size_t i = 0; set->known && i < set->count; i++) {
        size_t length = strlen(gtid_format(&set->at[i], one, sizeof one)) + (i > 0);
        size_t reserve = i + 1 < set->count ? sizeof "..." : 1;
        bool fits = used + length + reserve <= size;
        snprintf(out + used, size - used, "%s%s", fits && i > 0 ? "," : "", fits ? one : "...");
        if (!fits)
            break;
        used += length;
    }
    return out;
}

/* ---- positions ---- */

static bool covers(const struct gtid_set *pos, const struct gtid *gtid)
{
    uint64_t highest = seq_of_domain(pos, gtid->domain);
    return gtid->seq < highest || gtid->seq == seq_of_server(pos, gtid);
}

static void drop_lower(struct gtid_set *pos, const struct gtid *than)
{
    size_t kept = 0;
    for (size_t i = 0; i < pos->count; i++)
        if (pos->at[i].domain != than->domain || pos->at[i].seq >= than->seq)
            pos->at[kept++] = pos->at[i];
    pos->count = (uint8_t)kept;
}

void gtid_pos_advance(struct gtid_set *pos, const struct gtid *gtid)
{
    if (!pos->known || covers(pos, gtid))
        return;
    drop_lower(pos, gtid);
    if (!insert(pos, gtid))
        *pos = (struct gtid_set){.known = false};
}

void gtid_pos_merge(struct gtid_set *into, const struct gtid_set *from)
{
    if (!from->known)
        return;
    struct gtid_set merged = {.known = true};
    for (size_t i = 0; into->known && i < into->count; i++)
        gtid_pos_advance(&merged, &into->at[i]);
    for (size_t i = 0; i < from->count; i++)
        gtid_pos_advance(&merged, &from->at[i]);
    *into = merged;
}

enum tri gtid_pos_contains(const struct gtid_set *have, const struct gtid_set *want)
{
    if (!have->known || !want->known)
        return TRI_UNKNOWN;
    for (size_t i = 0; i < want->count; i++)
        if (!covers(have, &want->at[i]))
            return TRI_NO;
    return TRI_YES;
}

bool gtid_state_lacks(const struct gtid_set *state, const struct gtid_set *seeded, const struct gtid_set *pos)
{
    if (!state->known || !pos->known)
        return false;
    for (size_t i = 0; i < pos->count; i++) {
        const struct gtid *want = &pos->at[i];
        uint64_t known = seq_of_server(state, want);
        bool reached = known || seq_of_domain(state, want->domain) >= want->seq;
        if (reached && known < want->seq && seq_of_server(seeded, want) < want->seq)
            return true;
    }
    return false;
}

/* What `have` lacks of the domain that begins at entry `i` of `want`; 1 for the other side of a fork. */
static uint64_t missing_in_domain(const struct gtid_set *have, const struct gtid_set *want, size_t i)
{
    uint32_t domain = want->at[i].domain;
    uint64_t has = seq_of_domain(have, domain), wants = seq_of_domain(want, domain);
    if (wants > has)
        return wants - has;
    for (; i < want->count && want->at[i].domain == domain; i++)
        if (!covers(have, &want->at[i]))
            return 1;
    return 0;
}

int64_t gtid_pos_missing(const struct gtid_set *have, const struct gtid_set *want)
{
    if (!have->known || !want->known)
        return -1;
    uint64_t total = 0;
    for (size_t i = 0; i < want->count; i++) {
        if (i > 0 && want->at[i].domain == want->at[i - 1].domain)
            continue;
        uint64_t missing = missing_in_domain(have, want, i);
        if (missing > (uint64_t)INT64_MAX - total)
            return INT64_MAX;
        total += missing;
    }
    return (int64_t)total;
}

enum tri gtid_pos_equal(const struct gtid_set *a, const struct gtid_set *b)
{
    if (!a->known || !b->known)
        return TRI_UNKNOWN;
    if (a->count != b->count)
        return TRI_NO;
    for (size_t i = 0; i < a->count; i++)
        if (compare_key(&a->at[i], &b->at[i]) != 0 || a->at[i].seq != b->at[i].seq)
            return TRI_NO;
    return TRI_YES;
}

/* ---- states ---- */

static bool has_extra(const struct gtid_set *a, const struct gtid_set *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->at[i].seq > seq_of_server(b, &a->at[i]))
            return true;
    return false;
}

static bool has_extra_in(const struct gtid_set *a, const struct gtid_set *b, uint32_t domain)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->at[i].domain == domain && a->at[i].seq > seq_of_server(b, &a->at[i]))
            return true;
    return false;
}

bool gtid_state_has(const struct gtid_set *state, const struct gtid *gtid)
{
    return gtid->seq <= seq_of_server(state, gtid);
}

static bool was_taken_back(const struct gtid *g, const struct gtid_set *state, uint32_t self)
{
    uint64_t have = seq_of_domain(state, g->domain);
    return g->server == self && have > 0 && have < g->seq && g->seq - have <= TAKEN_BACK_MAX;
}

bool gtid_slave_pos_correct(struct gtid_set *slave_pos, const struct gtid_set *binlog_pos,
                            const struct gtid_set *binlog_state, uint32_t self)
{
    struct gtid_set right = {.known = slave_pos->known && binlog_pos->known && binlog_state->known};
    bool corrected = false;
    for (size_t i = 0; right.known && i < slave_pos->count; i++) {
        const struct gtid *g = &slave_pos->at[i];
        bool wrong = was_taken_back(g, binlog_state, self);
        for (size_t k = 0; wrong && k < binlog_pos->count; k++)
            if (binlog_pos->at[k].domain == g->domain)
                gtid_pos_advance(&right, &binlog_pos->at[k]);
        if (!wrong)
            gtid_pos_advance(&right, g);
        corrected = corrected || wrong;
    }
    if (corrected)
        *slave_pos = right;
    return corrected;
}

struct gtid_set gtid_state_common(const struct gtid_set *a, const struct gtid_set *b)
{
    struct gtid_set common = {.known = a->known && b->known};
    for (size_t i = 0; common.known && i < a->count; i++) {
        struct gtid shared = a->at[i];
        uint64_t other = seq_of_server(b, &shared);
        if (other < shared.seq)
            shared.seq = other;
        gtid_pos_advance(&common, &shared);
    }
    return common;
}

/* An entry above the shared history begins right after it; one below it (strict mode was off, or an error
 * was skipped) is only known by its last number. */
static struct gtid first_beyond(const struct gtid *entry, const struct gtid_set *b, uint64_t shared)
{
    struct gtid first = *entry;
    uint64_t known = seq_of_server(b, entry);
    if (entry->seq > shared)
        first.seq = (known > shared ? known : shared) + 1;
    return first;
}

static struct gtid first_extra(const struct gtid_set *a, const struct gtid_set *b)
{
    struct gtid_set common = gtid_state_common(a, b);
    struct gtid found = {0};
    for (size_t i = 0; i < a->count; i++) {
        if (a->at[i].seq <= seq_of_server(b, &a->at[i]))
            continue;
        struct gtid first = first_beyond(&a->at[i], b, seq_of_domain(&common, a->at[i].domain));
        if (found.seq != 0 && first.domain != found.domain)
            break;
        if (found.seq == 0 || first.seq < found.seq)
            found = first;
    }
    return found;
}

enum gtid_relation gtid_state_compare(const struct gtid_set *a, const struct gtid_set *b, struct gtid *first)
{
    if (first != NULL)
        *first = (struct gtid){0};
    if (!a->known || !b->known)
        return GTID_REL_UNKNOWN;
    bool ahead = has_extra(a, b), behind = has_extra(b, a);
    if (ahead && first != NULL)
        *first = first_extra(a, b);
    if (ahead)
        return behind ? GTID_REL_DIVERGED : GTID_REL_AHEAD;
    return behind ? GTID_REL_BEHIND : GTID_REL_EQUAL;
}

struct gtid_set gtid_state_extra_after(const struct gtid_set *a, const struct gtid_set *b)
{
    struct gtid_set common = gtid_state_common(a, b), after = {.known = common.known};
    for (size_t i = 0; common.known && i < common.count; i++) {
        bool below = false;
        for (size_t k = 0; k < a->count; k++)
            below = below || (a->at[k].domain == common.at[i].domain && a->at[k].seq <= common.at[i].seq &&
                              a->at[k].seq > seq_of_server(b, &a->at[k]));
        if (!below)
            gtid_pos_advance(&after, &common.at[i]);
    }
    return after;
}

/* Between the shared history and a server's own last number there may be numbers of others. */
int64_t gtid_state_extra(const struct gtid_set *a, const struct gtid_set *b)
{
    struct gtid_set common = gtid_state_common(a, b);
    uint64_t total = 0;
    if (!common.known)
        return -1;
    for (size_t i = 0; i < a->count; i++) {
        if (a->at[i].seq <= seq_of_server(b, &a->at[i]))
            continue;
        uint64_t first = first_beyond(&a->at[i], b, seq_of_domain(&common, a->at[i].domain)).seq;
        uint64_t beyond_first = a->at[i].seq - first; /* one less than there are */
        if (beyond_first >= (uint64_t)INT64_MAX - total)
            return INT64_MAX;
        total += beyond_first + 1;
    }
    return (int64_t)total;
}

int64_t gtid_state_errant(const struct gtid_set *standby, const struct gtid_set *writer,
                          const struct gtid_set *applied)
{
    struct gtid_set all = *writer;
    if (!standby->known || !writer->known || !applied->known)
        return -1;
    for (size_t i = 0; i < standby->count; i++) {
        const struct gtid *g = &standby->at[i];
        bool seeded = !seq_of_server(writer, g) && seq_of_domain(applied, g->domain) >= g->seq;
        if (seeded && !insert(&all, g))
            return -1;
    }
    return gtid_state_extra(standby, &all);
}

bool gtid_state_extra_name(const struct gtid_set *a, const struct gtid_set *b, char *out, size_t size)
{
    char from[GTID_ONE_MAX], to[GTID_ONE_MAX];
    struct gtid first;
    out[0] = '\0';
    gtid_state_compare(a, b, &first);
    if (first.seq == 0)
        return false;
    struct gtid last = first;
    last.seq = seq_of_server(a, &first);
    snprintf(out, size, "%s_%s", gtid_format(&first, from, sizeof(from)), gtid_format(&last, to, sizeof(to)));
    return true;
}

enum tri gtid_state_disjoint(const struct gtid_set *a, const struct gtid_set *b)
{
    enum gtid_relation relation = gtid_state_compare(a, b, NULL);
    if (relation == GTID_REL_UNKNOWN)
        return TRI_UNKNOWN;
    if (relation != GTID_REL_DIVERGED)
        return TRI_NO;
    for (size_t i = 0; i < a->count; i++)
        if (has_extra_in(a, b, a->at[i].domain) && has_extra_in(b, a, a->at[i].domain))
            return TRI_NO;
    return TRI_YES;
}

const char *gtid_relation_name(enum gtid_relation r)
{
    switch (r) {
    case GTID_REL_EQUAL:
        return "equal";
    case GTID_REL_AHEAD:
        return "ahead";
    case GTID_REL_BEHIND:
        return "behind";
    case GTID_REL_DIVERGED:
        return "diverged";
    case GTID_REL_UNKNOWN:
        break;
    }
    return "unknown";
}
