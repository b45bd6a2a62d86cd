#include "daemon/certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/node.h"
#include "io/cert_end.h"
#include "io/cert_files.h"
#include "io/cert_look.h"
#include "io/voter.h"

#define DAY_S INT64_C(86400)

/* Behind the servers' own. */
enum { PEER_CA = OBS_VOTERS, WITNESS_CA, CLIENT, ALL };
_Static_assert(ALL == REPORT_CERTIFICATES_MAX, "the report has room for each");

struct certificate {
    struct node *node;
    bool used;              /* TLS is spoken there, or rests on it */
    struct cert_look *look; /* of a MariaDB server */
    int file;               /* number among the CA files that are read now and then; -1 = none */
    struct certificate_view view;
    int64_t told_days; /* that were left when it was told last; -1 = it was not */
};

struct certificates {
    struct certificate at[ALL];
    struct cert_files *files; /* NULL = there are none */
};

/* Once a day. */
static void tell(struct certificate *c)
{
    char what[128];
    int64_t left_s = c->view.until_s - clock_wall_us() / 1000000;
    int64_t days = left_s > 0 ? left_s / DAY_S : 0;
    if (!c->view.until_s || days >= c->node->settings.cluster.thresholds.certificate_days) {
        c->told_days = -1;
        return;
    }
    if (days == c->told_days)
        return;
    c->told_days = days;
    certificate_describe(c->view.kind, c->view.place, what, sizeof(what));
    if (left_s <= 0)
        log_error("%s is not valid any more", what);
    else
        log_warning("%s ends in %lld days", what, (long long)days);
}

static void take(struct certificate *c, const struct cert_seen *seen)
{
    c->view.until_s = seen->until_s;
    snprintf(c->view.trouble, sizeof(c->view.trouble), "%.*s", (int)sizeof(c->view.trouble) - 1,
             seen->trouble);
    tell(c);
}

static void looked(void *arg, const struct cert_seen *seen)
{
    take(arg, seen);
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

static struct certificate *begin(struct node *n, int i, enum certificate_kind kind, const char *place)
{
    if (!n->certificates)
        n->certificates = mem_zalloc(sizeof(*n->certificates));
    struct certificate *c = &n->certificates->at[i];
    *c = (struct certificate){.node = n, .used = true, .file = -1, .told_days = -1};
    c->view.kind = kind;
    c->view.place = place;
    return c;
}

/* ---- the servers' ---- */

void certificates_start_at(struct node *n, int i, const struct session_options *session)
{
    const struct etcd_tls_settings *etcd = &n->settings.cluster.quorum.witness.tls;
    bool used = is_etcd(n, i) ? etcd->ca[0] || etcd->pinned_key[0]
                              : session->tls_ca || session->tls_fingerprint || session->tls_unverified;
    if (!used)
        return;
    struct certificate *c = begin(n, i, is_etcd(n, i) ? CERTIFICATE_ETCD : CERTIFICATE_SERVER,
                                  i == OBS_TIE ? "witness" : n->settings.cluster.nodes[i].name);
    if (!is_etcd(n, i))
        c->look = cert_look_new(n->base, session, looked, c);
}

/* ---- files ---- */

/* What etcd is asked with was read at the start, and remains what it was: so does its end. */
static void read_once(struct node *n, int i, enum certificate_kind kind, const char *place, const char *path)
{
    struct cert_seen seen = {0};
    struct err e = {.text = ""};
    if (!path[0])
        return;
    if (!cert_end_read(path, kind == CERTIFICATE_CLIENT ? CERT_FIRST : CERT_LATEST, &seen.until_s, &e))
        snprintf(seen.trouble, sizeof(seen.trouble), "%.*s", (int)sizeof(seen.trouble) - 1, e.text);
    take(begin(n, i, kind, place), &seen);
}

static void read_again(struct node *n)
{
    const struct local_settings *own = &n->settings.node;
    const char *paths[CERT_FILES_MAX];
    int count = 0;
    struct err e;
    if (own->peer.tls.ca[0]) {
        begin(n, PEER_CA, CERTIFICATE_CA, "peer.tls.ca")->file = count;
        paths[count++] = own->peer.tls.ca;
    }
    if (n->voters[OBS_TIE] && !is_etcd(n, OBS_TIE) && own->witness.tls.ca[0] &&
        strcmp(own->witness.tls.ca, own->peer.tls.ca) != 0) {
        begin(n, WITNESS_CA, CERTIFICATE_CA, "witness.tls.ca")->file = count;
        paths[count++] = own->witness.tls.ca;
    }
    if (count && !(n->certificates->files = cert_files_new(paths, count, CERT_FILES_PERIOD_US, &e)))
        log_warning("the end of CA certificates will not be noticed: %s", e.text);
}

void certificates_start_files(struct node *n)
{
    const struct etcd_tls_settings *etcd = &n->settings.cluster.quorum.witness.tls;
    read_again(n);
    if (n->voters[OBS_TIE] && is_etcd(n, OBS_TIE)) {
        read_once(n, WITNESS_CA, CERTIFICATE_ETCD_CA, "quorum.witness.tls.ca", etcd->ca);
        read_once(n, CLIENT, CERTIFICATE_CLIENT, "quorum.witness.tls.cert", etcd->cert);
    }
}

/* ---- all of them ---- */

static void step(struct certificates *all, int i)
{
    struct certificate *c = &all->at[i];
    struct cert_seen seen = {0};
    if (!c->used)
        return;
    if (c->view.kind == CERTIFICATE_ETCD) {
        seen.until_s = voter_certificate_until_s(c->node->voters[OBS_TIE]);
        take(c, &seen);
    } else if (c->file >= 0 && all->files) {
        cert_files_read(all->files, c->file, &seen);
        take(c, &seen);
    } else {
        tell(c);
    }
}

void certificates_step(struct node *n)
{
    for (int i = 0; n->certificates && i < ALL; i++)
        step(n->certificates, i);
}

void certificates_report(const struct node *n, struct report_input *in)
{
    in->certificate_days = n->settings.cluster.thresholds.certificate_days;
    for (int i = 0; n->certificates && i < ALL; i++)
        if (n->certificates->at[i].used)
            in->certificates[in->certificate_count++] = &n->certificates->at[i].view;
}

void certificates_stop(struct node *n)
{
    if (!n->certificates)
        return;
    for (int i = 0; i < ALL; i++)
        cert_look_free(&n->certificates->at[i].look);
    cert_files_free(&n->certificates->files);
    free(n->certificates);
    n->certificates = NULL;
}
