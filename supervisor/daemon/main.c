#define _GNU_SOURCE /* SOCK_CLOEXEC, pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "config.h"
#include "daemon/estate.h"
#include "daemon/fencer.h"
#include "daemon/handover.h"
#include "daemon/log_socket.h"
#include "daemon/privileges.h"
#include "daemon/resetter.h"
#include "daemon/run_dir.h"
#include "daemon/spawner.h"
#include "daemon/supervisor.h"
#include "settings/settings.h"

#define PROGRAM             "mysql-replcheckd"
#define SETTINGS_FORMAT     1
#define SPAWNER_GRACE_MS(t) ((t).lease_ms + (t).fence_ms)

enum { EXIT_REFUSED = 1, EXIT_CONFIGURATION = 2 };

struct arguments {
    char config_dir[PATH_MAX];
    bool foreground;
    bool check;
    bool supervisor;
    const char *estate; /* the format of a running fencer's state, NULL: not asked */
};

static const char usage[] =
    "Usage: " PROGRAM " [--config DIR] [--foreground]\n"
    "       " PROGRAM " [--config DIR] --check-config\n"
    "Supervises the MariaDB server of this node and its replication with the other.\n"
    "\n"
    "  --config DIR    folder of cluster.yaml and node.conf (default /etc/mysql-replcheck)\n"
    "  --foreground    do not go to the background; log to stderr\n"
    "  --check-config  read the configuration, say what it means, and exit; needs no privilege\n"
    "  --version       print the version\n"
    "  --help          print this\n"
    "\n"
    "Exit status: 0 done, 1 refused or failed, 2 usage or configuration.\n";

static struct settings settings;

static int fail(int status, const struct err *e)
{
    fprintf(stderr, PROGRAM ": %s\n", e->text);
    return status;
}

/* An absolute path, for the daemon changes its folder. */
static void set_config_dir(struct arguments *a, const char *dir)
{
    if (!realpath(dir, a->config_dir))
        snprintf(a->config_dir, sizeof(a->config_dir), "%s", dir);
}

/* False: the process ends with *status. */
static bool parse_arguments(struct arguments *a, int argc, char **argv, int *status)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"foreground", no_argument, NULL, 'f'},
                                            {"check-config", no_argument, NULL, 'n'},
                                            {HANDOVER_OPTION, no_argument, NULL, 's'},
                                            {HANDOVER_TAKES, required_argument, NULL, 't'},
                                            {"version", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    set_config_dir(a, "/etc/mysql-replcheck");
    *status = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c')
            set_config_dir(a, optarg);
        else if (option == 'f')
            a->foreground = true;
        else if (option == 'n')
            a->check = true;
        else if (option == 's')
            a->supervisor = true;
        else if (option == 't')
            a->estate = optarg;
        else if (option == 'v' || option == 'h') {
            printf("%s", option == 'v' ? PROGRAM " " PACKAGE_VERSION "\n" : usage);
            return false;
        } else
            *status = EXIT_CONFIGURATION;
    }
    if (optind < argc) {
        fprintf(stderr, PROGRAM ": unexpected argument \"%s\"\n", argv[optind]);
        *status = EXIT_CONFIGURATION;
    }
    if (*status)
        fprintf(stderr, "Try '" PROGRAM " --help'.\n");
    return *status == 0;
}

