/* A result set as text, apart from libmariadb: what parsers of rows are given and tests can write by hand.
 *
 * Cells are NUL-terminated strings or NULL for SQL NULL; the memory belongs to whoever filled the struct. */
#ifndef REPLCHECK_WIRE_ROWS_H
#define REPLCHECK_WIRE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tri.h"

struct rows {
    size_t column_count;
    size_t row_count;
    const char *const *names; /* column_count names */
    const char *const *cells; /* row_count * column_count, row by row */
};

/* Index of the column with this name, case-insensitive; "Slave_X" and "Replica_X", "Master_X" and
 * "Source_X" name the same column. -1 if there is none. */
int rows_column(const struct rows *set, const char *name);

/* The cell, or NULL for SQL NULL, a missing column or a row out of range. */
const char *rows_text(const struct rows *set, size_t row, const char *name);

/* A whole number of the cell; false leaves *out alone (NULL, missing, not a number, out of range). */
bool rows_i64(const struct rows *set, size_t row, const char *name, int64_t *out);

/* "Yes", "ON", "1" → yes; "No", "OFF", "0" → no; anything else, NULL and missing → unknown. */
enum tri rows_tri(const struct rows *set, size_t row, const char *name);

#endif
