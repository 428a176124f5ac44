/* The bytes of a file: in memory, or read from a descriptor as they are needed. */
#ifndef PYBP_IO_SOURCE_H
#define PYBP_IO_SOURCE_H

#include "pybp.h"

#include <stdbool.h>

typedef struct pybp_source {
    const char *bytes; /* NULL: read from the descriptor */
    int descriptor;
    bool owned;        /* the descriptor is to be closed */
    uint64_t size;
} pybp_source;

/* Copy n bytes from an offset; offset + n is at most `size`. PYBP_FILE: the file has become shorter. */
pybp_status pybp_source_read(const pybp_source *source, uint64_t offset, void *to, size_t n);

#endif
