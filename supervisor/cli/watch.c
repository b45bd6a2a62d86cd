#include "cli/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/ask.h"
#include "cli/fetch.h"
#include "cli/status_print.h"

#define PERIOD_MS 500

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
    if (number != SIGWINCH)
        signalled = number;
}

static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};

static void watch_signals(bool on)
{
    struct sigaction action = {.sa_handler = on ? on_signal : SIG_DFL};
    for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
        sigaction(watched[i], &action, NULL);
}

static void put(const char *text, size_t length)
{
    while (length) {
        ssize_t n = write(STDOUT_FILENO, text, length);
        if (n < 0 && errno != EINTR)
            return; /* the terminal is gone: SIGHUP or poll() ends the view */
        text += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
}

/* The alternate screen without a cursor, keys at once and unseen. */
static void enter(const struct termios *before)
{
    static const char sequence[] = "\033[?1049h\033[?25l\033[2J";
    struct termios raw = *before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    put(sequence, sizeof(sequence) - 1);
}

static void leave(const struct termios *before)
{
    static const char sequence[] = "\033[?25h\033[?1049l";
    put(sequence, sizeof(sequence) - 1);
    tcsetattr(STDIN_FILENO, TCSANOW, before);
}

static void suspend(const struct termios *before)
{
    leave(before);
    watch_signals(false);
    raise(SIGTSTP);
    watch_signals(true);
    enter(before);
}

/* Each line overwrites the one before and clears what is left of it, so that nothing flickers; what does not
 * fit above the footer is left out. */
static void draw(const char *text, const char *footer, int height)
{
    char *frame = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&frame, &size);
    if (!out)
        abort(); /* memory is exhausted, see base/mem.h */
    fputs("\033[H", out);
    for (int row = 1; *text && (!height || row < height); row++) {
        size_t length = strcspn(text, "\n");
        fprintf(out, "%.*s\033[K\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
    fprintf(out, "%s\033[K\033[J", footer);
    fclose(out);
    put(frame, size);
    free(frame);
}

static const char *format_footer(const struct terminal *t, char *out, size_t size)
{
    time_t now = (time_t)(clock_wall_us() / 1000000);
    struct tm tm;
    char when[16] = "";
    if (localtime_r(&now, &tm))
        strftime(when, sizeof(when), "%H:%M:%S", &tm);
    snprintf(out, size, "%s%s   q ends%s", terminal_begin(t, PAINT_DIM), when, terminal_end(t));
    return out;
}

static void show(const struct cli *cli, struct ask **a)
{
    struct report *r = mem_zalloc(sizeof(*r));
    struct terminal t;
    struct err e;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    terminal_look(&t, STDOUT_FILENO);
    char why[sizeof(e.text)], footer[64];
    enum ask_result result = ask_report(a, cli->settings->node.run_dir, r, &e);
    snprintf(why, sizeof(why), "%s", e.text);
    struct direct_options servers = {.why = why, .limit_ms = DIRECT_LIMIT_MS, .audited = true};
    if (result == ASK_DONE || (result == ASK_SILENT && fetch_directly(cli->config_dir, &servers, r, &e)))
        status_print(r, &t, out);
    else
        terminal_wrap(&t, out, 0, 0, e.text);
    fputc('\n', out);
    fclose(out);
    draw(text, format_footer(&t, footer, sizeof(footer)), t.height);
    free(text);
    free(r);
}

/* Waits a period; false when q was typed, or nobody types any more. */
static bool wait_for_key(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    char key;
    if (poll(&p, 1, PERIOD_MS) <= 0)
        return true;
    return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q' && key != 4;
}

int watch_run(const struct cli *cli)
{
    struct termios before;
    struct ask *a = NULL;
    if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0) {
        fputs("mysql-replcheck status --watch: needs a terminal\n", stderr);
        return EXIT_USAGE;
    }
    signalled = 0;
    watch_signals(true);
    enter(&before);
    do {
        if (signalled == SIGTSTP) {
            signalled = 0;
            suspend(&before);
        }
        show(cli, &a);
    } while (wait_for_key() && (!signalled || signalled == SIGTSTP));
    leave(&before);
    watch_signals(false);
    ask_close(&a);
    if (signalled && signalled != SIGINT)
        raise(signalled);
    return EXIT_DONE;
}
