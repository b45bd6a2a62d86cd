#include "wire/printable.h"

#include <stdbool.h>
#include <stddef.h>

static bool continues(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Bytes of the valid sequence of more than one byte at `s`, or 0. */
static size_t sequence_length(const unsigned char *s)
{
    if (s[0] < 0xc2 || s[0] > 0xf4 || !continues(s[1]))
        return 0;
    if (s[0] < 0xe0)
        return 2;
    if (!continues(s[2]))
        return 0;
    if (s[0] < 0xf0) /* neither overlong nor a surrogate */
        return (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ? 0 : 3;
    if (!continues(s[3]))
        return 0;
    return (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f) ? 0 : 4;
}

/* U+0080 to U+009F are control characters too. */
static bool is_control(const unsigned char *s)
{
    return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

void printable_make(char *text)
{
    for (unsigned char *s = (unsigned char *)text; *s;) {
        size_t length = *s < 0x80 ? 1 : sequence_length(s);
        if (!length || is_control(s)) {
            for (size_t i = 0; i < (length ? length : 1); i++)
                s[i] = '?';
        }
        s += length ? length : 1;
    }
}
