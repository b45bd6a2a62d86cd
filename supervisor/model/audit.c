#include "model/audit.h"

#include <string.h>

static bool is_named(const char *account, const char *name)
{
    const char *at = strrchr(account, '@');
    size_t user = at ? (size_t)(at - account) : strlen(account);
    if (strchr(name, '@'))
        return strcmp(account, name) == 0;
    return strlen(name) == user && strncmp(account, name, user) == 0;
}

static bool is_of_this_host(const char *account, const char *user)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "::1"};
    size_t length = strlen(user);
    if (strncmp(account, user, length) != 0 || account[length] != '@')
        return false;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        if (strcmp(account + length + 1, hosts[i]) == 0)
            return true;
    return false;
}

/* Every server has a root, and Debian's installs its own system user besides, without a password. What runs
 * as one of them is no administrator: it writes for others. */
static bool is_administrator(const struct audit_entry *e)
{
    if (e->kind != AUDIT_ACCOUNT)
        return false;
    return is_of_this_host(e->account, "root") || (e->socket_only && is_of_this_host(e->account, "mysql"));
}

enum audit_standing audit_standing(const struct audit_entry *entry, const char *const *accepted, int count)
{
    for (int i = 0; i < count; i++)
        if (is_named(entry->account, accepted[i]))
            return AUDIT_ACCEPTED;
    return is_administrator(entry) ? AUDIT_ADMINISTRATOR : AUDIT_FINDING;
}

bool audit_holder_is_new(const struct audit_holder *h, const struct audit_holder *before, int count)
{
    for (int i = 0; i < count; i++)
        if (before[i].connection == h->connection && before[i].locks == h->locks &&
            strcmp(before[i].account, h->account) == 0)
            return false;
    return true;
}

const char *audit_kind_name(enum audit_kind kind)
{
    static const char *const names[] = {"account", "procedure", "event"};
    return kind >= AUDIT_ACCOUNT && kind <= AUDIT_EVENT ? names[kind] : "invalid";
}

const char *audit_standing_name(enum audit_standing standing)
{
    static const char *const names[] = {"finding", "administrator", "accepted"};
    return standing >= AUDIT_FINDING && standing <= AUDIT_ACCEPTED ? names[standing] : "invalid";
}

const char *audit_lock_name(enum audit_lock lock)
{
    static const char *const names[AUDIT_LOCKS] = {"vote", "bell", "write", "here", "here"};
    return lock >= AUDIT_VOTE && lock < AUDIT_LOCKS ? names[lock] : "invalid";
}
