/* A span of time as people read it: "0 ms", "340 ms", "4.2 s", "3 min 20 s", "2 h 5 min", "3 d 2 h". A
 * negative one is "unknown". Always terminated; returns `out`. */
#ifndef REPLCHECK_BASE_DURATION_H
#define REPLCHECK_BASE_DURATION_H

#include <stdint.h>

#define DURATION_MAX 32

const char *duration_format_us(int64_t us, char out[DURATION_MAX]);
const char *duration_format_ms(int64_t ms, char out[DURATION_MAX]);

#endif
