#include "cli/pairs.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/loop.h"
#include "model/report_text.h"
#include "wire/check_line.h"

#define AT_ONCE    16  /* that are busy: more would only take memory */
#define MOST       128 /* with those that wait for a server that says nothing */
#define SILENT_MS  200 /* who has taken so long waits */
#define LOOK_MS    50  /* so often it is seen who does */
#define SHARE      2   /* one of so many parts of the limit is a pair's at most */
#define TOO_LITTLE 10  /* with less than one of so many left nobody is asked any more */

struct pair {
    char *path;
    enum severity severity;
    char *text; /* the lines that are printed */
};

struct slot {
    struct pairs *all;
    struct pair *pair;
    int64_t began_us;
    struct servers servers;
    struct direct_options options;
    struct direct *direct;
};

struct pairs {
    const struct pairs_request *request;
    struct event_base *base;
    int64_t began_us;
    struct event *look;
    struct pair *list;
    int count, next, under_way;
    struct slot *slots[MOST]; /* NULL = free */
    struct report report;     /* scratch */
};

/* ---- the list ---- */

static void add(struct pairs *all, char *path)
{
    all->list = mem_resize(all->list, (size_t)(all->count + 1) * sizeof(*all->list));
    all->list[all->count++] = (struct pair){.path = path, .severity = SEVERITY_UNKNOWN};
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->path, ((const struct pair *)b)->path);
}

static bool add_folder(struct pairs *all, const char *path, struct err *e)
{
    DIR *folder = opendir(path);
    int before = all->count;
    if (!folder)
        return err_set(e, "%s: %s", path, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(folder));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (entry->d_name[0] != '.' && dot && strcmp(dot, ".yaml") == 0)
            add(all, mem_printf("%s/%s", path, entry->d_name));
    }
    closedir(folder);
    if (all->count == before)
        return err_set(e, "%s holds no *.yaml", path);
    qsort(all->list + before, (size_t)(all->count - before), sizeof(*all->list), by_path);
    return true;
}

static bool find(struct pairs *all, struct err *e)
{
    for (int i = 0; i < all->request->path_count; i++) {
        const char *path = all->request->paths[i];
        struct stat s;
        if (stat(path, &s) != 0)
            return err_set(e, "%s: %s", path, strerror(errno));
        if (!S_ISDIR(s.st_mode))
            add(all, mem_strdup(path));
        else if (!add_folder(all, path, e))
            return false;
    }
    return true;
}

/* ---- asking ---- */

static void refill(struct pairs *all);

static void keep(struct pairs *all, struct pair *p, const char *name)
{
    char line[CHECK_LINE_MAX], more[CHECK_DETAIL_MAX];
    struct check_result result;
    size_t size = 0;
    FILE *out = open_memstream(&p->text, &size);
    if (!out)
        abort();
    check_judge(&result, &all->report, &all->request->check);
    p->severity = all->report.severity;
    check_line(&all->report, &result, line, sizeof(line));
    line[strcspn(line, "|")] = '\0'; /* the performance data of one among many would have no name */
    fprintf(out, "%s: %s\n", name, line);
    for (int i = 0; all->request->verbose > 1 &&
                    check_more(&all->report, all->request->verbose - 1, i, more, sizeof(more));
         i++)
        fprintf(out, "%s: %s\n", name, more);
    fclose(out);
}

static void done(void *arg, struct direct *d)
{
    struct slot *s = arg;
    struct pairs *all = s->all;
    direct_fill(d, &all->report);
    keep(all, s->pair, s->servers.settings.cluster.cluster);
    direct_free(&s->direct);
    servers_clear(&s->servers);
    for (int i = 0; i < MOST; i++)
        if (all->slots[i] == s)
            all->slots[i] = NULL;
    free(s);
    all->under_way--;
    refill(all);
    if (!all->under_way)
        event_base_loopbreak(all->base);
}

static int left_ms(const struct pairs *all)
{
    return all->request->options.limit_ms - (int)((clock_now_us() - all->began_us) / 1000);
}

/* One that says nothing must not take the time of those that come after it. */
static int limit_of_one(const struct pairs *all)
{
    int left = left_ms(all), share = all->request->options.limit_ms / SHARE;
    return left < share || share < 1 ? left : share;
}

