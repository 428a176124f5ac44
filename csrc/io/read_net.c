/* Entry points: nets from files. */
#include "api/create.h"
#include "base/fpenv.h"
#include "base/memory.h"
#include "base/status.h"
#include "io/file.h"
#include "io/layer_record.h"
#include "io/saved_arrays.h"
#include "net/create.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_LAYERS = 1 << 14 };

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define CHECK(call) \
    do { \
        const pybp_status checked = (call); \
        if (checked != PYBP_OK) \
            return checked; \
    } while (0)

/* ---- the description ---- */

static pybp_status read_count(const pybp_json *object, const char *name, uint64_t *number)
{
    const pybp_json *value = pybp_json_member(object, name);
    char shown[PYBP_SHOWN];
    if (pybp_json_integer(value, UINT64_MAX, number))
        return PYBP_OK;
    pybp_json_show(value, shown);
    const bool large = value->type == PYBP_JSON_INTEGER && value->text[0] != '-';
    return large ? pybp_fail(PYBP_FILE, "%s must be a whole number <= %" PRIu64 ", got %s", name, UINT64_MAX, shown)
                 : pybp_fail(PYBP_FILE, "%s must be a whole number >= 0, got %s", name, shown);
}

static pybp_status read_progress(const pybp_json *given, pybp_progress *progress)
{
    static const char *const keys[] = {"epochs", "steps", "optimizer", "states", "powers", "passes"};
    char shown[PYBP_SHOWN];
    uint64_t states;
    pybp_row row;
    if (!pybp_json_has_keys(given, keys, COUNT(keys)))
        return pybp_fail(PYBP_FILE, "its training state doesn't have the fields epochs, steps, passes, optimizer, "
                                    "states and powers");
    CHECK(read_count(given, "epochs", &progress->epochs));
    CHECK(read_count(given, "steps", &progress->steps));
    CHECK(read_count(given, "passes", &progress->passes));
    CHECK(read_count(given, "states", &states));
    progress->states = states < 1u << PYBP_N_STATES ? (int)states : INT32_MAX;
    const pybp_json *optimizer = pybp_json_member(given, "optimizer"), *powers = pybp_json_member(given, "powers");
    progress->optimizer = -1;
    for (int i = 0; pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, i, &row) == PYBP_OK; i++)
        if (pybp_json_is(optimizer, row.name))
            progress->optimizer = i;
    if (progress->optimizer < 0 && optimizer->type != PYBP_JSON_NULL)
        return pybp_fail(PYBP_FILE, "optimizer %s is unknown", pybp_json_show(optimizer, shown));
    if (powers->type != PYBP_JSON_ARRAY)
        return pybp_fail(PYBP_FILE, "its powers are not numbers");
    if (powers->length != PYBP_N_POWERS)
        return pybp_fail(PYBP_FILE, "it has %" PRIu32 " powers, expected %d", powers->length, PYBP_N_POWERS);
    for (int i = 0; i < PYBP_N_POWERS; i++)
        if (!pybp_json_float(powers + 1 + i, &progress->powers[i]))
            return pybp_fail(PYBP_FILE, "its powers are not numbers");
    return PYBP_OK;
}

typedef struct description {
    pybp_net_desc net;
    pybp_layer_desc *layers;    /* of it */
    pybp_layer_record *records; /* what the file says of them */
    pybp_progress progress;
} description;

static void free_description(description *d)
{
    for (size_t l = 0; l < d->net.n_layers && d->records != NULL; l++)
        pybp_free((void *)(uintptr_t)d->records[l].columns);
    pybp_free(d->layers);
    pybp_free(d->records);
}

