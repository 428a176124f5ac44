/* Files of nets: those that Python wrote, what C writes, and whatever may be wrong with a file. */
#define _GNU_SOURCE
#include "base/memory.h"
#include "layer_fixture.h"

#include <stdlib.h>
#include <sys/stat.h>

#ifndef _WIN32
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

static char folder[256];

static const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *kept(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s.safetensors", PYBP_FILES_DIR, name);
    return path;
}

/* A file in memory of exactly its size, so that AddressSanitizer sees what lies beyond. */
static unsigned char *contents(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    CHECK_MSG(file != NULL, "%s can't be opened", path);
    if (file == NULL)
        exit(1);
    fseek(file, 0, SEEK_END);
    *n = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*n > 0 ? *n : 1);
    CHECK(fread(bytes, 1, *n, file) == *n);
    fclose(file);
    return bytes;
}

static int count_files(void)
{
    DIR *opened = opendir(folder);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(opened)) != NULL;)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(opened);
    return n;
}

static const char *const names[] = {"format1-plain",   "format1-kinds",     "format1-momentum", "format1-new",
                                    "format1-options", "format2-plain",     "format2-kinds",    "format2-momentum",
                                    "format2-new",     "format2-callbacks", "format2-options"};

/* Python wrote these; C writes the same bytes. */
static void what_python_wrote(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        pybp_net *net = NULL, *again = NULL;
        size_t n, m;
        OK(pybp_net_load(kept(names[i]), &net));
        if (net == NULL)
            continue;
        unsigned char *python = contents(kept(names[i]), &n);
        OK(pybp_net_load_buffer(python, n, &again));
        pybp_net_free(again);
        OK(pybp_net_save(net, in_folder("net")));
        unsigned char *c = contents(in_folder("net"), &m);
        if (names[i][6] == '2' && strcmp(names[i], "format2-callbacks") != 0) /* C has no callbacks */
            CHECK_MSG(n == m && memcmp(python, c, n) == 0, "%s: other bytes than Python's", names[i]);
        OK(pybp_net_load(in_folder("net"), &again));
        pybp_net_free(again);
        pybp_net_free(net);
        free(python);
        free(c);
    }
}

/* Nets that only C makes, with defaults of their own. */
static void what_c_writes(void)
{
    for (int dtype = 0; dtype < 2; dtype++) {
        pybp_net *net = net_of_all((pybp_dtype)dtype), *again = NULL;
        size_t n, m;
        OK(pybp_net_save(net, in_folder("one")));
        OK(pybp_net_load(in_folder("one"), &again));
        OK(pybp_net_save(again, in_folder("other")));
        unsigned char *one = contents(in_folder("one"), &n), *other = contents(in_folder("other"), &m);
        CHECK(n == m && memcmp(one, other, n) == 0);
        CHECK(pybp_net_n_parameters(net) == pybp_net_n_parameters(again));
        pybp_net_free(net);
        pybp_net_free(again);
        free(one);
        free(other);
    }
}

static void refused(const unsigned char *bytes, size_t n, const char *what, size_t at)
{
    unsigned char *exact = malloc(n > 0 ? n : 1);
    pybp_net *net = NULL;
    memcpy(exact, bytes, n);
    const pybp_status status = pybp_net_load_buffer(exact, n, &net);
    CHECK_MSG(status == PYBP_FILE && net == NULL, "%s %zu: %s", what, at, pybp_status_name(status));
    free(exact);
}

