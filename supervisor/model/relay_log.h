/* Which of a replica's threads may be started without loss. With GTID a START that finds both stopped
 * discards the relay log: what was received and not applied must come again, and from a dead server it
 * cannot.
 *
 * Pure; the caller has read the server's status, and sends what is chosen here. */
#ifndef REPLCHECK_MODEL_RELAY_LOG_H
#define REPLCHECK_MODEL_RELAY_LOG_H

#include "model/observation.h"

enum relay_log_start {
    RELAY_LOG_START_NOTHING,
    RELAY_LOG_START_RECEIVER, /* START SLAVE IO_THREAD, beside a running applier */
    RELAY_LOG_START_BOTH,     /* START SLAVE */
};

/* What is started so that this server receives again. Nothing where both threads are stopped, unless the
 * server is known to be writable: a writer has applied what it had received, or its loss was accepted.
 * Another node may have nothing else of it, and receives again once there is a writer to receive from.
 * `read_only` is the own server's. */
enum relay_log_start relay_log_start(const struct replication_view *r, enum tri read_only);

#endif
