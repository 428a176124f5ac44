/* Text that grows. */
#ifndef PYBP_IO_TEXT_H
#define PYBP_IO_TEXT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise; release `at` with pybp_free. */
typedef struct pybp_text {
    char *at;
    size_t length, capacity;
    bool failed; /* there was no memory; later text is lost */
} pybp_text;

void pybp_text_add(pybp_text *text, const char *bytes, size_t n);
/* In printf's format, at most 500 bytes. */
void pybp_text_format(pybp_text *text, const char *format, ...) PYBP_PRINTF(2, 3);
/* A finite number: the shortest decimal that reads back as this double, with a point or an exponent, as in Python. */
void pybp_text_double(pybp_text *text, double value);
/* ASCII text as a string of JSON. */
void pybp_text_quote(pybp_text *text, const char *bytes, size_t n);

#endif
