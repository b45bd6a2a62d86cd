/* JSON to stdout, as every `--json` prints it. */
#ifndef REPLCHECK_CLI_JSON_PRINT_H
#define REPLCHECK_CLI_JSON_PRINT_H

#include <jansson.h>

/* Takes the value. */
void json_print(json_t *json);

#endif
