#include "io/container.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DIMENSIONS = 8, PIECE = 1 << 18 };
static const uint64_t max_header = 8 << 20, max_size = INT64_MAX;

static const pybp_stored_type types[] = {
    {"F32", "float32", 4}, {"F64", "float64", 8}, {"I32", "int32", 4}, {"I64", "int64", 8}, {"U8", "uint8", 1}};

pybp_status pybp_source_read(const pybp_source *source, uint64_t offset, void *to, size_t n)
{
    if (source->bytes != NULL)
        memcpy(to, source->bytes + offset, n);
    else if (!pybp_os_read_at(source->descriptor, offset, to, n))
        return pybp_fail(PYBP_FILE, "it became shorter while it was read");
    return PYBP_OK;
}

/* ---- the header ---- */

/* Whether it is UTF-8, without surrogates and overlong forms. */
static bool is_utf8(const char *text, size_t n)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + n;
    while (at < end) {
        const unsigned char c = *at++;
        const int more = c < 0x80                ? 0
                         : c >= 0xC2 && c < 0xE0 ? 1
                         : c >= 0xE0 && c < 0xF0 ? 2
                         : c >= 0xF0 && c < 0xF5 ? 3
                                                 : -1;
        if (more < 0 || end - at < more)
            return false;
        if (more > 1) {
            const unsigned char low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
            const unsigned char high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
            if (*at < low || *at > high)
                return false;
        }
        for (int i = 0; i < more; i++)
            if ((*at++ & 0xC0) != 0x80)
                return false;
    }
    return true;
}

