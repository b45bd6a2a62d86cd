/* For clang's libFuzzer: fuzz --target=NAME [libFuzzer's options] [FOLDER...]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fuzz_target *target;

static void forget(enum log_level level, const char *line)
{
    (void)level, (void)line;
}

/* What begins with "--" libFuzzer leaves alone, and gives to those that it starts. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    for (int i = 1; i < *argc; i++)
        if (strncmp((*argv)[i], "--target=", 9) == 0)
            target = fuzz_find((*argv)[i] + 9);
    if (!target) {
        fprintf(stderr, "usage: fuzz --target=NAME ..., of:");
        for (size_t i = 0; i < fuzz_target_count; i++)
            fprintf(stderr, " %s", fuzz_targets[i].name);
        fprintf(stderr, "\n");
        exit(2);
    }
    log_set_sink(forget);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size <= target->most)
        target->run(data, size);
    return 0;
}
