/* A recoverable failure: what, where and what to do, as one sentence for an operator.
 *
 * A function that can fail returns bool and takes a `struct err *` as its last argument; it fills it
 * exactly when it returns false. Low layers fill and return, the caller that handles it logs once. */
#ifndef REPLCHECK_BASE_ERR_H
#define REPLCHECK_BASE_ERR_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))

struct err {
    char text[512];
};

/* Formats the sentence (truncated to fit) and returns false, so that `return err_set(...)` reads well. */
bool err_set(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before what is there already. Returns false. */
bool err_prefix(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