/* NULL: this pair is settled without asking. */
static struct slot *begin(struct pairs *all, struct pair *p)
{
    struct slot *s = mem_zalloc(sizeof(*s));
    struct err e;
    if (left_ms(all) <= all->request->options.limit_ms / TOO_LITTLE)
        p->text = mem_printf("%s: REPLCHECK UNKNOWN - the time was up before it was asked\n", p->path);
    else if (!servers_of_cluster(&s->servers, p->path, &all->request->login, &e))
        p->text = mem_printf("%s: REPLCHECK UNKNOWN - %s\n", p->path, e.text);
    if (p->text) {
        servers_clear(&s->servers);
        free(s);
        return NULL;
    }
    s->all = all;
    s->pair = p;
    s->began_us = clock_now_us();
    s->options = all->request->options;
    s->options.limit_ms = limit_of_one(all);
    s->direct = direct_begin(all->base, &s->servers, &s->options, done, s);
    all->under_way++;
    return s;
}

static int busy(const struct pairs *all)
{
    int count = 0;
    int64_t since_us = clock_now_us() - CLOCK_MS(SILENT_MS);
    for (int i = 0; i < MOST; i++)
        count += all->slots[i] && all->slots[i]->began_us > since_us;
    return count;
}

static void refill(struct pairs *all)
{
    int room = AT_ONCE - busy(all);
    for (int i = 0; i < MOST && room > 0; i++) {
        if (all->slots[i])
            continue;
        while (!all->slots[i] && all->next < all->count)
            all->slots[i] = begin(all, &all->list[all->next++]);
        room--;
    }
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    refill(arg);
}

static void ask_all(struct pairs *all)
{
    struct timeval often = {0, LOOK_MS * 1000};
    all->base = loop_new();
    all->look = event_new(all->base, -1, EV_PERSIST, on_look, all);
    event_add(all->look, &often);
    refill(all);
    if (all->under_way)
        event_base_dispatch(all->base);
    event_free(all->look);
    event_base_free(all->base);
}

/* ---- the answer ---- */

static const struct pair *gravest(const struct pairs *all)
{
    static const int ranks[SEVERITIES] = {
        [SEVERITY_OK] = 0, [SEVERITY_UNKNOWN] = 1, [SEVERITY_WARNING] = 2, [SEVERITY_CRITICAL] = 3};
    const struct pair *worst = &all->list[0];
    for (int i = 1; i < all->count; i++)
        if (ranks[all->list[i].severity] > ranks[worst->severity])
            worst = &all->list[i];
    return worst;
}

static int print(const struct pairs *all)
{
    static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    const struct pair *worst = gravest(all);
    int of[SEVERITIES] = {0};
    for (int i = 0; i < all->count; i++)
        of[all->list[i].severity]++;
    int wrong = all->count - of[SEVERITY_OK];
    if (wrong)
        printf("REPLCHECK PAIRS %s - %d of %d pairs not in order, first %.*s", words[worst->severity], wrong,
               all->count, (int)strcspn(worst->text, "\n"), worst->text);
    else
        printf("REPLCHECK PAIRS OK - %d pair%s in order", all->count, all->count == 1 ? "" : "s");
    printf(" | 'pairs'=%d;;;0 'critical'=%d;;;0;%d 'warning'=%d;;;0;%d 'unknown'=%d;;;0;%d\n", all->count,
           of[SEVERITY_CRITICAL], all->count, of[SEVERITY_WARNING], all->count, of[SEVERITY_UNKNOWN],
           all->count);
    for (int i = 0; i < all->count; i++)
        if (all->list[i].severity != SEVERITY_OK || all->request->verbose)
            fputs(all->list[i].text, stdout);
    return (int)worst->severity;
}

static void pairs_free(struct pairs *all)
{
    for (int i = 0; i < all->count; i++) {
        free(all->list[i].path);
        free(all->list[i].text);
    }
    free(all->list);
    free(all);
}

bool pairs_check(const struct pairs_request *q, int *code, struct err *e)
{
    struct pairs *all = mem_zalloc(sizeof(*all));
    all->request = q;
    all->began_us = clock_now_us();
    bool found = find(all, e);
    if (found) {
        ask_all(all);
        *code = print(all);
    }
    pairs_free(all);
    return found;
}
