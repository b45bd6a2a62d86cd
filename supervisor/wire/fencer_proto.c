#include "wire/fencer_proto.h"

#include <string.h>

static const struct {
    enum fencer_message_kind kind;
    bool from_child;
    const char *name;
} kinds[] = {
    {FENCER_HELLO, true, "HELLO"},    {FENCER_PREPARE, true, "PREPARE"},  {FENCER_ARM, true, "ARM"},
    {FENCER_DISARM, true, "DISARM"},  {FENCER_FENCE, true, "FENCE"},      {FENCER_UPGRADE, true, "UPGRADE"},
    {FENCER_STATE, false, "STATE"},   {FENCER_ACK, false, "ACK"},         {FENCER_DEAD, false, "DEAD"},
    {FENCER_FENCED, false, "FENCED"}, {FENCER_RESTART, false, "RESTART"}, {FENCER_STATUS, true, "STATUS"},
};

struct fencer_message fencer_message_make(enum fencer_message_kind kind)
{
    struct fencer_message m;
    memset(&m, 0, sizeof(m));
    m.version = FENCER_PROTO_VERSION;
    m.kind = kind;
    return m;
}

bool fencer_message_valid(const void *packet, size_t size, bool from_child)
{
    const struct fencer_message *m = packet;
    if (size != sizeof(*m) || m->version != FENCER_PROTO_VERSION)
        return false;
    if (!memchr(m->file, 0, sizeof(m->file)) || !memchr(m->text, 0, sizeof(m->text)))
        return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (kinds[i].kind == m->kind)
            return kinds[i].from_child == from_child;
    return false;
}

const char *fencer_message_name(uint32_t kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (kinds[i].kind == kind)
            return kinds[i].name;
    return "?";
}