static pybp_status read_layers(const pybp_json *given, int format, description *d)
{
    if (given->type != PYBP_JSON_ARRAY || given->length == 0 || given->length > MAX_LAYERS)
        return pybp_fail(PYBP_FILE, "it has no list of 1 to %d layers", MAX_LAYERS);
    const size_t n = given->length;
    d->layers = pybp_alloc_array(n, sizeof *d->layers);
    d->records = pybp_alloc_array(n, sizeof *d->records);
    if (d->layers == NULL || d->records == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the layers of a file");
    d->net.n_layers = n;
    const pybp_json *layer = given + 1;
    for (size_t l = 0; l < n; l++, layer = pybp_json_next(layer)) {
        CHECK(pybp_layer_record_read(layer, l, format, &d->records[l]));
        d->layers[l] = pybp_layer_record_desc(&d->records[l], l);
    }
    d->net.layers = d->layers;
    return PYBP_OK;
}

static pybp_status read_description(const pybp_json *given, int format, description *d)
{
    static const char *const keys[] = {"dtype", "seed", "n_in", "layers", "progress", "callbacks"};
    char shown[PYBP_SHOWN];
    uint64_t n_in = 0;
    if (format > 1 && !pybp_json_has_keys(given, keys, COUNT(keys)))
        return pybp_fail(PYBP_FILE, "its net has the fields of no net; expected dtype, seed, n_in, layers, progress "
                                    "and callbacks");
    const pybp_json *dtype = pybp_json_member(given, "dtype");
    if (!pybp_json_is(dtype, "float32") && !pybp_json_is(dtype, "float64"))
        return pybp_fail(PYBP_FILE, "dtype %s is unknown", pybp_json_show(dtype, shown));
    d->net.dtype = pybp_json_is(dtype, "float32") ? PYBP_FLOAT32 : PYBP_FLOAT64;
    CHECK(read_count(given, "seed", &d->net.seed));
    CHECK(read_layers(pybp_json_member(given, "layers"), format, d));
    if (format > 1 && !pybp_json_integer(pybp_json_member(given, "n_in"), INT64_MAX, &n_in))
        return pybp_fail(PYBP_FILE, "n_in is %s; expected a whole number",
                         pybp_json_show(pybp_json_member(given, "n_in"), shown));
    d->net.n_in = format > 1 ? (size_t)n_in : (size_t)d->records[0].n_in;
    return read_progress(pybp_json_member(given, "progress"), &d->progress);
}

/* ---- the arrays ---- */

static const pybp_stored_array *find_array(const pybp_file *file, const char *prefix, const pybp_saved_array *array)
{
    char name[96];
    const int length = snprintf(name, sizeof name, "%s%zu.%s", prefix, array->layer, array->name);
    return pybp_container_array(&file->container, name, (size_t)length);
}

/* Compared before the net has memory, so that a small file can't make a large net. */
static pybp_status check_array(const pybp_file *file, const char *prefix, const pybp_saved_array *array,
                               const char *dtype)
{
    const pybp_stored_array *found = find_array(file, prefix, array);
    bool fits = found != NULL && strcmp(found->type->numpy, dtype) == 0 &&
                found->shape->length == (uint32_t)array->n_dimensions;
    for (int i = 0; i < array->n_dimensions && fits; i++)
        fits = pybp_stored_size(found, (size_t)i) == array->shape[i];
    if (fits)
        return PYBP_OK;
    char shape[64];
    if (array->n_dimensions == 1)
        snprintf(shape, sizeof shape, "(%zu,)", array->shape[0]);
    else
        snprintf(shape, sizeof shape, "(%zu, %zu)", array->shape[0], array->shape[1]);
    return found == NULL ? pybp_fail(PYBP_FILE, "it has no array '%s%zu.%s'; expected %s of %s", prefix, array->layer,
                                     array->name, dtype, shape)
                         : pybp_fail(PYBP_FILE, "it has %s of shape of %" PRIu32 " sizes as array '%s%zu.%s'; expected "
                                                "%s of %s",
                                     found->type->numpy, found->shape->length, prefix, array->layer, array->name, dtype,
                                     shape);
}

static pybp_status check_arrays(const pybp_file *file, size_t index, const pybp_net *net, int states)
{
    char prefix[32], shown[PYBP_SHOWN];
    size_t expected = 0, first;
    pybp_saved_array arrays[PYBP_MAX_SAVED_ARRAYS];
    pybp_file_prefix(index, prefix);
    for (size_t l = 0; l < net->n_layers; l++) {
        const int n = pybp_saved_arrays(net, l, states, arrays);
        for (int i = 0; i < n; i++)
            CHECK(check_array(file, prefix, &arrays[i], net->dtype == PYBP_FLOAT32 ? "float32" : "float64"));
        expected += (size_t)n;
    }
    if (pybp_container_count(&file->container, prefix, &first) > expected)
        return pybp_fail(PYBP_FILE, "it has an unexpected array of a net; the first array is %s",
                         pybp_json_show(file->container.arrays[first].name, shown));
    if (!pybp_widths_fit(net, file->container.data_bytes))
        return pybp_fail(PYBP_FILE, "its layers without parameters are too wide for its size");
    return PYBP_OK;
}

static pybp_status read_array(const pybp_file *file, const char *prefix, const pybp_saved_array *array, pybp_net *net,
                              void *buffer)
{
    CHECK(pybp_container_read(&file->container, find_array(file, prefix, array), buffer));
    return pybp_net_set(net, array->what, array->layer, buffer, array->bytes);
}

static pybp_status read_arrays(const pybp_file *file, size_t index, pybp_net *net, int states)
{
    char prefix[32];
    pybp_saved_array arrays[PYBP_MAX_SAVED_ARRAYS];
    size_t largest = 0;
    pybp_status status = PYBP_OK;
    pybp_file_prefix(index, prefix);
    for (size_t i = 0; i < file->container.n_arrays; i++)
        largest = file->container.arrays[i].bytes > largest ? (size_t)file->container.arrays[i].bytes : largest;
    void *buffer = pybp_alloc(largest);
    if (buffer == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for reading a file");
    for (size_t l = 0; l < net->n_layers && status == PYBP_OK; l++) {
        const int n = pybp_saved_arrays(net, l, states, arrays);
        for (int i = 0; i < n && status == PYBP_OK; i++)
            status = read_array(file, prefix, &arrays[i], net, buffer);
    }
    pybp_free(buffer);
    return status;
}

/* ---- the net ---- */

/* From the layers of a description to a net whose sizes are known, and which has no memory for parameters yet. */
static pybp_status plan(const pybp_file *file, const description *d, pybp_net **net)
{
    const size_t size = d->net.dtype == PYBP_FLOAT32 ? 4 : 8;
    for (size_t l = 0; l < d->net.n_layers; l++)
        if (d->layers[l].n_out > file->container.data_bytes / size && file->format > 1)
            return pybp_fail(PYBP_FILE, "it has no array for %zu outputs of layer %zu; expected %s of this size",
                             d->layers[l].n_out, l, size == 4 ? "float32" : "float64");
    const pybp_status status = pybp_net_plan(&d->net, net);
    bool grows = d->net.n_in > file->container.data_bytes; /* so that a size may have overflowed */
    for (size_t l = 0; l < d->net.n_layers; l++)
        grows |= d->layers[l].kind == PYBP_LAYER_CONCAT;
    if (status == PYBP_NO_MEMORY && grows)
        return pybp_fail(PYBP_FILE, "its layers are too wide for its size");
    return status;
}

static pybp_status fill(const pybp_file *file, size_t index, const description *d, pybp_net *net)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer_record made = pybp_layer_record_of(net, l);
        CHECK(pybp_layer_record_compare(&d->records[l], &made, l));
    }
    CHECK(check_arrays(file, index, net, d->progress.states));
    CHECK(pybp_net_fill(net, true));
    CHECK(pybp_set_progress(net, &d->progress));
    return read_arrays(file, index, net, d->progress.states);
}

