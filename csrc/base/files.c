#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#elif defined(__APPLE__) && !defined(_DARWIN_C_SOURCE)
#define _DARWIN_C_SOURCE 1
#endif

#include "base/files.h"

#include "base/memory.h"
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifdef _WIN32
#include <io.h>
#include <process.h>
#include <windows.h>
#else
#include <unistd.h>
#endif

enum { MAX_PATH_BYTES = 8192, MAX_PIECE = 1 << 30 };

struct pybp_os_output {
    int descriptor;
    char target[MAX_PATH_BYTES], temporary[MAX_PATH_BYTES];
};

#ifdef _WIN32

/* False: it is no UTF-8, or too long. */
static bool widen(const char *path, wchar_t wide[MAX_PATH_BYTES])
{
    const bool fine = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, MAX_PATH_BYTES) > 0;
    if (!fine)
        errno = EINVAL;
    return fine;
}

int pybp_os_open(const char *path)
{
    wchar_t wide[MAX_PATH_BYTES];
    return widen(path, wide) ? _wopen(wide, _O_RDONLY | _O_BINARY | _O_NOINHERIT) : -1;
}

void pybp_os_close(int descriptor)
{
    _close(descriptor);
}

bool pybp_os_regular(int descriptor, uint64_t *size)
{
    struct _stat64 found;
    if (_fstat64(descriptor, &found) != 0 || (found.st_mode & _S_IFMT) != _S_IFREG)
        return false;
    *size = (uint64_t)found.st_size;
    return true;
}

static ptrdiff_t read_some(int descriptor, uint64_t offset, void *to, size_t n)
{
    return _lseeki64(descriptor, (int64_t)offset, SEEK_SET) < 0 ? -1 : _read(descriptor, to, (unsigned)n);
}

static ptrdiff_t write_some(int descriptor, const void *from, size_t n)
{
    return _write(descriptor, from, (unsigned)n);
}

static bool find_target(const char *path, char target[MAX_PATH_BYTES], int *mode)
{
    wchar_t wide[MAX_PATH_BYTES];
    if (!widen(path, wide))
        return false;
    const DWORD found = GetFileAttributesW(wide);
    *mode = -1;
    errno = EISDIR;
    return !(found != INVALID_FILE_ATTRIBUTES && (found & FILE_ATTRIBUTE_DIRECTORY)) &&
           snprintf(target, MAX_PATH_BYTES, "%s", path) < MAX_PATH_BYTES;
}

static int create(const char *path, int mode)
{
    wchar_t wide[MAX_PATH_BYTES];
    (void)mode;
    return widen(path, wide)
               ? _wopen(wide, _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE)
               : -1;
}

static bool flush(int descriptor)
{
    return _commit(descriptor) == 0;
}

static bool move(const char *from, const char *to)
{
    wchar_t wide_from[MAX_PATH_BYTES], wide_to[MAX_PATH_BYTES];
    return widen(from, wide_from) && widen(to, wide_to) &&
           (MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING) || (errno = EACCES, false));
}

static void discard(const char *path)
{
    wchar_t wide[MAX_PATH_BYTES];
    if (widen(path, wide))
        _wunlink(wide);
}

static void flush_folder(const char *path)
{
    (void)path;
}

static unsigned process_id(void)
{
    return (unsigned)_getpid();
}

#else

int pybp_os_open(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

void pybp_os_close(int descriptor)
{
    close(descriptor);
}

bool pybp_os_regular(int descriptor, uint64_t *size)
{
    struct stat found;
    if (fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode))
        return false;
    *size = (uint64_t)found.st_size;
    return true;
}

static ptrdiff_t read_some(int descriptor, uint64_t offset, void *to, size_t n)
{
    return pread(descriptor, to, n, (off_t)offset);
}

static ptrdiff_t write_some(int descriptor, const void *from, size_t n)
{
    return write(descriptor, from, n);
}