static void every_truncation_and_every_bit(void)
{
    static const char *const small[] = {"format2-new", "format2-plain"};
    for (int i = 0; i < 2; i++) {
        size_t n;
        unsigned char *bytes = contents(kept(small[i]), &n);
        for (size_t length = 0; length < n; length++)
            refused(bytes, length, "truncation", length);
        for (size_t bit = 0; bit < 8 * n; bit++) {
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
            refused(bytes, n, "bit", bit);
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        free(bytes);
    }
}

/* Without checksums a changed bit may make another net; but nothing else may happen. */
static void every_bit_of_format_1(void)
{
    size_t n;
    unsigned char *bytes = contents(kept("format1-new"), &n);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        pybp_net *net = NULL;
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        const pybp_status status = pybp_net_load_buffer(bytes, n, &net);
        CHECK_MSG(status == PYBP_FILE || status == PYBP_OK, "bit %zu: %s", bit, pybp_status_name(status));
        pybp_net_free(net);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    free(bytes);
}

static void missing_files_and_folders(void)
{
    pybp_net *net = NULL;
    CHECK(pybp_net_load(in_folder("none"), &net) == PYBP_SYSTEM);
    CHECK(strstr(pybp_last_error(), "No such file") != NULL);
    CHECK(pybp_net_load(folder, &net) == PYBP_FILE);
    CHECK(pybp_net_load(NULL, &net) == PYBP_INVALID && pybp_net_load(folder, NULL) == PYBP_INVALID);
    OK(pybp_net_load(kept("format2-new"), &net));
    CHECK(pybp_net_save(net, in_folder("none/net")) == PYBP_SYSTEM);
    CHECK(pybp_net_save(net, folder) == PYBP_INVALID);
    CHECK(pybp_net_save(net, NULL) == PYBP_INVALID && pybp_net_save(NULL, "net") == PYBP_INVALID);
#ifndef _WIN32
    CHECK(mkfifo(in_folder("pipe"), 0600) == 0); /* opening it would wait for a writer */
    pybp_net *other = NULL;
    CHECK(pybp_net_load(in_folder("pipe"), &other) == PYBP_FILE);
    CHECK(pybp_net_save(net, in_folder("pipe")) == PYBP_INVALID);
    unlink(in_folder("pipe"));
#endif
    pybp_net_free(net);
}

/* Each write fails at another place: the file that was there stays, and there is no other. */
static void full_disk(void)
{
    pybp_net *net = net_of_all(PYBP_FLOAT32);
    size_t n, m;
    OK(pybp_net_save(net, in_folder("net")));
    unsigned char *before = contents(in_folder("net"), &n);
    const int files = count_files();
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, less;
    getrlimit(RLIMIT_FSIZE, &old);
    for (size_t limit = 0; limit < n; limit += n / 20 + 1) {
        less = old;
        less.rlim_cur = limit;
        setrlimit(RLIMIT_FSIZE, &less);
        const pybp_status status = pybp_net_save(net, in_folder("net"));
        setrlimit(RLIMIT_FSIZE, &old);
        CHECK_MSG(status == PYBP_SYSTEM, "%zu bytes: %s", limit, pybp_status_name(status));
        CHECK(count_files() == files);
    }
    unsigned char *after = contents(in_folder("net"), &m);
    CHECK(n == m && memcmp(before, after, n) == 0);
    free(before);
    free(after);
    pybp_net_free(net);
}

static void no_memory(void)
{
    const char *path = kept("format2-kinds");
    pybp_net *net = NULL;
    const long live = pybp_alloc_live();
    for (long n = 0;; n++) {
        pybp_alloc_fail_after(n);
        const pybp_status status = pybp_net_load(path, &net);
        if (pybp_alloc_fail_after(-1) >= 0)
            break;
        CHECK_MSG(status == PYBP_NO_MEMORY && net == NULL, "allocation %ld: %s", n, pybp_status_name(status));
        CHECK(pybp_alloc_live() == live);
    }
    const int files = count_files();
    for (long n = 0;; n++) {
        pybp_alloc_fail_after(n);
        const pybp_status status = pybp_net_save(net, in_folder("net"));
        if (pybp_alloc_fail_after(-1) >= 0)
            break;
        CHECK_MSG(status == PYBP_NO_MEMORY || status == PYBP_SYSTEM, "allocation %ld: %s", n, pybp_status_name(status));
        CHECK(count_files() == files);
    }
    pybp_net_free(net);
    CHECK(pybp_alloc_live() == live);
}

static void arrays_and_description(void)
{
    pybp_file *file = NULL;
    pybp_array_info info;
    float biases[3];
    OK(pybp_file_open(kept("format2-callbacks"), &file));
    CHECK(strcmp(pybp_file_kind(file), "net") == 0 && pybp_file_n_nets(file) == 1);
    CHECK(pybp_file_description(file)[0] == '{');
    bool found = false;
    for (size_t i = 0; i < pybp_file_n_arrays(file); i++) {
        OK(pybp_file_array(file, i, &info));
        static const char wanted[] = "layers.1.biases";
        if (info.name_length != strlen(wanted) || memcmp(info.name, wanted, info.name_length) != 0)
            continue;
        found = true;
        CHECK(info.n_dimensions == 1 && info.shape[0] == 3 && strcmp(info.dtype, "float32") == 0 && info.bytes == 12);
        OK(pybp_file_read(file, i, biases, sizeof biases));
        CHECK(pybp_file_read(file, i, biases, 8) == PYBP_SHAPE);
    }
    CHECK(found);
    CHECK(pybp_file_array(file, 1000, &info) == PYBP_INVALID);
    pybp_net *net = NULL;
    CHECK(pybp_file_net(file, 1, &net) == PYBP_INVALID);
    pybp_file_close(file);
    pybp_file_close(NULL);
}

int main(void)
{
    snprintf(folder, sizeof folder, "%s/pybp-test-XXXXXX", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    if (mkdtemp(folder) == NULL)
        return 77;
    CHECK_RUN(what_python_wrote);
    CHECK_RUN(what_c_writes);
    CHECK_RUN(every_truncation_and_every_bit);
    CHECK_RUN(every_bit_of_format_1);
    CHECK_RUN(missing_files_and_folders);
    CHECK_RUN(full_disk);
    CHECK_RUN(no_memory);
    CHECK_RUN(arrays_and_description);
    DIR *opened = opendir(folder);
    for (struct dirent *entry; (entry = readdir(opened)) != NULL;)
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
            unlink(in_folder(entry->d_name));
    closedir(opened);
    rmdir(folder);
    return check_report();
}
