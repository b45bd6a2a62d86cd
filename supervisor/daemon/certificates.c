#include "daemon/certificates.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/node.h"
#include "io/cert_look.h"
#include "io/voter.h"

#define DAY_S INT64_C(86400)

struct certificate {
    struct node *node;
    int index;
    bool used;              /* TLS is spoken there */
    struct cert_look *look; /* NULL: etcd */
    struct certificate_view view;
    int64_t told_days; /* that were left when it was told last; -1 = it was not */
};

struct certificates {
    struct certificate at[OBS_VOTERS];
};

static const char *place_of(const struct certificate *c)
{
    return c->index == OBS_TIE ? "witness" : c->node->settings.cluster.nodes[c->index].name;
}

/* Once a day. */
static void tell(struct certificate *c)
{
    int64_t left_s = c->view.until_s - clock_wall_us() / 1000000;
    int64_t days = left_s > 0 ? left_s / DAY_S : 0;
    if (!c->view.until_s || days >= c->node->settings.cluster.thresholds.certificate_days) {
        c->told_days = -1;
        return;
    }
    if (days == c->told_days)
        return;
    c->told_days = days;
    if (left_s <= 0)
        log_error("the certificate of %s's server is not valid any more", place_of(c));
    else
        log_warning("the certificate of %s's server ends in %lld days", place_of(c), (long long)days);
}

static void looked(void *arg, const struct cert_seen *seen)
{
    struct certificate *c = arg;
    c->view.until_s = seen->until_s;
    snprintf(c->view.trouble, sizeof(c->view.trouble), "%.*s", (int)sizeof(c->view.trouble) - 1,
             seen->trouble);
    tell(c);
}

bool certificates_pair_has_tls(const struct node *n)
{
    const struct tls_settings *tls = &n->settings.node.peer.tls;
    return tls->ca[0] || tls->fingerprint[0];
}

static bool is_etcd(const struct node *n, int i)
{
    return i == OBS_TIE && n->settings.cluster.quorum.witness.kind == WITNESS_ETCD;
}

void certificates_start_at(struct node *n, int i, const struct session_options *session)
{
    const struct etcd_tls_settings *etcd = &n->settings.cluster.quorum.witness.tls;
    bool used = is_etcd(n, i) ? etcd->ca[0] || etcd->pinned_key[0]
                              : session->tls_ca || session->tls_fingerprint || session->tls_unverified;
    if (!used)
        return;
    if (!n->certificates)
        n->certificates = mem_zalloc(sizeof(*n->certificates));
    struct certificate *c = &n->certificates->at[i];
    *c = (struct certificate){.node = n, .index = i, .used = true, .told_days = -1};
    if (!is_etcd(n, i))
        c->look = cert_look_new(n->base, session, looked, c);
}

void certificates_step(struct node *n)
{
    struct certificate *c = n->certificates ? &n->certificates->at[OBS_TIE] : NULL;
    if (!c || !c->used || c->look || !n->voters[OBS_TIE])
        return;
    c->view.until_s = voter_certificate_until_s(n->voters[OBS_TIE]);
    tell(c);
}

void certificates_report(const struct node *n, struct report_input *in)
{
    in->certificate_days = n->settings.cluster.thresholds.certificate_days;
    for (int i = 0; n->certificates && i < OBS_VOTERS; i++)
        if (n->certificates->at[i].used)
            in->certificates[i] = &n->certificates->at[i].view;
}

void certificates_stop(struct node *n)
{
    for (int i = 0; n->certificates && i < OBS_VOTERS; i++)
        cert_look_free(&n->certificates->at[i].look);
    free(n->certificates);
    n->certificates = NULL;
}
