#include "io/loop.h"

#include <stdlib.h>

struct event_base *loop_new(void)
{
    struct event_config *config = event_config_new();
    if (!config || event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) != 0)
        abort();
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    if (!base)
        abort();
    return base;
}