static int check_configuration(const struct arguments *a)
{
    struct err e;
    bool ok = geteuid() == 0 ? settings_load(&settings, a->config_dir, &e)
                             : settings_load_without_secrets(&settings, a->config_dir, &e);
    if (!ok)
        return fail(EXIT_CONFIGURATION, &e);
    if (a->estate && !estate_takes(strtoul(a->estate, NULL, 10))) {
        err_set(&e, "the running version keeps its state in format %s, of which this version knows %d to %d", a->estate,
                ESTATE_OLDEST, ESTATE_FORMAT);
        return fail(EXIT_REFUSED, &e);
    }
    static const char *const tie_breakers[] = {"the last writer", "the witness", "the VIP"};
    const struct cluster_settings *c = &settings.cluster;
    const struct node_settings *self = &c->nodes[settings.node.self];
    const struct node_settings *peer = &c->nodes[1 - settings.node.self];
    printf("configuration ok: cluster %s, this node %s (%s), the other %s (%s); %s, %s, third vote: %s, "
           "lease %d ms\n",
           c->cluster, self->name, self->address, peer->name, peer->address,
           c->policy.write_mode == WRITE_MODE_SINGLE ? "one writer" : "two writers",
           c->policy.durability == DURABILITY_ASYNC ? "asynchronous" : "lossless",
           tie_breakers[c->quorum.tie_breaker], c->timing.lease_ms);
    return 0;
}

static void open_log(const struct arguments *a, const char *role)
{
    char name[64];
    snprintf(name, sizeof(name), "%s%s", settings.node.node, role);
    log_set_name(name);
    log_set_level((enum log_level)settings.node.syslog.level);
    if (!a->foreground)
        log_socket_open(settings.node.syslog.facility, PROGRAM);
}

/* ---- the supervisor ---- */

/* From a memory file; fencer and supervisor choose by the same rule, so that both use the same. */
static bool take_settings(int fd, struct err *e)
{
    return handover_read(fd, PACKAGE_VERSION, SETTINGS_FORMAT, &settings, sizeof(settings), e);
}

/* What the fencer read is what counts, for it was valid; unless a reload came since, or its layout is
 * another's. */
static bool choose_settings(const struct arguments *a, struct err *e)
{
    static struct settings read;
    bool handed = take_settings(HANDOVER_SETTINGS_FD, e);
    if (handed && !getenv(HANDOVER_RELOADED))
        return true;
    bool fresh =
        settings_load(&read, a->config_dir, e) && (!handed || settings_reloadable(&settings, &read, e));
    if (fresh)
        settings = read;
    else if (handed)
        log_warning("going on with the configuration that the fencer started with: %s", e->text);
    return fresh || handed;
}

static int run_supervisor(const struct arguments *a)
{
    struct err e;
    if (!choose_settings(a, &e))
        return fail(EXIT_CONFIGURATION, &e);
    close(HANDOVER_SETTINGS_FD);
    unsetenv(HANDOVER_RELOADED);
    fcntl(HANDOVER_SOCKET_FD, F_SETFD, FD_CLOEXEC);
    open_log(a, "");
    return supervisor_main(&settings, a->config_dir, HANDOVER_SOCKET_FD, a->foreground);
}

/* ---- the fencer ---- */

/* The process that was started waits for the daemon's first supervisor, and ends with what became of it. */
static int await_daemon(pid_t daemon, int ready)
{
    char byte;
    int status = 0;
    if (read(ready, &byte, 1) == 1)
        return 0;
    waitpid(daemon, &status, 0);
    fprintf(stderr, PROGRAM ": it did not come up; the reason is above or in the system's log\n");
    return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_REFUSED;
}

/* Returns in the daemon alone. */
static bool go_to_background(struct fencer_start *start, struct err *e)
{
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0)
        return err_set(e, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        return err_set(e, "fork: %s", strerror(errno));
    if (pid > 0) {
        close(ready[1]);
        _exit(await_daemon(pid, ready[0]));
    }
    close(ready[0]);
    start->ready_fd = ready[1];
    setsid();
    return true;
}

static void detach_stdio(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2 && null >= 0; fd++)
        dup2(null, fd);
    close(null);
}

/* A process of our own with a socket to it: its pid here, 0 there, -1 and `e`. */
static pid_t start_helper(int *fd, struct err *e)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
        err_set(e, "socketpair: %s", strerror(errno));
        return -1;
    }
    pid_t pid = fork();
    if (pid < 0)
        err_set(e, "fork: %s", strerror(errno));
    *fd = pair[pid == 0];
    close(pair[pid != 0]);
    return pid;
}

