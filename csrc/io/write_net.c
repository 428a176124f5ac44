/* Entry point: a net to a file. It has the bytes that MLP.save writes for a net without callbacks. */
#include "base/files.h"
#include "base/fpenv.h"
#include "base/memory.h"
#include "base/status.h"
#include "io/crc32.h"
#include "io/layer_record.h"
#include "io/saved_arrays.h"
#include "net/model/lock.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define CHECK(call) \
    do { \
        const pybp_status checked = (call); \
        if (checked != PYBP_OK) \
            return checked; \
    } while (0)

enum { MAX_LAYERS = 1 << 14 };
static const size_t max_header = 8 << 20;

typedef struct writer {
    const pybp_net *net;
    pybp_text document, header;
    char *buffer;          /* for the largest array */
    uint64_t bytes;        /* of all arrays */
    pybp_crc32_table crc32;
    pybp_os_output *output;
} writer;

/* Call use(w, array) for each array of the net, in the order of the file. */
static pybp_status each_array(writer *w, pybp_status (*use)(writer *, const pybp_saved_array *))
{
    pybp_saved_array arrays[PYBP_MAX_SAVED_ARRAYS];
    for (size_t l = 0; l < w->net->n_layers; l++) {
        const int n = pybp_saved_arrays(w->net, l, w->net->progress.states, arrays);
        for (int i = 0; i < n; i++)
            CHECK(use(w, &arrays[i]));
    }
    return PYBP_OK;
}

/* The array's values, little-endian, in w->buffer. */
static pybp_status get_array(writer *w, const pybp_saved_array *array)
{
    CHECK(pybp_net_get(w->net, array->what, array->layer, w->buffer, array->bytes));
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return pybp_fail(PYBP_STATE, "this machine's byte order is not that of files");
#endif
    return PYBP_OK;
}

static pybp_status check_array(writer *w, const pybp_saved_array *array)
{
    CHECK(get_array(w, array));
    for (size_t i = 0; i < array->bytes; i += w->net->k->size)
        if (!isfinite(w->net->k->get(w->buffer + i)))
            return pybp_fail(PYBP_NOT_FINITE, "layers.%zu.%s holds NaN or infinity; such a net can't be saved",
                             array->layer, array->name);
    const uint32_t crc = pybp_crc32(&w->crc32, 0, w->buffer, array->bytes);
    pybp_text_format(&w->document, "%s\"layers.%zu.%s\": \"%08" PRIx32 "\"", w->bytes > 0 ? ", " : "", array->layer,
                     array->name, crc);
    pybp_text_format(&w->header, ",\"layers.%zu.%s\":{\"dtype\":\"%s\",\"shape\":[%zu", array->layer, array->name,
                     w->net->dtype == PYBP_FLOAT32 ? "F32" : "F64", array->shape[0]);
    if (array->n_dimensions > 1)
        pybp_text_format(&w->header, ",%zu", array->shape[1]);
    pybp_text_format(&w->header, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", w->bytes, w->bytes + array->bytes);
    w->bytes += array->bytes;
    return PYBP_OK;
}

static pybp_status write_array(writer *w, const pybp_saved_array *array)
{
    CHECK(get_array(w, array));
    return pybp_os_write(w->output, w->buffer, array->bytes) ? PYBP_OK : PYBP_SYSTEM;
}

/* ---- the description ---- */

static void describe_progress(const pybp_progress *progress, pybp_text *text)
{
    pybp_row row;
    pybp_text_format(text, "\"progress\": {\"epochs\": %" PRIu64 ", \"steps\": %" PRIu64 ", \"optimizer\": ",
                     progress->epochs, progress->steps);
    if (progress->optimizer >= 0 && pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, progress->optimizer, &row) == PYBP_OK)
        pybp_text_format(text, "\"%s\"", row.name);
    else
        pybp_text_format(text, "null");
    pybp_text_format(text, ", \"states\": %d, \"powers\": [", progress->states);
    for (int i = 0; i < PYBP_N_POWERS; i++) {
        pybp_text_format(text, i == 0 ? "" : ", ");
        pybp_text_double(text, progress->powers[i]);
    }
    pybp_text_format(text, "], \"passes\": %" PRIu64 "}", progress->passes);
}

/* Up to the checksums. */
static void describe_net(const pybp_net *net, pybp_text *text)
{
    pybp_text_format(text, "{\"format\": 2, \"library\": \"%s\", \"kind\": \"net\", \"nets\": [{\"dtype\": \"%s\", "
                           "\"seed\": %" PRIu64 ", \"n_in\": %zu, \"layers\": [",
                     pybp_version(), net->dtype == PYBP_FLOAT32 ? "float32" : "float64", net->seed, net->n_in);
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer_record record = pybp_layer_record_of(net, l);
        pybp_text_format(text, l == 0 ? "" : ", ");
        pybp_layer_record_write(&record, l, text);
    }
    pybp_text_format(text, "], ");
    describe_progress(&net->progress, text);
    pybp_text_format(text, ", \"callbacks\": null}], \"schema\": null, \"preprocessing\": null, \"crc32\": {");
}

