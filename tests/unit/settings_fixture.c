#include "settings_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

static const char cluster_yaml[] =
    "cluster: mail\n"
    "nodes:\n"
    "  - {name: mx1, address: 192.0.2.11, server_id: 1, auto_increment_offset: 1}\n"
    "  - name: mx2\n"
    "    address: 192.0.2.12\n"
    "    server_id: 2\n"
    "    auto_increment_offset: 2\n"
    "vip: {addresses: [192.0.2.100], source: netlink}\n"
    "quorum:\n"
    "  tie_breaker: witness\n"
    "  witness: {kind: mariadb, address: 192.0.2.19}\n"
    "  references: [{address: 192.0.2.254, port: 443}]\n"
    "policy:\n"
    "  durability: async\n"
    "  max_known_lost: 0\n"
    "timing:\n"
    "  lease: 3s\n"
    "  renew: 250ms\n"
    "  drift: 0.1%\n";

static const char node_conf[] = "node = \"mx1\";\n"
                                "local = { socket = \"/run/mysqld/mysqld.sock\"; };\n"
                                "peer = {\n"
                                "  user = \"replcheck\";\n"
                                "  password_file = \"@SECRET@\";\n"
                                "};\n"
                                "witness = { password_file = \"@SECRET@\"; };\n"
                                "fencer = { kill_server = true; };\n"
                                "hooks = { timeout = \"30s\"; };\n";

static char dir[] = "/tmp/test-settings-XXXXXX";
static char secret[sizeof(dir) + 16];

const char *fixture_dir(void)
{
    return dir;
}

const char *fixture_secret_path(void)
{
    return secret;
}

int fixture_setup(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(secret, sizeof(secret), "%s/peer.secret", dir);
    return 0;
}

int fixture_teardown(void **state)
{
    static const char *const names[] = {"cluster.yaml", "node.conf", "peer.secret"};
    char path[sizeof(dir) + 32];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        unlink(path);
    }
    return rmdir(dir);
}

void fixture_write(const char *name, const void *content, size_t size, unsigned mode)
{
    char path[sizeof(dir) + 32];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    unlink(path); /* it may have been given away */
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(content, 1, size, f), size);
    assert_int_equal(fchmod(fileno(f), mode), 0);
    assert_int_equal(fclose(f), 0);
}

/* `text` with the first `from` replaced; frees `text`. */
static char *replace(const char *name, char *text, const char *from, const char *to)
{
    char *at = from ? strstr(text, from) : text + strlen(text);
    if (!at)
        fail_msg("%s: '%s' is not in the file", name, from);
    const char *rest = !from ? "" : *from ? at + strlen(from) : "";
    char *out = mem_printf("%.*s%s%s", (int)(at - text), text, to, rest);
    free(text);
    return out;
}

static void write_edited(const char *name, const char *file, const char *base,
                         const struct fixture_edit *edits)
{
    char *text = mem_strdup(base);
    for (int i = 0; i < FIXTURE_EDITS && edits[i].to; i++)
        text = replace(name, text, edits[i].from, edits[i].to);
    while (strstr(text, "@SECRET@"))
        text = replace(name, text, "@SECRET@", secret);
    fixture_write(file, text, strlen(text), 0644);
    free(text);
}

void fixture_write_case(const struct fixture_case *c)
{
    write_edited(c->name, "cluster.yaml", cluster_yaml, c->cluster);
    write_edited(c->name, "node.conf", node_conf, c->node);
    fixture_write("peer.secret", "hunter2\n", 8, 0600);
}

void fixture_run(const struct fixture_case *cases, size_t count)
{
    static struct settings s;
    for (size_t i = 0; i < count; i++) {
        const struct fixture_case *c = &cases[i];
        struct err e = {"(loaded)"};
        fixture_write_case(c);
        bool ok = settings_load(&s, dir, &e);
        if (ok != !c->fragment || (c->fragment && !strstr(e.text, c->fragment)))
            fail_msg("%s: got '%s', want '%s'", c->name, e.text, c->fragment ? c->fragment : "(loaded)");
        if (!ok && strstr(e.text, "hunter2"))
            fail_msg("%s: the secret is in the error", c->name);
    }
}

void fixture_load(struct settings *s, const struct fixture_case *c)
{
    struct err e;
    fixture_write_case(c);
    if (!settings_load(s, dir, &e))
        fail_msg("%s: %s", c->name, e.text);
}

char *fixture_read_source(const char *path)
{
    const char *srcdir = getenv("srcdir");
    char *full = mem_printf("%s/%s", srcdir ? srcdir : ".", path);
    FILE *f = fopen(full, "r");
    if (!f)
        fail_msg("%s cannot be opened", full);
    char *text = mem_zalloc(65536);
    size_t n = fread(text, 1, 65535, f);
    assert_true(n > 0 && n < 65535);
    fclose(f);
    free(full);
    return text;
}
