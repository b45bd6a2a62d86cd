#include "wire/cert_date.h"

#include <stdio.h>
#include <string.h>

static int month_of(const char *name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *found = strlen(name) == 3 ? strstr(names, name) : NULL;
    return found && (found - names) % 3 == 0 ? (int)(found - names) / 3 + 1 : 0;
}

/* Days since 1970 in the Gregorian calendar, a year being taken to begin with March. */
static int64_t days_of(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool cert_date_parse(const char *text, int64_t *seconds)
{
    char name[4];
    int day, hour, minute, second, year, end = 0;
    if (sscanf(text, " %3s %2d %2d:%2d:%2d %4d GMT%n", name, &day, &hour, &minute, &second, &year, &end) !=
            6 ||
        !end || text[end])
        return false;
    int month = month_of(name);
    if (!month || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60 || year < 1970)
        return false;
    *seconds = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}
