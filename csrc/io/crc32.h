/* CRC-32 as in zlib and PNG. */
#ifndef PYBP_IO_CRC32_H
#define PYBP_IO_CRC32_H

#include <stddef.h>
#include <stdint.h>

typedef struct pybp_crc32_table {
    uint32_t of[8][256];
} pybp_crc32_table;

void pybp_crc32_fill(pybp_crc32_table *table);
/* The checksum of n bytes that follow others whose checksum is `before`; 0 if there are none. */
uint32_t pybp_crc32(const pybp_crc32_table *table, uint32_t before, const void *bytes, size_t n);

#endif
