#include "cli/servers.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/become.h"
#include "cli/option_file.h"

#define DEFAULT_USER "replcheck"

bool servers_of_node(struct servers *out, const char *config_dir, struct err *e)
{
    memset(out, 0, sizeof(*out));
    return settings_load(&out->settings, config_dir, e) && become_user(out->settings.node.run_as, e);
}

void servers_clear(struct servers *s)
{
    explicit_bzero(s, sizeof(*s));
}

/* ---- the account ---- */

static bool log_in(struct servers *s, const struct servers_login *login, struct err *e)
{
    struct account_settings *a = &s->settings.node.peer;
    s->remote = true;
    snprintf(a->user, sizeof(a->user), DEFAULT_USER);
    a->tls.verify = true;
    for (int i = 0; i < login->file_count; i++)
        if (!option_file_read(a, login->files[i], e))
            return false;
    if (login->user && strlen(login->user) >= sizeof(a->user))
        return err_set(e, "--user: a name has at most %zu characters", sizeof(a->user) - 1);
    if (login->tls_ca && strlen(login->tls_ca) >= sizeof(a->tls.ca))
        return err_set(e, "--tls-ca: a path has at most %zu characters", sizeof(a->tls.ca) - 1);
    if (login->user)
        snprintf(a->user, sizeof(a->user), "%s", login->user);
    if (login->tls_ca)
        snprintf(a->tls.ca, sizeof(a->tls.ca), "%s", login->tls_ca);
    return true;
}

/* ---- addresses ---- */

struct host {
    char name[SETTINGS_NAME_MAX], address[SETTINGS_ADDRESS_MAX];
    const char *port;
};

static bool is_name(const char *text, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return length > 0 && length < SETTINGS_NAME_MAX && strspn(text, letters) >= length;
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 5 && !text[digits] && atoi(text) > 0 && atoi(text) <= 65535;
}

/* "192.0.2.1", "192.0.2.1:3306", "2001:db8::1", "[2001:db8::1]:3306". */
static bool take_address(struct host *h, const char *text)
{
    unsigned char ignored[16];
    bool bracket = *text == '[';
    const char *from = text + bracket, *end = bracket ? strchr(from, ']') : strchr(from, ':');
    if (!bracket && end && strchr(end + 1, ':'))
        end = NULL; /* an IPv6 address alone */
    size_t length = end ? (size_t)(end - from) : strlen(from);
    if ((bracket && !end) || length >= sizeof(h->address))
        return false;
    snprintf(h->address, sizeof(h->address), "%.*s", (int)length, from);
    const char *rest = end ? end + bracket : "";
    if (*rest == ':')
        h->port = rest + 1;
    else if (*rest)
        return false;
    return inet_pton(AF_INET, h->address, ignored) == 1 || inet_pton(AF_INET6, h->address, ignored) == 1;
}

static bool take_host(struct host *h, const char *text, int number, const char *port, struct err *e)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : 0;
    h->port = port ? port : "3306";
    snprintf(h->name, sizeof(h->name), "server%d", number);
    if (equals && !is_name(text, length))
        return err_set(e, "--hostname \"%.64s\": a name has 1 to %d letters, digits, - _ .", text,
                       SETTINGS_NAME_MAX - 1);
    if (equals)
        snprintf(h->name, sizeof(h->name), "%.*s", (int)length, text);
    if (!take_address(h, equals ? equals + 1 : text))
        return err_set(
            e,
            "--hostname \"%.64s\": a numeric address is expected, like 192.0.2.11, 192.0.2.11:3307 or "
            "[2001:db8::1]:3306",
            text);
    return is_port(h->port) || err_set(e, "--hostname \"%.64s\": the port is to be 1 to 65535", text);
}

bool servers_of_hosts(struct servers *out, const char *const hosts[2], const struct servers_login *login,
                      struct err *e)
{
    struct host h[2];
    memset(out, 0, sizeof(*out));
    if (login->port && !is_port(login->port))
        return err_set(e, "--port \"%.32s\": 1 to 65535 is expected", login->port);
    for (int i = 0; i < 2; i++)
        if (!take_host(&h[i], hosts[i], i + 1, login->port, e))
            return false;
    if (strcmp(h[0].address, h[1].address) == 0 && atoi(h[0].port) == atoi(h[1].port))
        return err_set(e, "--hostname: both are %s port %s, and a pair has two servers", h[0].address,
                       h[0].port);
    if (strcmp(h[0].name, h[1].name) == 0)
        return err_set(e, "--hostname: both are called %s", h[0].name);
    char *text =
        mem_printf("cluster: pair\nnodes:\n"
                   "  - {name: %s, address: \"%s\", port: %s, server_id: 1, auto_increment_offset: 1}\n"
                   "  - {name: %s, address: \"%s\", port: %s, server_id: 2, auto_increment_offset: 2}\n"
                   "vip: {source: none}\n",
                   h[0].name, h[0].address, h[0].port, h[1].name, h[1].address, h[1].port);
    bool ok = settings_load_cluster(&out->settings, "--hostname", text, e) && log_in(out, login, e);
    out->unnamed = true;
    free(text);
    return ok;
}

bool servers_of_cluster(struct servers *out, const char *path, const struct servers_login *login,
                        struct err *e)
{
    memset(out, 0, sizeof(*out));
    return settings_load_cluster(&out->settings, path, NULL, e) && log_in(out, login, e);
}
