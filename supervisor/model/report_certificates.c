/* The servers' certificates, as the report shows them. */
#include "model/report_parts.h"

#define SECOND_US INT64_C(1000000)
#define DAY_S     86400

void report_fill_certificates(struct report *r, const struct report_input *in)
{
    int64_t now_s = in->wall_us / SECOND_US;
    r->certificate_days = in->certificate_days;
    for (int i = 0; i < OBS_VOTERS; i++) {
        const struct certificate_view *view = in->certificates[i];
        if (!view)
            continue;
        struct report_certificate *out = &r->certificates[r->certificate_count++];
        COPY(out->place, i < OBS_NODES ? in->names[i] : "witness");
        COPY(out->trouble, view->trouble);
        out->ended = view->until_s && view->until_s <= now_s;
        out->days = !view->until_s ? REPORT_UNKNOWN : out->ended ? 0 : (view->until_s - now_s) / DAY_S;
    }
}
