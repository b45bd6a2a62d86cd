#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "daemon/log_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

static const struct {
    const char *name;
    int code;
} facilities[] = {
    {"daemon", LOG_DAEMON}, {"user", LOG_USER},     {"mail", LOG_MAIL},     {"local0", LOG_LOCAL0},
    {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
    {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},
};

static int connection = -1;
static int facility_code = LOG_DAEMON;
static char line_tag[32];
static unsigned long dropped;

static bool reach_log(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    if (connection >= 0)
        return true;
    connection = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection >= 0 && connect(connection, (struct sockaddr *)&to, sizeof(to)) == 0)
        return true;
    close(connection);
    connection = -1;
    return false;
}

static bool send_line(enum log_level level, const char *line)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char packet[1200];
    struct tm tm;
    time_t now = time(NULL);
    if (!reach_log() || !localtime_r(&now, &tm))
        return false;
    int length = snprintf(packet, sizeof(packet), "<%d>%s %2d %02d:%02d:%02d %s[%d]: %s",
                          facility_code | (int)level, months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min,
                          tm.tm_sec, line_tag, (int)getpid(), line);
    if (length >= (int)sizeof(packet))
        length = (int)sizeof(packet) - 1;
    if (send(connection, packet, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length)
        return true;
    if (errno != EAGAIN && errno != ENOBUFS) { /* the log daemon was restarted: connect anew next time */
        close(connection);
        connection = -1;
    }
    return false;
}

static void sink(enum log_level level, const char *line)
{
    char told[64];
    if (dropped) {
        snprintf(told, sizeof(told), "%lu log lines were dropped", dropped);
        if (send_line(LOG_LEVEL_WARNING, told))
            dropped = 0;
    }
    if (!send_line(level, line) && !send_line(level, line))
        dropped++;
}

void log_socket_open(const char *facility, const char *tag)
{
    for (size_t i = 0; i < sizeof(facilities) / sizeof(*facilities); i++)
        if (strcmp(facilities[i].name, facility) == 0)
            facility_code = facilities[i].code;
    snprintf(line_tag, sizeof(line_tag), "%s", tag);
    tzset(); /* reads the zone's file now, not under the first line */
    log_set_sink(sink);
}
