/* The servers' certificates: a session that verifies them ends with them, all on one day. */
#include <inttypes.h>
#include <string.h>

#include "model/verdict_checks.h"

static void judge(struct report *r, const struct report_certificate *c)
{
    static const char remedy[] =
        "put a new certificate in its place and run FLUSH LOCAL SSL there (without LOCAL it goes into "
        "the binary log); where a fingerprint is configured, change it too";
    if (c->ended)
        verdict_add(r, SEVERITY_CRITICAL, "certificate-ended", remedy,
                    "the certificate of %s's server is not valid any more: the next session to it fails",
                    c->place);
    else if (c->days >= 0 && c->days < r->certificate_days)
        verdict_add(r, SEVERITY_WARNING, "certificate-ends", remedy,
                    "the certificate of %s's server ends in %" PRId64 " days", c->place, c->days);
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
