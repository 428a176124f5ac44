/* A strict reader of JSON: repeated keys, NaN, infinity, lone surrogates and deep nesting are errors. */
#ifndef PYBP_IO_JSON_H
#define PYBP_IO_JSON_H

#include "pybp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pybp_json_type {
    PYBP_JSON_NULL, PYBP_JSON_FALSE, PYBP_JSON_TRUE, PYBP_JSON_INTEGER, PYBP_JSON_FLOAT, PYBP_JSON_STRING,
    PYBP_JSON_ARRAY, PYBP_JSON_OBJECT
};

#define PYBP_JSON_DIGITS 1000 /* characters of a number, at most */

/* A value. The items of an array follow it; of an object, its keys and their values in turn. The value after v and all
 * that is in it is v + v->span. */
typedef struct pybp_json {
    const char *text;         /* of a string, decoded; of a number, as it is written. Not terminated */
    uint32_t length;          /* bytes of text; items of an array; members of an object */
    uint32_t span;            /* values: this one and those in it */
    enum pybp_json_type type;
} pybp_json;

/* Parse `length` bytes of text, fewer than 2^31, in place: strings are decoded where they are, and the values point
 * into the text. *root becomes the first value; it is the caller's, for pybp_free, and NULL after an error. PYBP_FILE:
 * it is not such JSON; PYBP_NO_MEMORY. */
pybp_status pybp_json_parse(char *text, size_t length, pybp_json **root);

static inline const pybp_json *pybp_json_next(const pybp_json *value)
{
    return value + value->span;
}

/* The value of a key; NULL if there is no such key, or `object` is no object. */
const pybp_json *pybp_json_member(const pybp_json *object, const char *key);
/* Whether it is an object with exactly these keys. */
bool pybp_json_has_keys(const pybp_json *object, const char *const *keys, size_t n);
/* Whether it is this string. */
bool pybp_json_is(const pybp_json *value, const char *text);
/* The order of two strings, by their bytes. */
int pybp_json_compare(const char *a, size_t a_length, const char *b, size_t b_length);
/* Whether it is an integer from 0 to `most`; then *number. */
bool pybp_json_integer(const pybp_json *value, uint64_t most, uint64_t *number);
/* Whether it is a number with a point or an exponent; then *number. (Parsing refuses infinite ones.) */
bool pybp_json_float(const pybp_json *value, double *number);

#define PYBP_SHOWN 64
/* The value, shortened, as a message shows it. Returns `to`. */
const char *pybp_json_show(const pybp_json *value, char to[PYBP_SHOWN]);

#endif
