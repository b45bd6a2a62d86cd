/* What is fed to the parsers: one target for each, which takes any bytes and knows what must hold for
 * whatever they are (FUZZ_CHECK; the sanitizers see to the rest). A fuzzer runs a target millions of times
 * with inputs of its own making (entry.c, built by clang), `make check` with those of corpus/NAME/ and their
 * variations (replay.c, built by any compiler).
 *
 * A target keeps nothing between two inputs, writes nowhere but below fuzz_folder(), and never waits for
 * time. */
#ifndef REPLCHECK_TESTS_FUZZ_H
#define REPLCHECK_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
    const char *name;
    void (*run)(const uint8_t *data, size_t size);
    size_t most; /* bytes: longer inputs find nothing new, only later */
};

extern const struct fuzz_target fuzz_targets[];
extern const size_t fuzz_target_count;

/* NULL if there is none of this name. */
const struct fuzz_target *fuzz_find(const char *name);

#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
void fuzz_fail(const char *file, int line, const char *what) __attribute__((noreturn));

/* A copy on the heap with a NUL behind it, so that reading beyond it is seen. The caller frees it. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Cuts the next line off a text of fuzz_text(), in place; NULL at the end. */
char *fuzz_line(char **rest);

/* The next bytes of an input, as a number; 0 once it is used up. */
struct fuzz_bytes {
    const uint8_t *at;
    size_t left;
};
uint64_t fuzz_number(struct fuzz_bytes *b, size_t bytes);

/* Up to `most` bytes from `b`, without a NUL, as a text that fits `out` of most + 1. */
void fuzz_word(struct fuzz_bytes *b, char *out, size_t most);

/* A folder of this process's own in memory, made at first use and removed at the end. */
const char *fuzz_folder(void);

/* One line of UTF-8 without control characters? */
bool fuzz_is_printable(const char *text);

/* Everything that the monitoring plugin may print of a report is lines of text. */
struct report;
void fuzz_check_plugin(const struct report *r);

void fuzz_yaml(const uint8_t *data, size_t size);
void fuzz_conf(const uint8_t *data, size_t size);
void fuzz_value(const uint8_t *data, size_t size);
void fuzz_gtid(const uint8_t *data, size_t size);
void fuzz_ledger(const uint8_t *data, size_t size);
void fuzz_rows(const uint8_t *data, size_t size);
void fuzz_audit(const uint8_t *data, size_t size);
void fuzz_netlink(const uint8_t *data, size_t size);
void fuzz_sock_diag(const uint8_t *data, size_t size);
void fuzz_control(const uint8_t *data, size_t size);
void fuzz_stream(const uint8_t *data, size_t size);
void fuzz_report(const uint8_t *data, size_t size);
void fuzz_explain(const uint8_t *data, size_t size);
void fuzz_etcd(const uint8_t *data, size_t size);
void fuzz_text_forms(const uint8_t *data, size_t size);
void fuzz_binlog(const uint8_t *data, size_t size);
void fuzz_binlog_tail(const uint8_t *data, size_t size);
void fuzz_journal(const uint8_t *data, size_t size);
void fuzz_history(const uint8_t *data, size_t size);
void fuzz_fencer(const uint8_t *data, size_t size);
void fuzz_estate(const uint8_t *data, size_t size);
void fuzz_process(const uint8_t *data, size_t size);
void fuzz_session(const uint8_t *data, size_t size);
void fuzz_threshold(const uint8_t *data, size_t size);
void fuzz_answer(const uint8_t *data, size_t size);
void fuzz_extra_opts(const uint8_t *data, size_t size);

#endif
