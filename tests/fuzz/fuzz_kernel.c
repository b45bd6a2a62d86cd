/* What the kernel says: addresses and sockets over netlink, processes below /proc; and what option files and
 * a process's arguments say of read_only. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "fuzz.h"
#include "wire/netlink.h"
#include "wire/procstat.h"
#include "wire/server_options.h"
#include "wire/sock_diag.h"

/* At an odd address of the heap, with nothing behind. */
static uint8_t *misaligned(const uint8_t *data, size_t size, uint8_t **block)
{
    *block = mem_zalloc(size + 1);
    if (size)
        memcpy(*block + 1, data, size);
    return *block + 1;
}

void fuzz_netlink(const uint8_t *data, size_t size)
{
    uint8_t *block, *bytes = misaligned(data, size, &block);
    size_t offset = 0, before = 0;
    for (;;) {
        struct netlink_message m = netlink_next(bytes, size, &offset);
        if (m.kind == NETLINK_END)
            break;
        FUZZ_CHECK(offset > before && offset <= size);
        before = offset;
        FUZZ_CHECK(m.kind != NETLINK_FAILED || m.error > 0);
        if (m.kind == NETLINK_ADDED || m.kind == NETLINK_REMOVED) {
            char text[INET6_ADDRSTRLEN];
            struct netlink_address again;
            FUZZ_CHECK(inet_ntop(m.address.family, m.address.bytes, text, sizeof(text)));
            FUZZ_CHECK(netlink_address_parse(&again, text) && memcmp(&again, &m.address, sizeof(again)) == 0);
        }
    }
    FUZZ_CHECK(offset >= size);
    free(block);
}

void fuzz_sock_diag(const uint8_t *data, size_t size)
{
    uint8_t *block, *bytes = misaligned(data, size, &block), request[SOCK_DIAG_REQUEST_SIZE];
    size_t offset = 0, before = 0;
    for (;;) {
        struct sock_diag_message m = sock_diag_next(bytes, size, &offset);
        if (m.kind == SOCK_DIAG_END)
            break;
        FUZZ_CHECK(offset > before && offset <= size);
        before = offset;
        FUZZ_CHECK(m.kind != SOCK_DIAG_FAILED || m.error > 0);
        if (m.kind != SOCK_DIAG_SOCKET)
            continue;
        FUZZ_CHECK(sock_diag_is_at(&m.socket, &m.socket.local) &&
                   sock_diag_hears(&m.socket, &m.socket.local));
        sock_diag_destroy(request, &m.socket, 7);
        sock_diag_list(request, m.socket.local.family, SOCK_DIAG_TALKING, m.socket.local_port, 7);
    }
    FUZZ_CHECK(offset >= size);
    free(block);
}

/* A line of /proc/PID/task/TID/stat; and the same bytes as arguments: the last spelling wins, wherever the
 * text is read in two. */
void fuzz_process(const uint8_t *data, size_t size)
{
    char *line = fuzz_text(data, size);
    struct procstat task;
    if (procstat_parse(line, &task)) {
        FUZZ_CHECK((task.state >= 'A' && task.state <= 'Z') || (task.state >= 'a' && task.state <= 'z'));
        (void)procstat_is_over(&task);
    }
    enum tri whole = server_options_read_only(line, size, '\n', TRI_UNKNOWN);
    FUZZ_CHECK(server_options_read_only(line, size, '\0', TRI_NO) <= TRI_YES);
    for (size_t cut = 0; cut <= size; cut = cut * 2 + 1) {
        enum tri first = server_options_read_only(line, cut, '\n', TRI_UNKNOWN);
        if (cut && line[cut - 1] == '\n')
            FUZZ_CHECK(server_options_read_only(line + cut, size - cut, '\n', first) == whole);
    }
    free(line);
}
