/* The certificates that TLS here rests on, as the report shows them. */
#include <stdio.h>
#include <string.h>

#include "model/report_parts.h"

#define SECOND_US INT64_C(1000000)
#define DAY_S     86400

const char *certificate_kind_name(enum certificate_kind kind)
{
    static const char *const names[CERTIFICATE_KINDS] = {
        [CERTIFICATE_SERVER] = "server", [CERTIFICATE_ETCD] = "etcd",       [CERTIFICATE_CLIENT] = "client",
        [CERTIFICATE_CA] = "ca",         [CERTIFICATE_ETCD_CA] = "etcd-ca",
    };
    return names[kind];
}

enum certificate_kind certificate_kind_parse(const char *name)
{
    int kind = CERTIFICATE_KINDS - 1;
    while (kind > 0 && strcmp(name, certificate_kind_name((enum certificate_kind)kind)) != 0)
        kind--;
    return (enum certificate_kind)kind;
}

const char *certificate_describe(enum certificate_kind kind, const char *place, char *out, size_t size)
{
    switch (kind) {
    case CERTIFICATE_CLIENT:
        snprintf(out, size, "this node's certificate for etcd, %s,", place);
        break;
    case CERTIFICATE_CA:
    case CERTIFICATE_ETCD_CA:
        snprintf(out, size, "the CA certificate of %s", place);
        break;
    default:
        snprintf(out, size, "the certificate of %s's server", place);
    }
    return out;
}

void report_fill_certificates(struct report *r, const struct report_input *in)
{
    int64_t now_s = in->wall_us / SECOND_US;
    r->certificate_days = in->certificate_days;
    r->certificate_count = in->certificate_count;
    for (int i = 0; i < in->certificate_count; i++) {
        const struct certificate_view *view = in->certificates[i];
        struct report_certificate *out = &r->certificates[i];
        COPY(out->place, view->place);
        COPY(out->kind, certificate_kind_name(view->kind));
        COPY(out->trouble, view->trouble);
        out->ended = view->until_s && view->until_s <= now_s;
        out->days = !view->until_s ? REPORT_UNKNOWN : out->ended ? 0 : (view->until_s - now_s) / DAY_S;
    }
}
