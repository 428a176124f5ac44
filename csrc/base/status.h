/* The per-thread error message behind every status code.
 *
 * Public half (declared in pybp.h, defined in status.c): pybp_last_error(), pybp_status_name().
 * Everything here is thread-safe: each thread has its own buffer, and nothing allocates. */
#ifndef PYBP_BASE_STATUS_H
#define PYBP_BASE_STATUS_H

#include "pybp.h"

/* Size of the buffer, terminating zero included.  A longer message is cut, never inside a UTF-8
 * character. */
#define PYBP_MESSAGE_BYTES 512

#if defined(__GNUC__)
#define PYBP_PRINTF(format_index, first_index) \
    __attribute__((format(printf, format_index, first_index)))
#else
#define PYBP_PRINTF(format_index, first_index)
#endif

/* Store a message for this thread, in printf's format, and return `code`:
 *     return pybp_fail(PYBP_SHAPE, "x has %zu columns, the net has %zu inputs", cols, n_in);
 * The arguments may include pybp_last_error() itself, so that a caller can add to the message. */
pybp_status pybp_fail(pybp_status code, const char *format, ...) PYBP_PRINTF(2, 3);

/* Copy the first size - 1 characters of a text that comes from outside, such as the environment, for use in a message. A
 * byte that is not printable ASCII becomes '?', so that the message is valid UTF-8 wherever it is cut. */
void pybp_printable(const char *text, char *to, size_t size);

#endif
