#include "settings/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "settings/apply.h"
#include "settings/check.h"
#include "settings/options.h"
#include "settings/secret.h"
#include "settings/text_file.h"
#include "settings/tree_conf.h"
#include "settings/tree_yaml.h"

/* FNV-1a over "path=value\n" of every value, in the table's order. */
static void hash_value(void *context, const struct option *o, const char *path, const char *text)
{
    uint64_t *hash = context;
    const char *const parts[] = {path, "=", text, "\n"};
    (void)o;
    for (size_t i = 0; i < 4; i++)
        for (const char *p = parts[i]; *p; p++)
            *hash = (*hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
}

static void hash_cluster(struct settings *s)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    option_each(&options_cluster, &s->cluster, hash_value, &hash);
    snprintf(s->cluster_hash, sizeof(s->cluster_hash), "%016llx", (unsigned long long)hash);
}

static bool parse_cluster(struct settings *s, const char *path, const char *text, size_t size, struct err *e)
{
    struct tree *root = NULL;
    bool ok =
        tree_yaml_read(&root, path, text, size, e) && apply_tree(&options_cluster, root, &s->cluster, e);
    if (ok && tree_find(root, "quorum.witness") && !tree_find(root, "quorum.tie_breaker"))
        s->cluster.quorum.tie_breaker = TIE_BREAKER_WITNESS;
    ok = ok && check_cluster(&s->cluster, root, e);
    tree_free(&root);
    return ok;
}

static bool load_cluster(struct settings *s, const char *path, struct err *e)
{
    char *text;
    size_t size;
    bool ok = text_file_read(path, &text, &size, e) && parse_cluster(s, path, text, size, e);
    free(text);
    return ok;
}

static bool read_account(struct account_settings *account, const char *name, const char *owner,
                         const struct tree *root, struct err *e)
{
    struct err why;
    char key[64];
    snprintf(key, sizeof(key), "%s.password_file", name);
    if (!*account->password_file)
        return tree_fail(e, root, key, "missing, expected the file that holds the account's password");
    if (!secret_read(account->password_file, owner, account->password, sizeof(account->password), &why))
        return root ? tree_fail(e, root, key, "%s", why.text) : err_set(e, "%s", why.text);
    return true;
}

/* `root`, where it is still known, for the line that an error names. */
static bool read_secrets(struct settings *s, const struct tree *root, struct err *e)
{
    const char *owner = s->node.run_as;
    bool witness = s->cluster.quorum.tie_breaker == TIE_BREAKER_WITNESS;
    bool mariadb = s->cluster.quorum.witness.kind == WITNESS_MARIADB;
    if (!read_account(&s->node.peer, "peer", owner, root, e))
        return false;
    if (!witness || (!mariadb && !*s->node.witness.password_file))
        return true;
    return read_account(&s->node.witness, "witness", owner, root, e);
}

static bool load_node(struct settings *s, const char *path, bool with_secrets, struct err *e)
{
    char *text;
    size_t size;
    struct tree *root = NULL;
    bool ok = text_file_read(path, &text, &size, e) && tree_conf_read(&root, path, text, e) &&
              apply_tree(&options_node, root, &s->node, e) && check_node(s, root, e) &&
              (!with_secrets || read_secrets(s, root, e));
    tree_free(&root);
    free(text);
    return ok;
}

static bool load(struct settings *out, const char *dir, bool with_secrets, struct err *e)
{
    char *cluster = mem_printf("%s/%s", dir, options_cluster.file);
    char *node = mem_printf("%s/%s", dir, options_node.file);
    memset(out, 0, sizeof(*out));
    bool ok = load_cluster(out, cluster, e) && load_node(out, node, with_secrets, e);
    if (ok) {
        out->node.self = check_find_self(out);
        hash_cluster(out);
    }
    free(node);
    free(cluster);
    return ok;
}

bool settings_load(struct settings *out, const char *dir, struct err *e)
{
    return load(out, dir, true, e);
}

bool settings_load_without_secrets(struct settings *out, const char *dir, struct err *e)
{
    return load(out, dir, false, e);
}

void settings_forget_secrets(struct settings *s)
{
    explicit_bzero(s->node.peer.password, sizeof(s->node.peer.password));
    explicit_bzero(s->node.witness.password, sizeof(s->node.witness.password));
}

bool settings_complete_secrets(struct settings *s, struct err *e)
{
    return s->node.peer.password[0] || read_secrets(s, NULL, e);
}

bool settings_load_cluster(struct settings *out, const char *path, const char *text, struct err *e)
{
    memset(out, 0, sizeof(*out));
    if (text ? !parse_cluster(out, path, text, strlen(text), e) : !load_cluster(out, path, e))
        return false;
    hash_cluster(out);
    return true;
}

/* The first difference in an option that a running daemon cannot change. */
static bool compare(const struct option_table *table, const void *now, const void *next, struct err *e)
{
    char path[OPTION_PATH_MAX], before[OPTION_TEXT_MAX], after[OPTION_TEXT_MAX];
    for (size_t row = 0; row < table->count; row++) {
        const struct option *o = &table->rows[row];
        int values = o->reloadable ? 0 : option_values(table, o, now);
        for (int i = 0; i < values; i++) {
            option_path(o, i, path);
            option_text(table, o, now, i, before);
            option_text(table, o, next, i, after);
            if (strcmp(before, after) != 0)
                return err_set(e,
                               "%s: %s cannot change from \"%s\" to \"%s\" in a running daemon, restart it",
                               table->file, path, before, after);
        }
    }
    return true;
}

bool settings_reloadable(const struct settings *now, const struct settings *next, struct err *e)
{
    return compare(&options_cluster, &now->cluster, &next->cluster, e) &&
           compare(&options_node, &now->node, &next->node, e);
}

static void each_without_effect(const struct option_table *table, const void *base,
                                void (*tell)(void *context, const char *sentence), void *context)
{
    char text[OPTION_TEXT_MAX], sentence[OPTION_TEXT_MAX + 2 * OPTION_PATH_MAX];
    for (size_t row = 0; row < table->count; row++) {
        const struct option *o = &table->rows[row];
        if (!option_has_no_effect(table, o, base))
            continue;
        option_text(table, o, base, 0, text);
        snprintf(sentence, sizeof(sentence), "%s: %s%s%s is not in this version and has no effect",
                 table->file, o->name, o->secret ? "" : ": ", o->secret ? "" : text);
        tell(context, sentence);
    }
}

void settings_each_without_effect(const struct settings *s, void (*tell)(void *context, const char *sentence),
                                  void *context)
{
    each_without_effect(&options_cluster, &s->cluster, tell, context);
    each_without_effect(&options_node, &s->node, tell, context);
}

const char *settings_third_vote(enum tie_breaker tie)
{
    static const char *const names[] = {[TIE_BREAKER_WRITER] = "the last writer",
                                        [TIE_BREAKER_WITNESS] = "the witness",
                                        [TIE_BREAKER_VIP] = "the VIP"};
    return names[tie];
}
