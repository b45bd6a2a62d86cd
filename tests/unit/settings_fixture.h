/* A valid configuration in a folder of its own, which a named case changes in a few places. */
#ifndef REPLCHECK_TESTS_SETTINGS_FIXTURE_H
#define REPLCHECK_TESTS_SETTINGS_FIXTURE_H

#include "config.h"

#include <stddef.h>

#include "settings/settings.h"

#define FIXTURE_EDITS 4

/* What is said of a configuration with etcd, where the program could ask one. */
#ifdef HAVE_LIBCURL
#define ETCD(complaint) complaint
#else
#define ETCD(complaint) "quorum.witness.kind: found \"etcd\", which needs libcurl"
#endif

struct fixture_edit {
    const char *from; /* must occur; "" = the whole file; NULL = the end of the file */
    const char *to;   /* "@SECRET@" becomes the path of the secret file */
};

struct fixture_case {
    const char *name;
    const char *fragment; /* of the error; NULL = it loads */
    struct fixture_edit cluster[FIXTURE_EDITS];
    struct fixture_edit node[FIXTURE_EDITS];
};

/* cmocka's group functions: make and remove the folder. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

const char *fixture_dir(void);
const char *fixture_secret_path(void);
void fixture_write(const char *name, const void *content, size_t size, unsigned mode);

/* Writes both files and a good secret, the case's changes made. */
void fixture_write_case(const struct fixture_case *c);
/* Loads each case and fails with its name where the outcome is another. */
void fixture_run(const struct fixture_case *cases, size_t count);
/* Loads a case that must load. */
void fixture_load(struct settings *s, const struct fixture_case *c);

/* Reads a file below the source tree; the caller frees it. */
char *fixture_read_source(const char *path);

#endif