/* The file that is replaced, links followed, and its permissions; -1 if there is none. */
static bool find_target(const char *path, char target[MAX_PATH_BYTES], int *mode)
{
    struct stat found;
    *mode = -1;
    if (stat(path, &found) != 0) {
        if (errno != ENOENT)
            return false;
        if (lstat(path, &found) == 0) /* a link to nowhere: the name that it points to is not known */
            return false;
        errno = ENAMETOOLONG;
        return snprintf(target, MAX_PATH_BYTES, "%s", path) < MAX_PATH_BYTES;
    }
    *mode = (int)(found.st_mode & 07777);
    errno = EISDIR;
    if (!S_ISREG(found.st_mode))
        return false;
    char *whole = realpath(path, NULL);
    errno = ENAMETOOLONG;
    const bool fits = whole != NULL && snprintf(target, MAX_PATH_BYTES, "%s", whole) < MAX_PATH_BYTES;
    free(whole);
    return fits;
}

static int create(const char *path, int mode)
{
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode < 0 ? 0666 : (mode_t)mode);
    if (descriptor >= 0 && mode >= 0 && fchmod(descriptor, (mode_t)mode) != 0) {
        /* The file keeps what the umask allows. */
    }
    return descriptor;
}

static bool flush(int descriptor)
{
    return fsync(descriptor) == 0;
}

static bool move(const char *from, const char *to)
{
    return rename(from, to) == 0;
}

static void discard(const char *path)
{
    unlink(path);
}

/* Flush the rename to the disk, where a folder can be opened. */
static void flush_folder(const char *path)
{
    char folder[MAX_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    const size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    memcpy(folder, path, length);
    strcpy(folder + length, length == 0 ? "." : "");
    const int descriptor = open(folder, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
}

static unsigned process_id(void)
{
    return (unsigned)getpid();
}

#endif

bool pybp_os_read_at(int descriptor, uint64_t offset, void *to, size_t n)
{
    while (n > 0) {
        const ptrdiff_t got = read_some(descriptor, offset, to, n < MAX_PIECE ? n : MAX_PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to = (char *)to + got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return true;
}

/* A name beside the target that no other process or thread uses. */
static bool name_temporary(pybp_os_output *output)
{
    static atomic_uint counter;
    const char *slash = strrchr(output->target, '/');
#ifdef _WIN32
    const char *other = strrchr(output->target, '\\');
    slash = other > slash ? other : slash;
#endif
    const int folder = slash == NULL ? 0 : (int)(slash - output->target) + 1;
    return snprintf(output->temporary, sizeof output->temporary, "%.*s.pybp-%x-%x-%llx.tmp", folder, output->target,
                    process_id(), atomic_fetch_add(&counter, 1),
                    (unsigned long long)pybp_os_nanoseconds()) < (int)sizeof output->temporary;
}

pybp_os_output *pybp_os_replace_begin(const char *path)
{
    pybp_os_output *output = pybp_alloc(sizeof *output);
    int mode;
    if (output == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    if (find_target(path, output->target, &mode) && name_temporary(output)) {
        output->descriptor = create(output->temporary, mode);
        if (output->descriptor >= 0)
            return output;
    }
    const int reason = errno;
    pybp_free(output);
    errno = reason;
    return NULL;
}

bool pybp_os_write(pybp_os_output *output, const void *bytes, size_t n)
{
    while (n > 0) {
        const ptrdiff_t written = write_some(output->descriptor, bytes, n < MAX_PIECE ? n : MAX_PIECE);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes = (const char *)bytes + written;
        n -= (size_t)written;
    }
    return true;
}

bool pybp_os_replace_end(pybp_os_output *output, bool keep)
{
    int reason = errno;
    bool done = keep && flush(output->descriptor);
    if (keep && !done)
        reason = errno;
    pybp_os_close(output->descriptor);
    if (done && !move(output->temporary, output->target)) {
        reason = errno;
        done = false;
    }
    if (done)
        flush_folder(output->target);
    else
        discard(output->temporary);
    pybp_free(output);
    errno = reason;
    return done;
}
