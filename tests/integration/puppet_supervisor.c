/* A supervisor on strings: the real fencer's child, moved by a test over a socket.
 *
 * It connects to CONFIG_DIR/puppet.sock, obeys one line at a time ("hello", "prepare EPOCH", "arm EPOCH MS
 * VIP", "hold EPOCH MS VIP" = arm so every 250 ms until "let-go", "maintenance", "disarm", "fence REASON",
 * "upgrade", "exit STATUS"), and tells as lines of key=value what the fencer says, with the time of its
 * arrival. */
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/tri.h"
#include "daemon/fencer_link.h"
#include "daemon/supervisor.h"

struct puppet {
    struct event_base *base;
    struct fencer_link *link;
    struct event *strings;
    struct event *beat;
    int fd;
    int status;
    unsigned long long epoch;
    int hold_ms;
    int vip;
    bool stays;
};

static void tell(struct puppet *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct puppet *p, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof(line) - 1, format, args);
    va_end(args);
    line[length++] = '\n';
    if (write(p->fd, line, (size_t)length) != length)
        _exit(3);
}

static void tell_message(struct puppet *p, const struct fencer_message *m)
{
    int64_t now_us = clock_now_us();
    tell(p,
         "kind=%s at_us=%lld seq=%llu epoch=%llu left_ms=%lld votes=%u vip=%u pid=%d read_only=%s "
         "write_lock=%s "
         "alive=%s certifiable=%s fencing=%u reset=%s ok=%u file=%s size=%llu text=%s",
         fencer_message_name(m->kind), (long long)now_us, (unsigned long long)m->seq,
         (unsigned long long)m->epoch, m->deadline_us ? (long long)(m->deadline_us - now_us) / 1000 : -1,
         m->votes, m->peer_can_take_vip, m->pid, tri_name((enum tri)m->read_only),
         tri_name((enum tri)m->write_lock), tri_name((enum tri)m->alive), tri_name((enum tri)m->certifiable),
         m->fencing, tri_name((enum tri)m->reset), m->ok, m->file, (unsigned long long)m->size, m->text);
}

static void on_message(void *arg, const struct fencer_message *m)
{
    tell_message(arg, m);
}

static void on_restart(void *arg)
{
    struct puppet *p = arg;
    tell(p, "kind=RESTART");
    event_base_loopbreak(p->base);
}

static void on_gone(void *arg, const char *reason)
{
    struct puppet *p = arg;
    tell(p, "kind=GONE text=%s", reason);
    p->status = 1;
    event_base_loopbreak(p->base);
}

static void arm(struct puppet *p, unsigned long long epoch, int ms, int vip)
{
    int64_t now_us = clock_now_us();
    struct fencer_arm order = {epoch, now_us + CLOCK_MS(ms), 5, vip != 0, now_us, p->stays};
    fencer_link_arm(p->link, &order);
}

static void on_beat(evutil_socket_t fd, short what, void *arg)
{
    struct puppet *p = arg;
    (void)fd, (void)what;
    if (p->hold_ms)
        arm(p, p->epoch, p->hold_ms, p->vip);
}

static void obey(struct puppet *p, const char *line)
{
    unsigned long long epoch = 0;
    int ms = 0;
    int vip = 0;
    if (sscanf(line, "arm %llu %d %d", &epoch, &ms, &vip) == 3)
        arm(p, epoch, ms, vip);
    else if (sscanf(line, "hold %llu %d %d", &p->epoch, &p->hold_ms, &p->vip) == 3)
        arm(p, p->epoch, p->hold_ms, p->vip);
    else if (sscanf(line, "prepare %llu", &epoch) == 1)
        fencer_link_prepare(p->link, epoch);
    else if (strcmp(line, "maintenance") == 0)
        p->stays = true;
    else if (strcmp(line, "hello") == 0)
        fencer_link_hello(p->link);
    else if (strcmp(line, "let-go") == 0)
        p->hold_ms = 0;
    else if (strcmp(line, "disarm") == 0)
        fencer_link_disarm(p->link);
    else if (strncmp(line, "fence ", 6) == 0)
        fencer_link_fence(p->link, line + 6, false);
    else if (strncmp(line, "fence-ends ", 11) == 0)
        fencer_link_fence(p->link, line + 11, true);
    else if (strcmp(line, "upgrade") == 0)
        fencer_link_upgrade(p->link);
    else if (sscanf(line, "exit %d", &p->status) == 1)
        event_base_loopbreak(p->base);
    else
        tell(p, "kind=UNKNOWN text=%s", line);
}

static void on_strings(evutil_socket_t fd, short what, void *arg)
{
    static char text[4096];
    static size_t used;
    ssize_t got = read(fd, text + used, sizeof(text) - 1 - used);
    (void)what;
    if (got <= 0)
        _exit(3);
    used += (size_t)got;
    text[used] = 0;
    for (char *end; (end = strchr(text, '\n'));) {
        *end = 0;
        obey(arg, text);
        used -= (size_t)(end + 1 - text);
        memmove(text, end + 1, used + 1);
    }
}

static int connect_strings(const char *config_dir)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof(to.sun_path), "%.80s/puppet.sock", config_dir);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        perror(to.sun_path);
        exit(3);
    }
    return fd;
}

int supervisor_main(const struct settings *settings, const char *config_dir, int fencer_fd, bool foreground)
{
    (void)foreground;
    struct puppet p = {.fd = connect_strings(config_dir)};
    struct timeval quarter = {0, 250000};
    (void)settings;
    p.base = event_base_new();
    tell(&p, "kind=PUPPET pid=%d uid=%d gid=%d", (int)getpid(), (int)geteuid(), (int)getegid());
    p.link = fencer_link_new(p.base, fencer_fd,
                             &(struct fencer_link_events){.state = on_message,
                                                          .ack = on_message,
                                                          .dead = on_message,
                                                          .fenced = on_message,
                                                          .restart = on_restart,
                                                          .gone = on_gone,
                                                          .arg = &p});
    p.strings = event_new(p.base, p.fd, EV_READ | EV_PERSIST, on_strings, &p);
    p.beat = event_new(p.base, -1, EV_PERSIST, on_beat, &p);
    event_add(p.strings, NULL);
    event_add(p.beat, &quarter);
    event_base_dispatch(p.base);
    return p.status;
}