static bool start_spawner(const struct arguments *a, const struct privileges *p, int *fd, struct err *e)
{
    pid_t pid = start_helper(fd, e);
    if (pid != 0)
        return pid > 0;
    const struct spawner_options o = {*fd, a->config_dir, a->foreground,
                                      SPAWNER_GRACE_MS(settings.cluster.timing)};
    if (!privileges_become_supervisor(p, e))
        _exit(fail(EXIT_REFUSED, e));
    if (!a->foreground)
        detach_stdio();
    spawner_main(&o);
}

/* Where there is a VIP; as urgent as the fencer, for the VIP waits for it. */
static bool start_resetter(const struct arguments *a, const struct privileges *p, int *fd, struct err *e)
{
    *fd = -1;
    if (!settings.cluster.vip.address_count)
        return true;
    pid_t pid = start_helper(fd, e);
    if (pid != 0)
        return pid > 0;
    privileges_hurry();
    if (!privileges_become_resetter(p, e))
        _exit(fail(EXIT_REFUSED, e));
    if (!a->foreground)
        detach_stdio();
    resetter_main(*fd, &settings);
}

/* Everything that needs root, in order; afterwards this process is the fencer's user. */
static bool prepare(const struct arguments *a, struct fencer_start *start, struct err *e)
{
    const struct local_settings *n = &settings.node;
    struct privileges p;
    if (!privileges_find(&p, n->run_as, n->fencer.user, e))
        return false;
    if (!a->foreground && !go_to_background(start, e))
        return false;
    if (!run_dir_make(n->run_dir, p.run_uid, p.run_gid, 02775, e) ||
        !run_dir_make(n->state_dir, p.run_uid, p.run_gid, 0750, e))
        return false;
    if ((start->lock_fd = run_dir_lock(n->run_dir, e)) < 0 || !run_dir_write_pid(n->run_dir, e))
        return false;
    start->settings_fd = handover_write(PACKAGE_VERSION, SETTINGS_FORMAT, &settings, sizeof(settings), e);
    if (start->settings_fd < 0)
        return false;
    if (!start_spawner(a, &p, &start->spawner_fd, e) || !start_resetter(a, &p, &start->resetter_fd, e))
        return false;
    privileges_hurry();
    if (!privileges_become_fencer(&p, e))
        return false;
    if (!a->foreground)
        detach_stdio();
    return true;
}

static int run_fencer(const struct arguments *a)
{
    struct fencer_start start = {.settings = &settings,
                                 .config_dir = a->config_dir,
                                 .foreground = a->foreground,
                                 .resetter_fd = -1,
                                 .ready_fd = -1};
    struct err e;
    bool upgraded = fencer_was_upgraded(&start);
    if (!upgraded && geteuid() != 0) {
        fprintf(stderr,
                PROGRAM ": must be started as root, and then runs as fencer.user and run_as of node.conf; "
                        "--check-config needs no privilege\n");
        return EXIT_REFUSED;
    }
    bool loaded = upgraded ? (take_settings(start.settings_fd, &e) ||
                              settings_load_without_secrets(&settings, a->config_dir, &e))
                           : settings_load(&settings, a->config_dir, &e);
    if (!loaded)
        return fail(EXIT_CONFIGURATION, &e);
    if (chdir("/") != 0 || (!upgraded && !prepare(a, &start, &e)))
        return fail(EXIT_REFUSED, &e);
    umask(022);
    open_log(a, "/fencer");
    return fencer_run(&start);
}

int main(int argc, char **argv)
{
    struct arguments a = {.foreground = false};
    int status;
    prctl(PR_SET_NAME, PROGRAM);
    if (!parse_arguments(&a, argc, argv, &status))
        return status;
    if (a.check)
        return check_configuration(&a);
    return a.supervisor ? run_supervisor(&a) : run_fencer(&a);
}
