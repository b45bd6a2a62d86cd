#include "io/cert_end.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "settings/text_file.h"

/* Else OpenSSL would ask for one at the terminal. */
static int no_password(char *out, int size, int writing, void *arg)
{
    (void)out, (void)size, (void)writing, (void)arg;
    return 0;
}

static bool end_of(const X509 *certificate, int64_t *until_s)
{
    struct tm end;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
        return false;
    *until_s = timegm(&end);
    return true;
}

static bool find(BIO *text, enum cert_which which, int64_t *until_s)
{
    bool found = false;
    X509 *certificate;
    while (!(found && which == CERT_FIRST) &&
           (certificate = PEM_read_bio_X509(text, NULL, no_password, NULL))) {
        int64_t end_s;
        if (end_of(certificate, &end_s) && (!found || end_s > *until_s)) {
            *until_s = end_s;
            found = true;
        }
        X509_free(certificate);
    }
    ERR_clear_error(); /* each reading ends in one: there is no other certificate */
    return found;
}

bool cert_end_read(const char *path, enum cert_which which, int64_t *until_s, struct err *e)
{
    char *text;
    size_t size;
    if (!text_file_read(path, &text, &size, e))
        return false;
    BIO *in = BIO_new_mem_buf(text, (int)size);
    bool found = in && find(in, which, until_s);
    BIO_free(in);
    explicit_bzero(text, size); /* a key may stand in the same file */
    free(text);
    return found || err_set(e, "%s: there is no certificate in it", path);
}