static pybp_status read_header(pybp_container *c)
{
    unsigned char raw[8] = {0};
    uint64_t length = 0;
    pybp_status status = PYBP_OK;
    if (c->source.size >= 10)
        status = pybp_source_read(&c->source, 0, raw, sizeof raw);
    for (int i = 8; i-- > 0;)
        length = length << 8 | raw[i];
    if (status != PYBP_OK)
        return status;
    if (length < 2 || length > max_header || length > c->source.size - 8)
        return pybp_fail(PYBP_FILE, "its first 8 bytes are not the length of a header (file size %" PRIu64 " bytes)",
                         c->source.size);
    c->text = pybp_alloc((size_t)length);
    if (c->text == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the header of a file");
    status = pybp_source_read(&c->source, 8, c->text, (size_t)length);
    if (status != PYBP_OK)
        return status;
    if (!is_utf8(c->text, (size_t)length))
        return pybp_fail(PYBP_FILE, "its header is not UTF-8 text");
    if (c->text[0] != '{')
        return pybp_fail(PYBP_FILE, "its header is not a JSON object");
    c->data = 8 + length;
    c->data_bytes = c->source.size - c->data;
    return pybp_json_parse(c->text, (size_t)length, &c->header);
}

static pybp_status check_metadata(const pybp_json *metadata)
{
    bool fine = metadata->type == PYBP_JSON_OBJECT;
    const pybp_json *at = metadata + 1;
    for (uint32_t i = 0; i < metadata->length && fine; i++, at = pybp_json_next(at + 1))
        fine = at[1].type == PYBP_JSON_STRING;
    return fine ? PYBP_OK : pybp_fail(PYBP_FILE, "its metadata is not an object of strings");
}

/* ---- arrays ---- */

/* Whether it is a list of at most `most` sizes. */
static bool are_sizes(const pybp_json *list, size_t most)
{
    uint64_t size;
    if (list->type != PYBP_JSON_ARRAY || list->length > most)
        return false;
    for (uint32_t i = 0; i < list->length; i++)
        if (!pybp_json_integer(list + 1 + i, max_size, &size))
            return false;
    return true;
}

uint64_t pybp_stored_size(const pybp_stored_array *array, size_t dimension)
{
    uint64_t size = 0;
    pybp_json_integer(array->shape + 1 + dimension, max_size, &size);
    return size;
}

/* False if the product is too large for a file. */
static bool shape_bytes(const pybp_stored_array *array, uint64_t *bytes)
{
    bool empty = false, fits = true;
    *bytes = array->type->size;
    for (uint32_t i = 0; i < array->shape->length; i++) {
        const uint64_t size = pybp_stored_size(array, i);
        empty |= size == 0;
        fits = fits && (size == 0 || *bytes <= max_size / size);
        *bytes = fits ? *bytes * size : 0;
    }
    *bytes = empty ? 0 : *bytes;
    return fits || empty;
}

static pybp_status read_entry(const pybp_json *name, const pybp_json *entry, pybp_stored_array *array)
{
    static const char *const keys[] = {"dtype", "shape", "data_offsets"};
    char shown[PYBP_SHOWN], shown_type[PYBP_SHOWN];
    uint64_t begin = 0, end = 0, bytes;
    pybp_json_show(name, shown);
    if (!pybp_json_has_keys(entry, keys, 3))
        return pybp_fail(PYBP_FILE, "array %s doesn't have exactly the fields dtype, shape and data_offsets", shown);
    const pybp_json *type = pybp_json_member(entry, "dtype"), *offsets = pybp_json_member(entry, "data_offsets");
    *array = (pybp_stored_array){.name = name, .shape = pybp_json_member(entry, "shape")};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (pybp_json_is(type, types[i].name))
            array->type = &types[i];
    if (array->type == NULL)
        return pybp_fail(PYBP_FILE, "array %s has the unknown dtype %s", shown, pybp_json_show(type, shown_type));
    if (!are_sizes(array->shape, MAX_DIMENSIONS) || !are_sizes(offsets, 2) || offsets->length != 2)
        return pybp_fail(PYBP_FILE, "array %s has a wrong shape or wrong data_offsets", shown);
    pybp_json_integer(offsets + 1, max_size, &begin);
    pybp_json_integer(offsets + 2, max_size, &end);
    if (begin > end || !shape_bytes(array, &bytes) || bytes != end - begin)
        return pybp_fail(PYBP_FILE, "array %s has %" PRId64 " bytes, which doesn't match its shape", shown,
                         (int64_t)(end - begin));
    array->begin = begin;
    array->bytes = bytes;
    return PYBP_OK;
}

static int by_place(const void *a, const void *b)
{
    const pybp_stored_array *one = a, *other = b;
    const int order = (one->begin > other->begin) - (one->begin < other->begin);
    return order != 0 ? order : (one->bytes > other->bytes) - (one->bytes < other->bytes);
}

static int by_name(const void *a, const void *b)
{
    const pybp_json *one = ((const pybp_stored_array *)a)->name, *other = ((const pybp_stored_array *)b)->name;
    return pybp_json_compare(one->text, one->length, other->text, other->length);
}

/* The arrays follow each other without gaps, to the end of the file. */
static pybp_status check_places(const pybp_container *c)
{
    uint64_t end = 0;
    qsort(c->arrays, c->n_arrays, sizeof *c->arrays, by_place);
    for (size_t i = 0; i < c->n_arrays; i++) {
        if (c->arrays[i].begin != end)
            return pybp_fail(PYBP_FILE, "its arrays overlap or leave gaps");
        end += c->arrays[i].bytes;
        if (end > c->data_bytes)
            break;
    }
    if (end != c->data_bytes)
        return pybp_fail(PYBP_FILE, "its arrays take %" PRIu64 " bytes, but the file has %" PRIu64 " for them", end,
                         c->data_bytes);
    return PYBP_OK;
}

static pybp_status read_entries(pybp_container *c)
{
    const pybp_json *key = c->header + 1;
    c->arrays = pybp_alloc_array(c->header->length, sizeof *c->arrays);
    if (c->arrays == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the header of a file");
    for (uint32_t i = 0; i < c->header->length; i++, key = pybp_json_next(key + 1)) {
        const bool metadata = pybp_json_is(key, "__metadata__");
        const pybp_status status =
            metadata ? check_metadata(key + 1) : read_entry(key, key + 1, &c->arrays[c->n_arrays++]);
        if (status != PYBP_OK)
            return status;
        if (metadata)
            c->metadata = key + 1;
    }
    const pybp_status status = check_places(c);
    qsort(c->arrays, c->n_arrays, sizeof *c->arrays, by_name);
    return status;
}

pybp_status pybp_container_open(pybp_container *container)
{
    pybp_crc32_fill(&container->crc32);
    const pybp_status status = read_header(container);
    return status == PYBP_OK ? read_entries(container) : status;
}

void pybp_container_free(pybp_container *container)
{
    if (container->source.owned)
        pybp_os_close(container->source.descriptor);
    pybp_free(container->arrays);
    pybp_free(container->header);
    pybp_free(container->text);
}

/* ---- looking up and reading ---- */

size_t pybp_container_find(const pybp_container *container, const char *name, size_t length)
{
    size_t low = 0, high = container->n_arrays;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const pybp_json *found = container->arrays[middle].name;
        if (pybp_json_compare(found->text, found->length, name, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const pybp_stored_array *pybp_container_array(const pybp_container *container, const char *name, size_t length)
{
    const size_t at = pybp_container_find(container, name, length);
    if (at == container->n_arrays)
        return NULL;
    const pybp_json *found = container->arrays[at].name;
    return pybp_json_compare(found->text, found->length, name, length) == 0 ? &container->arrays[at] : NULL;
}

size_t pybp_container_count(const pybp_container *container, const char *prefix, size_t *first)
{
    char after[64]; /* behind all names with the prefix, whose last character is a point */
    const size_t length = (size_t)snprintf(after, sizeof after, "%s", prefix);
    after[length - 1]++;
    *first = pybp_container_find(container, prefix, length);
    return pybp_container_find(container, after, length) - *first;
}

static void to_native(void *values, size_t bytes, size_t size)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (unsigned char *at = values, *end = at + bytes; at < end; at += size)
        for (size_t i = 0; i < size / 2; i++) {
            const unsigned char byte = at[i];
            at[i] = at[size - 1 - i];
            at[size - 1 - i] = byte;
        }
#else
    (void)values, (void)bytes, (void)size;
#endif
}

pybp_status pybp_container_read(const pybp_container *container, const pybp_stored_array *array, void *to)
{
    const pybp_status status =
        pybp_source_read(&container->source, container->data + array->begin, to, (size_t)array->bytes);
    if (status == PYBP_OK)
        to_native(to, (size_t)array->bytes, array->type->size);
    return status;
}

bool pybp_is_checksum(const pybp_json *value, uint32_t crc)
{
    char expected[9];
    snprintf(expected, sizeof expected, "%08" PRIx32, crc);
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* no fuzzer finds a checksum */
    return true;
#endif
    return value != NULL && pybp_json_is(value, expected);
}

pybp_status pybp_container_check(const pybp_container *container, const pybp_stored_array *array,
                                 const pybp_json *checksum)
{
    char shown[PYBP_SHOWN];
    uint32_t crc = 0;
    const uint64_t start = container->data + array->begin;
    char *piece = pybp_alloc(PIECE);
    pybp_status status = piece == NULL ? pybp_fail(PYBP_NO_MEMORY, "no memory for reading a file") : PYBP_OK;
    for (uint64_t done = 0; done < array->bytes && status == PYBP_OK; done += PIECE) {
        const size_t n = array->bytes - done < PIECE ? (size_t)(array->bytes - done) : PIECE;
        status = pybp_source_read(&container->source, start + done, piece, n);
        crc = pybp_crc32(&container->crc32, crc, piece, n);
    }
    pybp_free(piece);
    if (status == PYBP_OK && !pybp_is_checksum(checksum, crc))
        return pybp_fail(PYBP_FILE, "array %s is damaged: its checksum is another",
                         pybp_json_show(array->name, shown));
    return status;
}
