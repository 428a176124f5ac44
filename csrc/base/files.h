/* Files, on POSIX systems and Windows. Paths are UTF-8 on Windows. Functions that fail set errno. */
#ifndef PYBP_BASE_FILES_H
#define PYBP_BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A descriptor for reading, or -1. It does not wait for the writer of a pipe. */
int pybp_os_open(const char *path);
void pybp_os_close(int descriptor);
/* Whether it is a regular file; then its size. */
bool pybp_os_regular(int descriptor, uint64_t *size);
/* Read n bytes at an offset. False: there are fewer, or the system can't read them. */
bool pybp_os_read_at(int descriptor, uint64_t offset, void *to, size_t n);

/* The file that is written in the place of another. */
typedef struct pybp_os_output pybp_os_output;
/* Begin to write a file beside `path`, a symbolic link being followed. NULL: the system can't, or, with errno EISDIR,
 * there is something at `path` that is no regular file. */
pybp_os_output *pybp_os_replace_begin(const char *path);
bool pybp_os_write(pybp_os_output *output, const void *bytes, size_t n);
/* Flush it to the disk and rename it to `path`, or, unless `keep`, remove it. False: the file at `path` is as it was,
 * and the new one is removed. Releases the output. */
bool pybp_os_replace_end(pybp_os_output *output, bool keep);

#endif
