/* The worker of the daemon's unprivileged child: all that may block on a disk or on the log's reader happens
 * here, never on the loop. Pushing copies into memory taken at the start, under a lock that is held for that
 * copy alone; it never waits for the disk, for syslog or for room. What finds no room is dropped and counted.
 *
 * Lines and journal have a thread each, because each must go on while the other hangs: a fsync that takes
 * 30 s is told through syslog while it lasts, and a syslog that reads nothing does not make the saved
 * position old.
 *
 * - Lines: identical ones within a minute are held back and counted (io/repeats.h).
 * - Events: written in the order of pushing, several in one transaction. While the journal cannot be written
 *   they wait in memory; it is tried again after 1 s, later every 30 s.
 * - Saved texts: the latest of a key wins, so that one alone waits however long the disk hangs.
 *
 * There is one worker per process. worker_start() and worker_stop() belong to the loop's thread; the rest may
 * be called from any thread, between the two (outside of that it does nothing). */
#ifndef REPLCHECK_IO_WORKER_H
#define REPLCHECK_IO_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "io/journal.h"

#define WORKER_KEYS 16 /* different keys of saved texts */

enum worker_kind { WORKER_LINE = 0, WORKER_EVENT, WORKER_SAVE, WORKER_KINDS };

struct worker_options {
    const char *node; /* this node's name, in events of the journal's own */
    const char *journal_path;
    const char *program;     /* leads the lines in syslog */
    const char *facility;    /* syslog's: "daemon", "local0", ...; an unknown one is "daemon" */
    bool foreground;         /* lines go to stderr instead of syslog */
    unsigned keep_events;    /* 0: JOURNAL_KEEP */
    unsigned line_capacity;  /* 0: 1024 */
    unsigned event_capacity; /* 0: 1024 */
    int retry_ms;            /* first wait after a failure of the journal, doubled up to 30 times; 0: 1000 */
    /* Replace syslog and journal.db (tests). They run on the worker's threads and may block. */
    void (*emit)(enum log_level level, int64_t wall_us, const char *line);
    bool (*store)(const struct journal_batch *batch, struct err *e);
};

/* Takes the memory and starts the threads; the journal is opened by its own. The texts are copied. */
MUST_CHECK bool worker_start(const struct worker_options *options, struct err *e);

/* Lets both threads write what waits, each until it is done, fails or `deadline_ms` has passed. False: one
 * still hangs (what waits is lost if the process ends now); it may be called again. Push from no other
 * thread any more. */
bool worker_stop(int deadline_ms);

/* A sink for log_set_sink(). */
void worker_log(enum log_level level, const char *line);

/* Queues a copy, and offers it to the hooks (io/hooks.h); at_us and boot_us are filled with now where they
 * are 0. */
void worker_event(const struct journal_event *event);

/* What is to be read by journal_saved_load() after a restart. A text that does not fit (JOURNAL_TEXT_MAX) or
 * a key too many is dropped and counted: half a text would be a wrong one. */
void worker_save(const char *key, const char *text);

struct worker_stats {
    struct {
        unsigned queued; /* waiting now */
        uint64_t written;
        uint64_t dropped;
    } of[WORKER_KINDS];
    uint64_t held_back;            /* lines that only repeated */
    int64_t log_busy_since_us;     /* base/clock.h; the line that is being written now; 0: none */
    int64_t journal_busy_since_us; /* the same of the journal: old means that its disk hangs */
    int64_t journal_written_us;    /* last success; 0: none yet */
    bool journal_failing;          /* the last try failed */
    char last_error[512];          /* of the journal; "" if there was none, kept after it recovered */
    int64_t last_error_wall_us;
};

void worker_stats_read(struct worker_stats *out);

/* One sentence for status, check and alerts of what is wrong now: a hanging disk or syslog (for `patience_us`
 * or longer), a failing journal. False, and "": nothing. */
bool worker_trouble(const struct worker_stats *s, int64_t now_us, int64_t patience_us, char *out,
                    size_t size);

#endif
