/* The version of the schema that this program installs and works with. */
#ifndef REPLCHECK_MODEL_SCHEMA_VERSION_H
#define REPLCHECK_MODEL_SCHEMA_VERSION_H

#define SCHEMA_VERSION      4
#define SCHEMA_VERSION_TEXT "4"

#endif
