#include "naive.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* docs/contract.md: rows of a chunk; elements of a block of the gradient's norm. */
#define CHUNK 256
#define NORM_BLOCK 4096

/* ---- help ------------------------------------------------------------------------------------- */

/* Zeroed memory; naive nets have no errors to report. */
static void *need(size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size);
    if (!memory) {
        fputs("naive: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

static void *append(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
    return (char *)to + bytes;
}

static void keep(naive_result *result, naive_part part, const void *data, size_t n, size_t size)
{
    result->parts[part].n = n;
    result->parts[part].size = size;
    result->parts[part].data = n ? need(n, size) : NULL;
    if (n)
        memcpy(result->parts[part].data, data, n * size);
}

/* ---- row sums and losses in double ----------------------------------------------------------- */

static double row_sum(const double *d, size_t rows)
{
    double s = 0.0;
    for (size_t chunk = 0; chunk < rows; chunk += CHUNK) {
        double c = 0.0;
        for (size_t r = chunk; r < rows && r < chunk + CHUNK; r++)
            c = c + d[r];
        s = chunk ? s + c : c;
    }
    return s;
}

static double row_dot(const double *p, const double *q, size_t rows)
{
    double s = 0.0;
    for (size_t chunk = 0; chunk < rows; chunk += CHUNK) {
        double c = 0.0;
        for (size_t r = chunk; r < rows && r < chunk + CHUNK; r++)
            c = fma(p[r], q[r], c);
        s = chunk ? s + c : c;
    }
    return s;
}

/* 1: divided by the number of outputs */
static const int loss_per_output[] = {
#define PYBP_LOSS(NAME, name, links, per_output, targets, formula, params) per_output,
#include "registry/losses.def"
#undef PYBP_LOSS
};

/* Parameter k of a loss, or its default. */
static double naive_loss_param(const pybp_loss_spec *spec, size_t k, double usual)
{
    return k < (size_t)spec->n_params ? spec->params[k] : usual;
}

/* From the row sum of the losses and W to the loss. */
static double loss_value(const contract_case *c, double sum, double weight)
{
    if (loss_per_output[c->loss.kind])
        sum = sum / (double)contract_n_out(c);
    return c->reduction == PYBP_MEAN ? sum / weight : sum;
}

/* ---- the parts ----------------------------------------------------------------------------------- */

#include "naive_f32.inc.h"
#include "naive_math.inc.h"

#include "naive_f64.inc.h"
#include "naive_math.inc.h"

#include "naive_random.inc.h"

#include "naive_activation.inc.h"
#include "naive_loss.inc.h"
#include "naive_net.inc.h"
#include "naive_layer.inc.h"
#include "naive_pass.inc.h"
#include "naive_options.inc.h"
#include "naive_update.inc.h"
#include "naive_run.inc.h"

#include "naive_f32.inc.h"
#include "naive_activation.inc.h"
#include "naive_loss.inc.h"
#include "naive_net.inc.h"
#include "naive_layer.inc.h"
#include "naive_pass.inc.h"
#include "naive_options.inc.h"
#include "naive_update.inc.h"
#include "naive_run.inc.h"

#ifdef NAIVE_SPLIT
#define RUN naive_run_split
#else
#define RUN naive_run
#endif

void RUN(const contract_case *c, naive_result *result)
{
    contract_data data;
    memset(result, 0, sizeof *result); /* parts that this net has not are empty */
    if (!contract_data_make(c, &data)) {
        fputs("naive: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    if (c->dtype == PYBP_FLOAT32)
        run_f32(c, &data, result);
    else
        run_f64(c, &data, result);
    contract_data_free(&data);
}

/* ---- results ------------------------------------------------------------------------------------ */

#ifndef NAIVE_SPLIT

const char *const naive_part_names[NAIVE_N_PARTS] = {
    "initial", "trace", "gradient", "dx", "final", "state1", "state2", "state3", "output", "losses",
    "training-trace", "training-gradient", "training-dx", "running",
};

void naive_free(naive_result *result)
{
    for (int part = 0; part < NAIVE_N_PARTS; part++)
        free(result->parts[part].data);
    memset(result, 0, sizeof *result);
}

uint64_t naive_checksum(const void *data, size_t n, size_t size)
{
    uint64_t checksum = 0xcbf29ce484222325u;
    for (size_t k = 0; k < n; k++) {
        uint64_t bits;
        if (size == sizeof(float)) {
            uint32_t bits32;
            memcpy(&bits32, (const char *)data + k * size, size);
            bits = (bits32 & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000u : bits32;
        } else {
            memcpy(&bits, (const char *)data + k * size, size);
            if ((bits & 0x7fffffffffffffffu) > 0x7ff0000000000000u)
                bits = 0x7ff8000000000000u;
        }
        for (size_t byte = 0; byte < size; byte++) {
            checksum ^= bits >> (8 * byte) & 0xff;
            checksum *= 0x100000001b3u;
        }
    }
    return checksum;
}

void naive_write_heading(char *line, size_t size)
{
    int used = snprintf(line, size, "#");
    for (int part = 0; part <= NAIVE_LOSSES; part++)
        used += snprintf(line + used, size - (size_t)used, " %s", naive_part_names[part]);
    snprintf(line + used, size - (size_t)used, " | case\n");
}

void naive_write_line(char *line, size_t size, const contract_case *c, const naive_result *result)
{
    int used = 0;
    for (int part = 0; part < NAIVE_N_PARTS; part++)
        if (part <= NAIVE_LOSSES || result->parts[part].n)
            used += snprintf(line + used, size - (size_t)used, "%016llx ",
                             (unsigned long long)naive_checksum(result->parts[part].data, result->parts[part].n,
                                                                result->parts[part].size));
    snprintf(line + used, size - (size_t)used, "| %s %s\n", c->dtype == PYBP_FLOAT32 ? "f32" : "f64",
             c->name);
}

#ifdef NAIVE_MAIN
/* Writes tests/golden/checksums.txt to standard output; with -v descriptions and the work to standard
 * error. */
int main(int argc, char **argv)
{
    int verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
    char line[NAIVE_LINE];
    double work = 0.0;
    naive_write_heading(line, sizeof line);
    fputs(line, stdout);
    for (size_t i = 0; i < contract_n_cases(); i++) {
        contract_case c;
        naive_result result;
        contract_get_case(i, &c);
        naive_run(&c, &result);
        naive_write_line(line, sizeof line, &c, &result);
        fputs(line, stdout);
        naive_free(&result);
        work += contract_work(&c);
        if (verbose) {
            contract_describe(&c, line, sizeof line);
            fprintf(stderr, "%s\n", line);
        }
    }
    if (verbose)
        fprintf(stderr, "%zu cases, %.3g fused multiply-adds\n", contract_n_cases(), work);
    return 0;
}
#endif

#endif /* NAIVE_SPLIT */
