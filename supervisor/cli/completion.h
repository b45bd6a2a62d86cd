/* The words that a shell may complete, taken from the commands' own help, so that they cannot differ from it.
 */
#ifndef REPLCHECK_CLI_COMPLETION_H
#define REPLCHECK_CLI_COMPLETION_H

/* Prints one line, the command and what may follow it: its options, and the words of its first line that are
 * neither a value nor its own name. `help` is as the command prints it. */
void completion_print(const char *command, const char *help);

#endif
