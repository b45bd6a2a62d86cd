/* Asking the daemon over its control socket (wire/control_proto.h). Blocks, each step within its deadline. */
#ifndef REPLCHECK_CLI_ASK_H
#define REPLCHECK_CLI_ASK_H

#include "base/err.h"
#include "model/report.h"
#include "wire/control_proto.h"

#define ASK_PATIENCE_MS 3000 /* for what is answered at once */

struct ask;

/* NULL: nobody listens there; `e` says what to do. */
struct ask *ask_open(const char *run_dir, struct err *e);
void ask_close(struct ask **a);

enum ask_result {
    ASK_DONE,
    ASK_SILENT, /* no daemon, or none that answers in time: `e` */
    ASK_REFUSED /* it answered: `e` is what it said, or why that was not understood */
};

/* ASK_DONE: the answer is yes; release it with control_answer_clear(). */
MUST_CHECK enum ask_result ask_request(struct ask *a, const struct control_request *request, int patience_ms,
                                       struct control_answer *out, struct err *e);

/* Opens, asks and closes. */
MUST_CHECK enum ask_result ask_once(const char *run_dir, const struct control_request *request,
                                    int patience_ms, struct control_answer *out, struct err *e);

/* The daemon's report; opens *a where it is NULL, and closes it when the daemon is silent. */
enum ask_result ask_report(struct ask **a, const char *run_dir, struct report *out, struct err *e);

#endif
