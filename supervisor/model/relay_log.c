#include "model/relay_log.h"

enum relay_log_start relay_log_start(const struct replication_view *r, enum tri read_only)
{
    bool applies = r->sql == TRI_YES, receives = r->io != IO_NO;
    if (!r->known || (applies && receives))
        return RELAY_LOG_START_NOTHING;
    if (applies)
        return RELAY_LOG_START_RECEIVER;
    return receives || read_only == TRI_NO ? RELAY_LOG_START_BOTH : RELAY_LOG_START_NOTHING;
}
