#include "daemon/boot_id.h"

#include <stdio.h>
#include <string.h>

const char *boot_id(void)
{
    static char text[64];
    if (!text[0]) {
        FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
        if (!f || !fgets(text, sizeof(text), f))
            snprintf(text, sizeof(text), "unknown");
        if (f)
            fclose(f);
        text[strcspn(text, "\n")] = '\0';
    }
    return text;
}
