#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/mem.h"

/* libconfig 1.5 loses the buffer of a text that a syntax error follows: once per bad file, which an operator
 * mends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append\nleak:strbuf_ensure_capacity\nleak:libconfig.so\n";
}

const struct fuzz_target fuzz_targets[] = {
    {"yaml", fuzz_yaml, 4096},
    {"conf", fuzz_conf, 2048},
    {"value", fuzz_value, 256},
    {"gtid", fuzz_gtid, 1024},
    {"ledger", fuzz_ledger, 1024},
    {"rows", fuzz_rows, 4096},
    {"audit", fuzz_audit, 4096},
    {"netlink", fuzz_netlink, 512},
    {"sock_diag", fuzz_sock_diag, 512},
    {"control", fuzz_control, 4200},
    {"stream", fuzz_stream, 9000},
    {"report", fuzz_report, 16384},
    {"explain", fuzz_explain, 8192},
    {"etcd", fuzz_etcd, 4096},
    {"text", fuzz_text_forms, 512},
    {"binlog", fuzz_binlog, 8192},
    {"binlog_tail", fuzz_binlog_tail, 1024},
    {"journal", fuzz_journal, 16384},
    {"history", fuzz_history, 2048},
    {"fencer", fuzz_fencer, 4096},
    {"process", fuzz_process, 1024},
    {"session", fuzz_session, 2048},
    {"estate", fuzz_estate, 2048},
    {"threshold", fuzz_threshold, 80},
    {"answer", fuzz_answer, 4096},
    {"extra_opts", fuzz_extra_opts, 1024},
};
const size_t fuzz_target_count = sizeof(fuzz_targets) / sizeof(fuzz_targets[0]);

const struct fuzz_target *fuzz_find(const char *name)
{
    for (size_t i = 0; i < fuzz_target_count; i++)
        if (strcmp(fuzz_targets[i].name, name) == 0)
            return &fuzz_targets[i];
    return NULL;
}

void fuzz_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = mem_zalloc(size + 1);
    if (size)
        memcpy(text, data, size);
    return text;
}

char *fuzz_line(char **rest)
{
    char *line = *rest;
    if (!line)
        return NULL;
    char *end = strchr(line, '\n');
    *rest = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    return line;
}

uint64_t fuzz_number(struct fuzz_bytes *b, size_t bytes)
{
    uint64_t n = 0;
    for (; bytes && b->left; bytes--, b->left--)
        n = n << 8 | *b->at++;
    return n;
}

void fuzz_word(struct fuzz_bytes *b, char *out, size_t most)
{
    size_t length = (size_t)fuzz_number(b, 2) % (most + 1), kept = 0;
    for (; length && b->left; length--, b->left--, b->at++)
        if (*b->at)
            out[kept++] = (char)*b->at;
    out[kept] = '\0';
}

static char folder[64];

static void remove_folder(void)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));)
        unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(folder);
}

const char *fuzz_folder(void)
{
    static const char *const places[] = {"/dev/shm", "/tmp"};
    for (size_t i = 0; i < 2 && !folder[0]; i++) {
        snprintf(folder, sizeof(folder), "%s/replcheck-fuzz-XXXXXX", places[i]);
        if (!mkdtemp(folder))
            folder[0] = '\0';
        else
            atexit(remove_folder);
    }
    if (!folder[0])
        abort();
    return folder;
}

bool fuzz_is_printable(const char *text)
{
    json_t *json = json_string(text); /* NULL where it is not UTF-8 */
    bool utf8 = json != NULL;
    json_decref(json);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0)) /* U+0080 to U+009F, too */
            return false;
    return utf8;
}
