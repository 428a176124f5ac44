/* Fuzz target of the reader of files: whatever the bytes, it refuses them, or gives nets that predict.
 *
 *   CC=clang cmake -G Ninja -B build/fuzz -DPYBP_BUILD_FUZZ=ON && cmake --build build/fuzz
 *   build/fuzz/pybp_fuzz_files -max_len=20000 NEW csrc/fuzz/corpus_files tests/io/files
 *
 * In that build no checksum is wrong, since no fuzzer finds one. */
#include "pybp.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int fine, const char *what)
{
    if (fine)
        return;
    fprintf(stderr, "%s: %s\n", what, pybp_last_error());
    abort();
}

/* Two rows of zeros, unless the net is large. */
static void predict(const pybp_net *net)
{
    const size_t n_in = pybp_net_n_in(net), n_out = pybp_net_n_out(net);
    if (n_in > 1 << 12 || n_out > 1 << 12 || pybp_net_n_layers(net) > 1 << 10)
        return;
    float *x = calloc(2 * n_in, sizeof *x);
    double *out = calloc(2 * n_out, sizeof *out);
    const pybp_matrix inputs = {.data = x, .rows = 2, .cols = n_in, .row_stride = (ptrdiff_t)(n_in * sizeof *x),
                                .dtype = PYBP_FLOAT32};
    const pybp_status status = pybp_predict(net, &inputs, out, 1);
    must(status == PYBP_OK || status == PYBP_NO_MEMORY, "predict");
    free(x);
    free(out);
}

static void read_arrays(const pybp_file *file)
{
    pybp_array_info info;
    for (size_t i = 0; i < pybp_file_n_arrays(file) && i < 8; i++) {
        must(pybp_file_array(file, i, &info) == PYBP_OK, "array");
        void *values = malloc(info.bytes > 0 ? info.bytes : 1);
        must(pybp_file_read(file, i, values, info.bytes) == PYBP_OK, "read");
        free(values);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pybp_file *file;
    pybp_net *net;
    if (pybp_file_open_buffer(data, size, &file) != PYBP_OK)
        return 0;
    must(strlen(pybp_file_description(file)) > 0, "description");
    read_arrays(file);
    for (size_t i = 0; i < pybp_file_n_nets(file) && i < 4; i++) {
        const pybp_status status = pybp_file_net(file, i, &net);
        must(status == PYBP_OK || status == PYBP_FILE || status == PYBP_NO_MEMORY, "net");
        if (status == PYBP_OK) {
            predict(net);
            pybp_net_free(net);
        }
    }
    pybp_file_close(file);
    return 0;
}
