/* Makes text that came from outside fit to be shown in one line of UTF-8. */
#ifndef REPLCHECK_WIRE_PRINTABLE_H
#define REPLCHECK_WIRE_PRINTABLE_H

/* In place: each control character, and each byte that belongs to no valid UTF-8 sequence (a sequence that
 * truncation has cut included), becomes '?'. The length stays. */
void printable_make(char *text);

#endif