/* ---- the file ---- */

static pybp_status allocate_buffer(writer *w)
{
    pybp_saved_array arrays[PYBP_MAX_SAVED_ARRAYS];
    size_t largest = 0;
    for (size_t l = 0; l < w->net->n_layers; l++) {
        const int n = pybp_saved_arrays(w->net, l, w->net->progress.states, arrays);
        for (int i = 0; i < n; i++)
            largest = arrays[i].bytes > largest ? arrays[i].bytes : largest;
    }
    w->buffer = pybp_alloc(largest);
    return w->buffer == NULL ? pybp_fail(PYBP_NO_MEMORY, "no memory for saving a net") : PYBP_OK;
}

/* Both texts: the description, and from its checksum on the header. */
static pybp_status compose(writer *w, pybp_text *whole)
{
    if (w->net->n_layers > MAX_LAYERS)
        return pybp_fail(PYBP_INVALID, "a file holds %d layers at most, the net has %zu", MAX_LAYERS, w->net->n_layers);
    CHECK(allocate_buffer(w));
    describe_net(w->net, &w->document);
    CHECK(each_array(w, check_array));
    if (!pybp_widths_fit(w->net, w->bytes))
        return pybp_fail(PYBP_INVALID, "layers without parameters are too wide for a file of this net");
    pybp_text_format(&w->document, "}}");
    if (w->document.failed)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for saving a net");
    pybp_text_format(whole, "{\"__metadata__\":{\"pybp.crc32\":\"%08" PRIx32 "\",\"pybp\":",
                     pybp_crc32(&w->crc32, 0, w->document.at, w->document.length));
    pybp_text_quote(whole, w->document.at, w->document.length);
    pybp_text_format(whole, "}");
    pybp_text_add(whole, w->header.length > 0 ? w->header.at : "", w->header.length);
    pybp_text_format(whole, "}");
    while (whole->length % 8 != 0 && !whole->failed)
        pybp_text_add(whole, " ", 1);
    if (whole->failed || w->header.failed)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for saving a net");
    if (whole->length > max_header)
        return pybp_fail(PYBP_INVALID, "the net is too large: its header has %zu bytes, the limit is %zu",
                         whole->length, max_header);
    return PYBP_OK;
}

static pybp_status write_pieces(writer *w, const pybp_text *header)
{
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((uint64_t)header->length >> 8 * i);
    if (!pybp_os_write(w->output, length, sizeof length) || !pybp_os_write(w->output, header->at, header->length))
        return PYBP_SYSTEM;
    return each_array(w, write_array);
}

static pybp_status write_file(writer *w, const pybp_text *header, const char *path)
{
    char shown[128];
    pybp_printable(path, shown, sizeof shown);
    w->output = pybp_os_replace_begin(path);
    if (w->output == NULL && errno == EISDIR)
        return pybp_fail(PYBP_INVALID, "%s is not a regular file and can't be replaced by one", shown);
    if (w->output == NULL)
        return pybp_fail(PYBP_SYSTEM, "%s can't be written: %s", shown, strerror(errno));
    const pybp_status status = write_pieces(w, header);
    const bool done = pybp_os_replace_end(w->output, status == PYBP_OK);
    if (done || (status != PYBP_OK && status != PYBP_SYSTEM))
        return status;
    return pybp_fail(PYBP_SYSTEM, "%s can't be written: %s", shown, strerror(errno));
}

static pybp_status save(const pybp_net *net, const char *path)
{
    writer w = {.net = net};
    pybp_text header = {0};
    pybp_crc32_fill(&w.crc32);
    pybp_status status = compose(&w, &header);
    if (status == PYBP_OK)
        status = write_file(&w, &header, path);
    pybp_free(w.buffer);
    pybp_free(w.document.at);
    pybp_free(w.header.at);
    pybp_free(header.at);
    return status;
}

pybp_status pybp_net_save(const pybp_net *net, const char *path)
{
    if (net == NULL || path == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    if (!pybp_enter_read(net))
        return pybp_fail(PYBP_BUSY, "another call is using this net");
    const pybp_fpenv env = pybp_fpenv_enter();
    const pybp_status status = save(net, path);
    pybp_fpenv_leave(env);
    pybp_leave_read(net);
    return status;
}
