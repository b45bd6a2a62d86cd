/* Runs the targets on what is in the corpus, without a fuzzer: each file as it is, cut short, and with some
 * bytes changed, always the same ones.
 *
 *   replay FOLDER          every target on FOLDER/NAME/, as TAP
 *   replay NAME FILE...    one target on these files as they are
 *   replay --list          the targets' names and greatest sizes */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "fuzz.h"

#define CUTS      24 /* of each file */
#define CHANGES   40
#define BUDGET_US CLOCK_MS(700) /* of each target: beyond it the files are run as they are */

struct input {
    uint8_t *data;
    size_t size;
};

/* Of the sanitizers, where they are linked. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static const char *running = "";

static void say(const char *text)
{
    (void)!write(STDERR_FILENO, text, strlen(text));
}

/* Which input it was: what ends the process tells only where. */
static void tell_input(void)
{
    say("while running: ");
    say(running);
    say(", or a variation of it\n");
}

static void on_signal(int number)
{
    tell_input();
    signal(number, SIG_DFL);
    raise(number);
}

static void forget(enum log_level level, const char *line)
{
    (void)level, (void)line;
}

static bool load(const char *path, struct input *in)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    in->data = mem_zalloc(1 << 20);
    in->size = fread(in->data, 1, 1 << 20, f);
    fclose(f);
    return true;
}

/* On a block of just this size, so that reading beyond it is seen. */
static void run_exact(const struct fuzz_target *t, const uint8_t *data, size_t size)
{
    uint8_t *copy = mem_zalloc(size ? size : 1);
    if (size)
        memcpy(copy, data, size);
    t->run(copy, size);
    free(copy);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
    return *state >> 8;
}

static void vary(const struct fuzz_target *t, const struct input *in, int64_t until_us)
{
    uint32_t state = (uint32_t)in->size + 20240607;
    uint8_t *copy = mem_zalloc(in->size + 1);
    for (size_t i = 0; i < CUTS && clock_now_us() < until_us; i++)
        run_exact(t, in->data, in->size * i / CUTS);
    for (size_t i = 0; i < CHANGES && in->size && clock_now_us() < until_us; i++) {
        memcpy(copy, in->data, in->size);
        for (uint32_t n = next_random(&state) % 4 + 1; n; n--)
            copy[next_random(&state) % in->size] = (uint8_t)next_random(&state);
        run_exact(t, copy, in->size);
    }
    free(copy);
}

static int run_folder(const struct fuzz_target *t, const char *folder)
{
    int64_t until_us = clock_now_us() + BUDGET_US;
    struct dirent **names;
    char path[PATH_MAX];
    int ran = 0, count = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        struct input in = {NULL, 0};
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        running = path;
        if (names[i]->d_name[0] != '.' && load(path, &in)) {
            run_exact(t, in.data, in.size);
            vary(t, &in, until_us);
            ran++;
        }
        free(in.data);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    running = "";
    return ran;
}

static int run_all(const char *corpus)
{
    int failed = 0;
    printf("1..%zu\n", fuzz_target_count);
    for (size_t i = 0; i < fuzz_target_count; i++) {
        char *folder = mem_printf("%s/%s", corpus, fuzz_targets[i].name);
        int ran = run_folder(&fuzz_targets[i], folder);
        free(folder);
        failed |= ran == 0;
        printf("%sok %zu - %s takes %d inputs\n", ran ? "" : "not ", i + 1, fuzz_targets[i].name, ran);
        fflush(stdout);
    }
    return failed;
}

static int run_files(const struct fuzz_target *t, char **paths)
{
    for (; *paths; paths++) {
        struct input in;
        running = *paths;
        if (!load(*paths, &in)) {
            perror(*paths);
            return 1;
        }
        run_exact(t, in.data, in.size);
        free(in.data);
    }
    return 0;
}

static int list(void)
{
    for (size_t i = 0; i < fuzz_target_count; i++)
        printf("%s %zu\n", fuzz_targets[i].name, fuzz_targets[i].most);
    return 0;
}

int main(int argc, char **argv)
{
    const struct fuzz_target *t = argc > 1 ? fuzz_find(argv[1]) : NULL;
    char corpus[PATH_MAX];
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(tell_input);
    else
        signal(SIGSEGV, on_signal);
    signal(SIGABRT, on_signal);
    log_set_sink(forget);
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    if (t)
        return run_files(t, argv + 2);
    /* As a test of automake's it is given no argument. */
    snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus", getenv("srcdir") ? getenv("srcdir") : ".");
    return run_all(argc > 1 ? argv[1] : corpus);
}
