/* Allocation that never fails: exhaustion ends the process (the fencer is there for that). */
#ifndef REPLCHECK_BASE_MEM_H
#define REPLCHECK_BASE_MEM_H

#include <stddef.h>

void *mem_zalloc(size_t size); /* zeroed; free() releases */
void *mem_resize(void *old, size_t size);
char *mem_strdup(const char *text);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
