/* Opening files: the checks of docs/file-format.md, up to the description of nets. */
#include "io/file.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a file can hold. Only nets alone need nothing but their arrays. */
enum { NET, ENSEMBLE, TABULAR };
static const char *const kinds[] = {[NET] = "net", [ENSEMBLE] = "ensemble", [TABULAR] = "tabular"};
static const char *const fields_1[] = {"format", "library", "dtype", "seed", "layers", "progress"};
static const char *const fields_2[] = {"format", "library", "kind", "nets", "schema", "preprocessing", "crc32"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- the description ---- */

static pybp_status copy_description(pybp_file *file, const pybp_json *text)
{
    file->description = pybp_alloc((size_t)text->length + 1);
    file->text = pybp_alloc((size_t)text->length + 1);
    if (file->description == NULL || file->text == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the description of a net");
    memcpy(file->description, text->text, text->length);
    memcpy(file->text, text->text, text->length);
    return pybp_json_parse(file->text, text->length, &file->document);
}

static pybp_status read_description(pybp_file *file)
{
    const pybp_container *c = &file->container;
    const pybp_json *text = pybp_json_member(c->metadata, "pybp"), *crc = pybp_json_member(c->metadata, "pybp.crc32");
    char shown[PYBP_SHOWN];
    uint64_t format;
    if (text == NULL)
        return pybp_fail(PYBP_FILE, "its metadata has no entry 'pybp'");
    if (crc != NULL && !pybp_is_checksum(crc, pybp_crc32(&c->crc32, 0, text->text, text->length)))
        return pybp_fail(PYBP_FILE, "its description is damaged: its checksum is not %s", pybp_json_show(crc, shown));
    const pybp_status status = copy_description(file, text);
    if (status != PYBP_OK)
        return status;
    const pybp_json *number = pybp_json_member(file->document, "format");
    if (number == NULL)
        return pybp_fail(PYBP_FILE, "its metadata has no format number");
    if (!pybp_json_integer(number, 2, &format) || format == 0)
        return pybp_fail(PYBP_FILE, "it has format %s; this pybp reads 1 and 2", pybp_json_show(number, shown));
    file->format = (int)format;
    if ((format == 1) != (crc == NULL))
        return pybp_fail(PYBP_FILE, "format %d %s a checksum", file->format, format == 1 ? "with" : "without");
    const bool complete = format == 1 ? pybp_json_has_keys(file->document, fields_1, COUNT(fields_1))
                                      : pybp_json_has_keys(file->document, fields_2, COUNT(fields_2));
    return complete ? PYBP_OK
                    : pybp_fail(PYBP_FILE, "its description doesn't have the fields that are expected of format %d",
                                file->format);
}

/* Of format 2: what the file holds, and that this is complete. */
static pybp_status check_kind(pybp_file *file)
{
    const pybp_json *kind = pybp_json_member(file->document, "kind"), *nets = pybp_json_member(file->document, "nets");
    const char *const parts[] = {"schema", "preprocessing"};
    char shown[PYBP_SHOWN];
    int found = -1;
    for (int i = 0; i < (int)COUNT(kinds); i++)
        if (pybp_json_is(kind, kinds[i]))
            found = i;
    if (found < 0)
        return pybp_fail(PYBP_FILE, "it holds %s; this pybp reads nets, ensembles and tabular models",
                         pybp_json_show(kind, shown));
    file->kind = kinds[found];
    for (int i = 0; i < 2; i++) {
        const enum pybp_json_type type = pybp_json_member(file->document, parts[i])->type;
        if (found != TABULAR && type != PYBP_JSON_NULL)
            return pybp_fail(PYBP_FILE, "it has a %s, which this pybp doesn't read for the kind '%s'", parts[i],
                             file->kind);
        if (found == TABULAR && type != PYBP_JSON_OBJECT)
            return pybp_fail(PYBP_FILE, "it has no %s", parts[i]);
    }
    if (nets->type != PYBP_JSON_ARRAY || nets->length == 0 || (found == NET && nets->length != 1))
        return pybp_fail(PYBP_FILE, "it doesn't hold %s", found == NET ? "one net" : "nets");
    file->nets = nets + 1;
    file->n_nets = nets->length;
    return PYBP_OK;
}

/* ---- arrays ---- */

/* Whether a name begins with nets.k., k being the number of a net but the first. */
static bool is_of_other_net(const pybp_json *name, size_t n_nets)
{
    uint64_t number;
    if (name->length < 5 || memcmp(name->text, "nets.", 5) != 0)
        return false;
    const char *point = memchr(name->text + 5, '.', name->length - 5);
    if (point == NULL || point == name->text + 5 || name->text[5] == '0' || point - name->text > 20)
        return false;
    for (const char *at = name->text + 5; at < point; at++)
        if (*at < '0' || *at > '9')
            return false;
    const pybp_json digits = {name->text + 5, (uint32_t)(point - name->text - 5), 1, PYBP_JSON_INTEGER};
    return pybp_json_integer(&digits, n_nets - 1, &number);
}

static bool begins_with(const pybp_json *name, const char *prefix)
{
    const size_t length = strlen(prefix);
    return name->length > length && memcmp(name->text, prefix, length) == 0;
}

/* Arrays belong to a net, to the states of callbacks, or to the preprocessing. */
static pybp_status check_names(const pybp_file *file)
{
    char shown[PYBP_SHOWN];
    for (size_t i = 0; i < file->container.n_arrays; i++) {
        const pybp_json *name = file->container.arrays[i].name;
        const bool known = begins_with(name, "layers.") ||
                           (file->format > 1 && file->kind == kinds[NET] && begins_with(name, "callbacks.")) ||
                           (file->kind == kinds[TABULAR] &&
                            (begins_with(name, "preprocessing.") || begins_with(name, "model."))) ||
                           is_of_other_net(name, file->n_nets);
        if (!known || memchr(name->text, '\0', name->length) != NULL)
            return pybp_fail(PYBP_FILE, "it has the unexpected array %s", pybp_json_show(name, shown));
    }
    return PYBP_OK;
}

/* Each array has a checksum, which is right, and each checksum an array. */
static pybp_status check_sums(const pybp_file *file)
{
    const pybp_container *c = &file->container;
    const pybp_json *sums = pybp_json_member(file->document, "crc32");
    char shown[PYBP_SHOWN];
    if (sums->type != PYBP_JSON_OBJECT)
        return pybp_fail(PYBP_FILE, "it has no checksums");
    const pybp_json *key = sums + 1;
    for (uint32_t i = 0; i < sums->length; i++, key = pybp_json_next(key + 1)) {
        const pybp_stored_array *array = pybp_container_array(c, key->text, key->length);
        if (array == NULL)
            return pybp_fail(PYBP_FILE, "it doesn't have both %s and its checksum", pybp_json_show(key, shown));
        const pybp_status status = pybp_container_check(c, array, key + 1);
        if (status != PYBP_OK)
            return status;
    }
    if (sums->length != c->n_arrays)
        return pybp_fail(PYBP_FILE, "it doesn't have both each array and its checksum");
    return PYBP_OK;
}

/* ---- opening ---- */

static pybp_status open_container(pybp_file *file)
{
    pybp_status status = pybp_container_open(&file->container);
    if (status == PYBP_OK)
        status = read_description(file);
    if (status != PYBP_OK)
        return status;
    if (file->format == 1) {
        file->kind = kinds[NET];
        file->nets = file->document;
        file->n_nets = 1;
        return check_names(file);
    }
    status = check_kind(file);
    if (status == PYBP_OK)
        status = check_names(file);
    return status == PYBP_OK ? check_sums(file) : status;
}

/* Open what the source has; `source` is released in case of an error. */
static pybp_status open_source(pybp_source source, pybp_file **out)
{
    pybp_file *file = pybp_alloc(sizeof *file);
    if (file == NULL) {
        if (source.owned)
            pybp_os_close(source.descriptor);
        return pybp_fail(PYBP_NO_MEMORY, "no memory for reading a file");
    }
    file->container.source = source;
    const pybp_status status = open_container(file);
    if (status == PYBP_OK)
        *out = file;
    else
        pybp_file_close(file);
    return status;
}

pybp_status pybp_file_open_descriptor(int descriptor, pybp_file **file)
{
    pybp_source source = {.descriptor = descriptor};
    if (file == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    if (!pybp_os_regular(descriptor, &source.size))
        return pybp_fail(PYBP_FILE, "it is not a regular file");
    return open_source(source, file);
}

pybp_status pybp_file_open(const char *path, pybp_file **file)
{
    char shown[128];
    pybp_source source = {.owned = true};
    if (path == NULL || file == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    source.descriptor = pybp_os_open(path);
    pybp_printable(path, shown, sizeof shown);
    if (source.descriptor < 0)
        return pybp_fail(PYBP_SYSTEM, "%s can't be opened: %s", shown, strerror(errno));
    if (pybp_os_regular(source.descriptor, &source.size))
        return open_source(source, file);
    pybp_os_close(source.descriptor);
    return pybp_fail(PYBP_FILE, "%s is not a regular file", shown);
}

pybp_status pybp_file_open_buffer(const void *bytes, size_t n, pybp_file **file)
{
    if (bytes == NULL || file == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    return open_source((pybp_source){.bytes = bytes, .size = n}, file);
}

void pybp_file_close(pybp_file *file)
{
    if (file == NULL)
        return;
    pybp_container_free(&file->container);
    pybp_free(file->document);
    pybp_free(file->text);
    pybp_free(file->description);
    pybp_free(file);
}

/* ---- what is in it ---- */

const char *pybp_file_kind(const pybp_file *file) { return file->kind; }
size_t pybp_file_n_nets(const pybp_file *file) { return file->n_nets; }
const char *pybp_file_description(const pybp_file *file) { return file->description; }
size_t pybp_file_n_arrays(const pybp_file *file) { return file->container.n_arrays; }

const pybp_json *pybp_file_net_description(const pybp_file *file, size_t index)
{
    const pybp_json *net = file->nets;
    while (index-- > 0)
        net = pybp_json_next(net);
    return net;
}

void pybp_file_prefix(size_t index, char prefix[32])
{
    snprintf(prefix, 32, index == 0 ? "layers." : "nets.%zu.layers.", index);
}

/* The array, or NULL and a message. */
static const pybp_stored_array *find_array(const pybp_file *file, size_t index)
{
    if (index < file->container.n_arrays)
        return &file->container.arrays[index];
    pybp_fail(PYBP_INVALID, "array %zu of a file of %zu arrays", index, file->container.n_arrays);
    return NULL;
}

pybp_status pybp_file_array(const pybp_file *file, size_t index, pybp_array_info *info)
{
    if (file == NULL || info == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    const pybp_stored_array *array = find_array(file, index);
    if (array == NULL)
        return PYBP_INVALID;
    *info = (pybp_array_info){.name = array->name->text, .name_length = array->name->length,
                              .dtype = array->type->numpy, .n_dimensions = array->shape->length,
                              .bytes = (size_t)array->bytes};
    for (size_t i = 0; i < info->n_dimensions; i++)
        info->shape[i] = (size_t)pybp_stored_size(array, i);
    return PYBP_OK;
}

pybp_status pybp_file_read(const pybp_file *file, size_t index, void *out, size_t bytes)
{
    if (file == NULL || out == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    const pybp_stored_array *array = find_array(file, index);
    if (array == NULL)
        return PYBP_INVALID;
    if (bytes != array->bytes)
        return pybp_fail(PYBP_SHAPE, "the buffer has %zu bytes, expected %" PRIu64, bytes, array->bytes);
    return pybp_container_read(&file->container, array, out);
}
