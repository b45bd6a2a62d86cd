/* Journals in a folder of the test's own: filled with events that are known, torn, and read again. What fails
 * here fails the test. */
#ifndef REPLCHECK_TESTS_JOURNALS_H
#define REPLCHECK_TESTS_JOURNALS_H

#include "io/journal.h"

#define JOURNALS_EVENTS 60 /* of journals_make() */

extern char journals_dir[64];
extern char journals_db[96]; /* the journal's path there */

/* To be called by main(): makes the folder and, where root may, mounts of its own; calls `run`; removes the
 * folder. */
int journals_run(const char *name, int (*run)(void));
/* Skips the test where there are none. */
void journals_need_mounts(void);

/* ---- files */

void journals_empty_dir(void); /* the folder */
/* The caller frees it. */
size_t journals_read_file(const char *path, char **out);
void journals_write_file(const char *path, const char *data, size_t size);
/* The path of the one file that was set aside; "" if there is none. */
void journals_find_aside(char *out, size_t size);

/* ---- journals */

struct journals_heard {
    unsigned count;
    unsigned foreign; /* not one of journals_event()'s */
    struct journal_event last;
};

struct journal_event journals_event(int i);
/* For journal_list(): `context` is a struct journals_heard. */
void journals_hear(const struct journal_event *event, void *context);
struct journals_heard journals_list(struct journal_filter filter);
struct journal *journals_open(unsigned keep, char *report);
/* Twenty at a time, each time with a saved position. */
void journals_write(struct journal *j, int from, int count);
/* A whole one, and nothing beside it. */
void journals_make(void);

#endif
