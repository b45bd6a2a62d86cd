#include "model/lag.h"

#include <string.h>

static const struct gtid_set *newest(const struct lag *lag)
{
    return &lag->samples[lag->count - 1].pos;
}

static void drop_foreign(struct lag *lag, const struct gtid_set *primary)
{
    while (lag->count > 0 && gtid_pos_contains(primary, newest(lag)) != TRI_YES)
        lag->count--;
}

/* The sample whose loss widens the gap around it least, in proportion to its age. */
static int most_dispensable(const struct lag *lag, int64_t now_us)
{
    const struct lag_sample *s = lag->samples;
    int best = 1;
    double best_cost = 0;
    for (int i = 1; i + 1 < lag->count; i++) {
        double cost = (double)(s[i + 1].at_us - s[i - 1].at_us) / (double)(now_us - s[i].at_us);
        if (i == 1 || cost < best_cost) {
            best = i;
            best_cost = cost;
        }
    }
    return best;
}

static void make_room(struct lag *lag, int64_t now_us)
{
    if (lag->count < LAG_SAMPLES)
        return;
    int i = most_dispensable(lag, now_us);
    memmove(&lag->samples[i], &lag->samples[i + 1], (size_t)(lag->count - i - 1) * sizeof lag->samples[0]);
    lag->count--;
}

void lag_sample(struct lag *lag, const struct gtid_set *primary, int64_t at_us)
{
    if (!primary->known || at_us <= lag->newest_us)
        return;
    drop_foreign(lag, primary);
    lag->newest_us = at_us;
    if (lag->count > 0 && gtid_pos_equal(primary, newest(lag)) == TRI_YES)
        return;
    make_room(lag, at_us);
    lag->samples[lag->count++] = (struct lag_sample){.at_us = at_us, .pos = *primary};
}

struct lag_value lag_of(const struct lag *lag, const struct gtid_set *replica, int64_t now_us,
                        int64_t fresh_limit_us)
{
    struct lag_value value = {.known = false, .us = -1, .transactions = -1};
    if (!replica->known || lag->count == 0 || now_us - lag->newest_us > fresh_limit_us)
        return value;
    int missing = lag->count; /* index of the oldest sample that the replica lacks */
    while (missing > 0 && gtid_pos_contains(replica, &lag->samples[missing - 1].pos) != TRI_YES)
        missing--;
    value.known = true;
    value.at_least = missing == 0;
    value.us = missing < lag->count ? now_us - lag->samples[missing].at_us : 0;
    value.transactions = gtid_pos_missing(replica, newest(lag));
    return value;
}
