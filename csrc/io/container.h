/* The container of pybp's files: a safetensors file. docs/file-format.md says what is accepted. */
#ifndef PYBP_IO_CONTAINER_H
#define PYBP_IO_CONTAINER_H

#include "io/crc32.h"
#include "io/json.h"
#include "io/source.h"

typedef struct pybp_stored_type {
    const char *name, *numpy; /* in the file, and in NumPy */
    size_t size;              /* of an element, in bytes */
} pybp_stored_type;

typedef struct pybp_stored_array {
    const pybp_json *name, *shape;
    const pybp_stored_type *type;
    uint64_t begin, bytes; /* its place in the data */
} pybp_stored_array;

typedef struct pybp_container {
    pybp_source source;
    char *text;                /* of the header */
    pybp_json *header;
    const pybp_json *metadata; /* an object of strings, or NULL: there is none */
    pybp_stored_array *arrays; /* ordered by name */
    size_t n_arrays;
    uint64_t data, data_bytes; /* where the arrays begin in the file, and how many bytes they have together */
    pybp_crc32_table crc32;
} pybp_container;

/* Read and check the header; source is set. PYBP_FILE, PYBP_NO_MEMORY; pybp_container_free follows in any case. */
pybp_status pybp_container_open(pybp_container *container);
void pybp_container_free(pybp_container *container);

/* The first array whose name is not before `name`: an index, n_arrays if there is none. */
size_t pybp_container_find(const pybp_container *container, const char *name, size_t length);
/* The array of this name, or NULL. */
const pybp_stored_array *pybp_container_array(const pybp_container *container, const char *name, size_t length);
/* The number of arrays whose names begin with `prefix`. *first becomes the index of the first one. */
size_t pybp_container_count(const pybp_container *container, const char *prefix, size_t *first);
/* The size of a dimension, a number below 2^63. */
uint64_t pybp_stored_size(const pybp_stored_array *array, size_t dimension);
/* The values, in this machine's byte order. */
pybp_status pybp_container_read(const pybp_container *container, const pybp_stored_array *array, void *to);
/* PYBP_FILE if the array's bytes have another checksum than this one. */
pybp_status pybp_container_check(const pybp_container *container, const pybp_stored_array *array,
                                 const pybp_json *checksum);
/* A checksum as a file has it. */
bool pybp_is_checksum(const pybp_json *value, uint32_t crc);

#endif
