/* Certificates: what a session is verified with ends with them, all on one day. */
#include <inttypes.h>
#include <string.h>

#include "model/verdict_checks.h"

/* By kind: what its end means, and what to do before. */
static const struct words {
    const char *end, *remedy;
} words[CERTIFICATE_KINDS] = {
    [CERTIFICATE_SERVER] = {"the next session to it fails",
                            "put a new certificate in its place and run FLUSH LOCAL SSL there (without LOCAL "
                            "it goes into the binary log); where a fingerprint is configured, change it too"},
    [CERTIFICATE_ETCD] =
        {"the next connection to it fails",
         "put a new certificate in its place there, which etcd reads by itself; where its key "
         "is pinned and changes, change pinned_key too"},
    [CERTIFICATE_CLIENT] = {"etcd lets this node in no more",
                            "put a new certificate in its place and restart mysql-replcheckd, which reads it "
                            "once (in maintenance no role changes)"},
    [CERTIFICATE_CA] = {"the next session that it is to verify fails",
                        "put the authority's next certificate beside it in that file, which sessions read "
                        "anew, and have the servers' certificates signed by it"},
    [CERTIFICATE_ETCD_CA] = {"the next connection to etcd fails",
                             "put the authority's next certificate beside it in that file and restart "
                             "mysql-replcheckd, which reads it once (in maintenance no role changes)"},
};

static void judge(struct report *r, const struct report_certificate *c)
{
    enum certificate_kind kind = certificate_kind_parse(c->kind);
    char what[REPORT_SENTENCE_MAX / 2];
    certificate_describe(kind, c->place, what, sizeof(what));
    if (c->ended)
        verdict_add(r, SEVERITY_CRITICAL, "certificate-ended", words[kind].remedy,
                    "%s is not valid any more: %s", what, words[kind].end);
    else if (c->days >= 0 && c->days < r->certificate_days)
        verdict_add(r, SEVERITY_WARNING, "certificate-ends", words[kind].remedy,
                    "%s ends in %" PRId64 " days", what, c->days);
    else if (c->trouble[0] && strcmp(c->place, r->nodes[r->self].name) == 0 &&
             r->nodes[r->self].reachable == TRI_YES)
        verdict_add(r, SEVERITY_WARNING, "no-certificate", "set ssl_cert and ssl_key there",
                    "%s's own server shows no certificate, and the other node needs one: %s", c->place,
                    c->trouble);
}

void verdict_certificates(struct report *r)
{
    for (int i = 0; i < r->certificate_count; i++)
        judge(r, &r->certificates[i]);
}
