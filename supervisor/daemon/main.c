#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core.h"
#include "base/log.h"
#include "config.h"
#include "daemon/background.h"
#include "daemon/check_config.h"
#include "daemon/exit_status.h"
#include "daemon/fencer.h"
#include "daemon/handover.h"
#include "daemon/helpers.h"
#include "daemon/log_socket.h"
#include "daemon/privileges.h"
#include "daemon/run_dir.h"
#include "daemon/supervisor.h"
#include "daemon/upgrade_request.h"
#include "settings/settings.h"

#define PROGRAM         "mysql-replcheckd"
#define SETTINGS_FORMAT 1

struct arguments {
    char config_dir[PATH_MAX];
    bool foreground;
    bool check;
    bool upgrade;
    bool supervisor;
    const char *estate; /* the format of a running fencer's state, NULL: not asked */
    const char *helper; /* which; NULL: none */
};

static const char usage[] =
    "Usage: " PROGRAM " [--config DIR] [--foreground]\n"
    "       " PROGRAM " [--config DIR] --check-config | --upgrade\n"
    "Supervises the MariaDB server of this node and its replication with the other.\n"
    "\n"
    "  --config DIR    folder of cluster.yaml and node.conf (default /etc/mysql-replcheck)\n"
    "  --foreground    do not go to the background; log to stderr\n"
    "  --check-config  read the configuration, say what it means, and exit; needs no privilege\n"
    "  --upgrade       have the running daemon become this version, with no change of role\n"
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
                                            {"upgrade", no_argument, NULL, 'u'},
                                            {HANDOVER_OPTION, no_argument, NULL, 's'},
                                            {HANDOVER_TAKES, required_argument, NULL, 't'},
                                            {HELPERS_OPTION, required_argument, NULL, 'p'},
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
        else if (option == 'u')
            a->upgrade = true;
        else if (option == 's')
            a->supervisor = true;
        else if (option == 't')
            a->estate = optarg;
        else if (option == 'p')
            a->helper = optarg;
        else if (option == 'v' || option == 'h') {
            printf("%s", option == 'v' ? PROGRAM " " PACKAGE_VERSION "\n" : usage);
            *status = fflush(stdout) == 0 ? 0 : EXIT_REFUSED;
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

/* Is standard error the journal's? Then syslog reaches it too, and with a level on each line. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
           st.st_dev == device && st.st_ino == inode;
}

static bool logs_to_stderr(const struct arguments *a)
{
    return a->foreground && !stderr_is_journal();
}

static int ask_for_upgrade(const struct arguments *a)
{
    struct err e;
    if (!settings_load_without_secrets(&settings, a->config_dir, &e))
        return fail(EXIT_CONFIGURATION, &e);
    return upgrade_request(settings.node.run_dir, &e) ? 0 : fail(EXIT_REFUSED, &e);
}

static void open_log(const struct arguments *a, const char *role)
{
    char name[64];
    snprintf(name, sizeof(name), "%s%s", settings.node.node, role);
    log_set_name(name);
    log_set_level((enum log_level)settings.node.syslog.level);
    if (!logs_to_stderr(a))
        log_socket_open(settings.node.syslog.facility, PROGRAM);
}

/* ---- the supervisor ---- */

/* From a memory file; fencer and supervisor choose by the same rule, so that both use the same. */
static bool take_settings(int fd, struct err *e)
{
    return handover_read(fd, PACKAGE_VERSION, SETTINGS_FORMAT, &settings, sizeof(settings), e);
}

/* What the fencer read is what counts, for it was valid; unless a reload came since, or its layout is
 * another's. The secrets are in it where the fencer could read them. */
static bool choose_settings(const struct arguments *a, struct err *e)
{
    static struct settings read;
    bool handed = take_settings(HANDOVER_SETTINGS_FD, e);
    bool fresh = (!handed || getenv(HANDOVER_RELOADED)) && settings_load(&read, a->config_dir, e) &&
                 (!handed || settings_reloadable(&settings, &read, e));
    if (fresh)
        settings = read;
    else if (handed && getenv(HANDOVER_RELOADED))
        log_warning("going on with the configuration that the fencer started with: %s", e->text);
    return fresh || (handed && settings_complete_secrets(&settings, e));
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
    return supervisor_main(&settings, a->config_dir, HANDOVER_SOCKET_FD, logs_to_stderr(a));
}

/* ---- the fencer ---- */

/* One folder for both kinds of start; of a unit's, tmpfiles.d has made them. */
static bool take_folders(const struct privileges *p, struct fencer_start *start, struct err *e)
{
    const struct local_settings *n = &settings.node;
    return run_dir_make(n->run_dir, p->run_uid, p->run_gid, 02775, e) &&
           run_dir_make(n->state_dir, p->run_uid, p->run_gid, 0750, e) &&
           (start->lock_fd = run_dir_lock(n->run_dir, p->fence_uid, e)) >= 0 &&
           run_dir_write_pid(n->run_dir, e);
}

/* In order; afterwards this process is the fencer's user, and knows no password but in the file for its
 * supervisors. */
static bool prepare(struct fencer_start *start, struct err *e)
{
    const struct local_settings *n = &settings.node;
    bool root = geteuid() == 0;
    struct privileges p;
    if (!privileges_find(&p, n->run_as, n->fencer.user, e) || (!root && !privileges_stay_fencer(&p, e)))
        return false;
    if (!start->foreground && !background_go(PROGRAM, &start->ready_fd, e))
        return false;
    if (!take_folders(&p, start, e))
        return false;
    start->settings_fd = handover_write(PACKAGE_VERSION, SETTINGS_FORMAT, &settings, sizeof(settings), e);
    settings_forget_secrets(&settings);
    if (start->settings_fd < 0 || !(root ? helpers_fork(start, &p, e) : helpers_connect(start, e)))
        return false;
    privileges_hurry();
    if (root && !privileges_become_fencer(&p, e))
        return false;
    if (!start->foreground)
        background_detach_stdio();
    return true;
}

/* Of a term that was left: folders and helpers are there, the rest is this process's own. */
static bool resume(const struct fencer_start *start, struct err *e)
{
    const struct local_settings *n = &settings.node;
    bool root = geteuid() == 0;
    struct privileges p;
    settings_forget_secrets(&settings);
    if (!privileges_find(&p, n->run_as, n->fencer.user, e) || (!root && !privileges_stay_fencer(&p, e)))
        return false;
    if (!run_dir_adopt(start->lock_fd, e) || !run_dir_write_pid(n->run_dir, e))
        return false;
    privileges_hurry();
    return !root || privileges_become_fencer(&p, e);
}

/* A fencer that is no root cannot read the secrets, and its supervisors do. */
static bool load_settings(const struct arguments *a, const struct fencer_start *start, bool upgraded,
                          struct err *e)
{
    if (upgraded && take_settings(start->settings_fd, e)) {
        settings_forget_secrets(&settings);
        return true;
    }
    return geteuid() == 0 ? settings_load(&settings, a->config_dir, e)
                          : settings_load_without_secrets(&settings, a->config_dir, e);
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
    if (!load_settings(a, &start, upgraded, &e))
        return fail(EXIT_CONFIGURATION, &e);
    if (chdir("/") != 0 || !(start.left ? resume(&start, &e) : upgraded || prepare(&start, &e)))
        return fail(EXIT_REFUSED, &e);
    if (upgraded)
        privileges_hurry(); /* locked memory ends with an exec */
    umask(022);
    open_log(a, "/fencer");
    if (!run_dir_in_memory(settings.node.run_dir))
        log_warning(
            "run_dir %s is on a disk: should that hang, a fence waits for it; use a tmpfs, as /run is one",
            settings.node.run_dir);
    return fencer_run(&start);
}

static int run_helper(const struct arguments *a)
{
    struct err e;
    if (!settings_load_without_secrets(&settings, a->config_dir, &e))
        return fail(EXIT_CONFIGURATION, &e);
    bool ok = chdir("/") == 0 && helpers_serve(a->helper, &settings, a->config_dir, a->foreground, &e);
    return ok ? 0 : fail(EXIT_REFUSED, &e);
}

int main(int argc, char **argv)
{
    struct arguments a = {.foreground = false};
    int status;
    prctl(PR_SET_NAME, PROGRAM);
    if (!parse_arguments(&a, argc, argv, &status))
        return status;
    core_forbid();
    if (a.check)
        return check_config(a.config_dir, a.estate);
    if (a.upgrade)
        return ask_for_upgrade(&a);
    if (a.helper)
        return run_helper(&a);
    return a.supervisor ? run_supervisor(&a) : run_fencer(&a);
}
