#include "wire/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *bytes, size_t size)
{
    const uint8_t *in = bytes;
    char *text = mem_zalloc((size + 2) / 3 * 4 + 1), *out = text;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t three = (uint32_t)in[i] << 16;
        three |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        three |= left > 2 ? in[i + 2] : 0;
        *out++ = alphabet[three >> 18];
        *out++ = alphabet[three >> 12 & 63];
        *out++ = left > 1 ? alphabet[three >> 6 & 63] : '=';
        *out++ = left > 2 ? alphabet[three & 63] : '=';
    }
    return text;
}

static int digit(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* Four characters into up to three bytes; how many there are, or -1. Padding only in the last four. */
static int decode_four(const char *text, bool last, char *out)
{
    int pad = last && text[3] == '=' ? (text[2] == '=' ? 2 : 1) : 0;
    uint32_t three = 0;
    for (int i = 0; i < 4; i++) {
        int value = i < 4 - pad ? digit(text[i]) : 0;
        if (value < 0)
            return -1;
        three = three << 6 | (uint32_t)value;
    }
    if ((pad == 1 && three & 0xff) || (pad == 2 && three & 0xffff))
        return -1;
    for (int i = 0; i < 3 - pad; i++)
        out[i] = (char)(three >> (16 - 8 * i) & 0xff);
    return 3 - pad;
}

char *base64_decode(const char *text, size_t *size)
{
    size_t length = strlen(text), made = 0;
    if (length % 4)
        return NULL;
    char *bytes = mem_zalloc(length / 4 * 3 + 1);
    for (size_t i = 0; i < length; i += 4) {
        int n = decode_four(text + i, i + 4 == length, bytes + made);
        if (n < 0) {
            free(bytes);
            return NULL;
        }
        made += (size_t)n;
    }
    *size = made;
    return bytes;
}
