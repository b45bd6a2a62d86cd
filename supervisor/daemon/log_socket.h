/* A log sink that never blocks: datagrams to /dev/log, in RFC 3164's form. A line that the log daemon cannot
 * take at once is dropped; how many were is told with the next one that gets through. */
#ifndef REPLCHECK_DAEMON_LOG_SOCKET_H
#define REPLCHECK_DAEMON_LOG_SOCKET_H

/* `facility` as in node.conf ("daemon", "local0"). Sets the logger's sink; `tag` leads each line. */
void log_socket_open(const char *facility, const char *tag);

#endif
