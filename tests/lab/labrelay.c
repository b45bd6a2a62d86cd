/* labrelay: a slow cable. Carries Ethernet frames between two interfaces, each frame after a delay.
 *
 * labrelay --delay-us N [--jitter-us N] A B
 * Frames keep their order; the jitter is added to the delay, evenly spread. Runs until SIGTERM. For kernels
 * without netem. Checksums and segments that the sending kernel left to its interface pass as they are
 * (PACKET_VNET_HDR). */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 70000
#define FRAMES    8192 /* under way in one direction; more are lost, as on a cable that is full */

struct frame {
    int64_t due_us;
    size_t length;
    unsigned char *bytes;
};

struct way {
    int from, to;
    struct frame frames[FRAMES];
    unsigned head, count;
    int64_t last_due_us;
};

static int64_t delay_us, jitter_us;

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int open_interface(const char *name)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0), on = 1, size = 8 << 20;
    struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};

    where.sll_ifindex = (int)if_nametoindex(name);
    all.mr_ifindex = where.sll_ifindex;
    if (fd < 0 || !where.sll_ifindex || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) != 0 ||
        bind(fd, (struct sockaddr *)&where, sizeof where) != 0) {
        perror(name);
        exit(1);
    }
    return fd;
}

static void take(struct way *w)
{
    static unsigned char buffer[FRAME_MAX];
    ssize_t length;

    while ((length = recv(w->from, buffer, sizeof buffer, MSG_DONTWAIT)) != 0) {
        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (length < 0)
            exit(0); /* the interface is gone */

        struct frame *f = &w->frames[(w->head + w->count) % FRAMES];
        if (w->count == FRAMES)
            continue;
        f->due_us = now_us() + delay_us + (jitter_us ? random() % jitter_us : 0);
        if (f->due_us < w->last_due_us)
            f->due_us = w->last_due_us;
        w->last_due_us = f->due_us;
        f->length = (size_t)length;
        f->bytes = malloc(f->length);
        if (!f->bytes)
            abort();
        memcpy(f->bytes, buffer, f->length);
        w->count++;
    }
}

/* Sends what is due; microseconds until the next is, -1 when there is none. */
static int64_t give(struct way *w)
{
    while (w->count) {
        struct frame *f = &w->frames[w->head];
        int64_t left_us = f->due_us - now_us();
        if (left_us > 0)
            return left_us;
        (void)!write(w->to, f->bytes, f->length); /* a cable tells nobody what it lost */
        free(f->bytes);
        w->head = (w->head + 1) % FRAMES;
        w->count--;
    }
    return -1;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

static int usage(void)
{
    fputs("usage: labrelay --delay-us N [--jitter-us N] A B\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"delay-us", 1, NULL, 'd'}, {"jitter-us", 1, NULL, 'j'}, {0}};
    static struct way ways[2];
    int c;

    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (c == 'd')
            delay_us = atoll(optarg);
        else if (c == 'j')
            jitter_us = atoll(optarg);
        else
            return usage();
    }
    if (argc - optind != 2 || delay_us < 0 || jitter_us < 0)
        return usage();
    ways[0].from = ways[1].to = open_interface(argv[optind]);
    ways[1].from = ways[0].to = open_interface(argv[optind + 1]);
    for (;;) {
        int64_t left_us = sooner(give(&ways[0]), give(&ways[1]));
        struct pollfd fds[2] = {{.fd = ways[0].from, .events = POLLIN},
                                {.fd = ways[1].from, .events = POLLIN}};
        struct timespec wait = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
        if (ppoll(fds, 2, left_us < 0 ? NULL : &wait, NULL) < 0 && errno != EINTR)
            return 1;
        take(&ways[0]);
        take(&ways[1]);
    }
}
