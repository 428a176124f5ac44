#include "io/crc32.h"

void pybp_crc32_fill(pybp_crc32_table *table)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
        table->of[0][byte] = crc;
    }
    for (int k = 1; k < 8; k++)
        for (uint32_t byte = 0; byte < 256; byte++)
            table->of[k][byte] = table->of[k - 1][byte] >> 8 ^ table->of[0][table->of[k - 1][byte] & 0xFF];
}

/* Eight bytes at a time: each has a table that carries it to the end of the eight. */
uint32_t pybp_crc32(const pybp_crc32_table *table, uint32_t before, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    uint32_t crc = ~before;
    for (; n >= 8; n -= 8, at += 8) {
        const uint32_t low = crc ^ (at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
        crc = table->of[7][low & 0xFF] ^ table->of[6][low >> 8 & 0xFF] ^ table->of[5][low >> 16 & 0xFF] ^
              table->of[4][low >> 24] ^ table->of[3][at[4]] ^ table->of[2][at[5]] ^ table->of[1][at[6]] ^
              table->of[0][at[7]];
    }
    for (; n > 0; n--, at++)
        crc = crc >> 8 ^ table->of[0][(crc ^ *at) & 0xFF];
    return ~crc;
}