static pybp_status read_net(const pybp_file *file, size_t index, pybp_net **out)
{
    description d = {.net = {.zeroed = 1}};
    pybp_net *net = NULL;
    pybp_status status = read_description(pybp_file_net_description(file, index), file->format, &d);
    if (status == PYBP_OK)
        status = plan(file, &d, &net);
    if (status == PYBP_OK)
        status = fill(file, index, &d, net);
    free_description(&d);
    if (status == PYBP_OK)
        *out = net;
    else
        pybp_net_free(net);
    return status;
}

pybp_status pybp_file_net(const pybp_file *file, size_t index, pybp_net **net)
{
    if (file == NULL || net == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    if (index >= file->n_nets)
        return pybp_fail(PYBP_INVALID, "net %zu of a file of %zu", index, file->n_nets);
    const pybp_fpenv env = pybp_fpenv_enter();
    const pybp_status status = read_net(file, index, net);
    pybp_fpenv_leave(env);
    /* An argument that other entry points would call wrong comes from the file here. */
    return status == PYBP_OK || status == PYBP_NO_MEMORY ? status : pybp_fail(PYBP_FILE, "%s", pybp_last_error());
}

/* The net of a file that has nothing else; closes the file. */
static pybp_status only_net(pybp_file *file, pybp_net **net)
{
    const bool alone = strcmp(file->kind, "net") == 0;
    const pybp_status status = alone ? pybp_file_net(file, 0, net)
                                     : pybp_fail(PYBP_NOT_ONE_NET, "it holds %zu nets of the kind '%s'; open it with "
                                                                   "pybp_file_open",
                                                 file->n_nets, file->kind);
    pybp_file_close(file);
    return status;
}

pybp_status pybp_net_load(const char *path, pybp_net **net)
{
    pybp_file *file;
    if (net == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    CHECK(pybp_file_open(path, &file));
    return only_net(file, net);
}

pybp_status pybp_net_load_buffer(const void *bytes, size_t n, pybp_net **net)
{
    pybp_file *file;
    if (net == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    CHECK(pybp_file_open_buffer(bytes, n, &file));
    return only_net(file, net);
}
