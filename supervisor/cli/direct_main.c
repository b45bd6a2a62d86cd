/* replcheck-direct: `mysql-replcheck check` as a program of its own, which the plugin starts where no
 * supervisor answers. It takes the same words.
 *
 * A look at two servers that answer at once is over before most programs have begun, so what it costs is what
 * is loaded. Left out are SQLite and libsmartcols, which other commands need: 0.7 of 4.9 ms. And libmariadb
 * finds two functions here before those of the libraries. All figures are of processor time. Where TLS is
 * spoken, what the second of them spares is paid later. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/core.h"
#include "cli/argument.h"
#include "cli/command.h"

/* Stands before the C library's: libmariadb asks it once for the port of "mysql", which no session of ours
 * wants to know. Where the name service is to look into databases that are not installed, as it is on Debian,
 * that costs 90 opened files, 0.25 ms. */
struct servent *getservbyname(const char *name, const char *proto)
{
    (void)name, (void)proto;
    return NULL;
}

/* Stands before OpenSSL's: libmariadb begins with it, TLS or not, which costs 0.5 ms and 2 MiB. OpenSSL
 * begins by itself where TLS is spoken, with the system's
 * configuration all the same: every later call is its own. */
int OPENSSL_init_ssl(uint64_t options, const void *settings);
int OPENSSL_init_ssl(uint64_t options, const void *settings)
{
    static int calls;
    int (*theirs)(uint64_t, const void *);
    if (__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED) == 0)
        return 1;
    *(void **)&theirs = dlsym(RTLD_NEXT, "OPENSSL_init_ssl");
    return theirs ? theirs(options, settings) : 0;
}

int main(int argc, char **argv)
{
    struct cli cli = {.config_dir = COMMAND_CONFIG_DIR};
    struct err e = {.text = ""};
    core_forbid();
    if (argument_config_dir(&argc, argv, &cli.config_dir, &e) && argc > 1 && strcmp(argv[1], "check") == 0)
        return check_main(&cli, argc - 1, argv + 1);
    printf("REPLCHECK UNKNOWN - %s\n", e.text[0] ? e.text : "the first word is to be: check");
    return 3;
}
