/* The version of the schema that this program installs and works with. */
#ifndef REPLCHECK_MODEL_SCHEMA_VERSION_H
#define REPLCHECK_MODEL_SCHEMA_VERSION_H

#define SCHEMA_VERSION      6
#define SCHEMA_VERSION_TEXT "6"

/* The first one that can begin a term with durability lossless: begin_term of sql/term.sql. With an older one
 * that enables nothing. */
#define SCHEMA_LOSSLESS 4

#endif
