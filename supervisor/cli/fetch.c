#include "cli/fetch.h"

#include <stdio.h>

#include "cli/ask.h"
#include "cli/direct.h"

bool fetch_directly(const char *config_dir, const struct direct_options *options, struct report *out,
                    struct err *e)
{
    struct servers servers;
    bool ok = servers_of_node(&servers, config_dir, e);
    if (ok)
        direct_report(&servers, options, out);
    servers_clear(&servers);
    return ok;
}

bool fetch_report(const struct cli *cli, bool direct, const struct direct_options *servers,
                  struct report *out, struct err *e)
{
    struct direct_options options = {.why = "", .limit_ms = DIRECT_LIMIT_MS, .audited = true};
    struct err why = {.text = ""};
    if (servers)
        options = *servers;
    struct ask *a = NULL;
    enum ask_result result = direct ? ASK_SILENT : ask_report(&a, cli->settings->node.run_dir, out, &why);
    ask_close(&a);
    if (result == ASK_DONE)
        return true;
    if (result == ASK_REFUSED)
        return err_set(e, "%s", why.text);
    if (!direct)
        options.why = why.text;
    if (fetch_directly(cli->config_dir, &options, out, e))
        return true;
    return options.why[0] ? err_prefix(e, "%s; and the servers could not be asked directly", options.why)
                          : false;
}
