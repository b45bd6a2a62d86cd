#include "cli/fetch.h"

#include <stdio.h>

#include "cli/ask.h"
#include "cli/direct.h"

bool fetch_report(const struct cli *cli, bool direct, const struct direct_options *servers, struct report *out,
                  struct err *e)
{
    struct direct_options options = {.why = "", .limit_ms = DIRECT_LIMIT_MS};
    struct err why = {.text = ""};
    if (servers)
        options = *servers;
    snprintf(why.text, sizeof(why.text), "%s", options.why);
    struct ask *a = NULL;
    enum ask_result result = direct ? ASK_SILENT : ask_report(&a, cli->settings->node.run_dir, out, &why);
    ask_close(&a);
    if (result == ASK_DONE)
        return true;
    if (result == ASK_REFUSED)
        return err_set(e, "%s", why.text);
    options.why = why.text;
    if (direct_report(cli->config_dir, &options, out, e))
        return true;
    return why.text[0] ? err_prefix(e, "%s; and the servers could not be asked directly", why.text) : false;
}
