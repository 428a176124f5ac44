/* Looking into parsed values. */
#include "io/json.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pybp_json_compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    const int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

bool pybp_json_is(const pybp_json *value, const char *text)
{
    return value->type == PYBP_JSON_STRING && value->length == strlen(text) &&
           memcmp(value->text, text, value->length) == 0;
}

const pybp_json *pybp_json_member(const pybp_json *object, const char *key)
{
    if (object == NULL || object->type != PYBP_JSON_OBJECT)
        return NULL;
    const pybp_json *at = object + 1;
    for (uint32_t i = 0; i < object->length; i++, at = pybp_json_next(at + 1))
        if (pybp_json_is(at, key))
            return at + 1;
    return NULL;
}

bool pybp_json_has_keys(const pybp_json *object, const char *const *keys, size_t n)
{
    if (object->type != PYBP_JSON_OBJECT || object->length != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (pybp_json_member(object, keys[i]) == NULL)
            return false;
    return true;
}

bool pybp_json_integer(const pybp_json *value, uint64_t most, uint64_t *number)
{
    uint64_t n = 0;
    if (value == NULL || value->type != PYBP_JSON_INTEGER)
        return false;
    const bool minus = value->text[0] == '-';
    for (uint32_t i = minus; i < value->length; i++) {
        const unsigned digit = (unsigned)(value->text[i] - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = 10 * n + digit;
    }
    *number = n;
    return n <= most && !(minus && n > 0);
}

/* strtod() expects the point of the process's locale. */
static double to_double(const char *text, size_t length)
{
    char copy[PYBP_JSON_DIGITS + 16];
    const char *point = localeconv()->decimal_point, *dot = memchr(text, '.', length);
    const size_t before = dot == NULL ? length : (size_t)(dot - text), wide = strlen(point);
    if (dot == NULL || wide == 0 || wide > 8) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    } else {
        memcpy(copy, text, before);
        memcpy(copy + before, point, wide);
        memcpy(copy + before + wide, dot + 1, length - before - 1);
        copy[length - 1 + wide] = '\0';
    }
    return strtod(copy, NULL);
}

bool pybp_json_float(const pybp_json *value, double *number)
{
    if (value == NULL || value->type != PYBP_JSON_FLOAT)
        return false;
    *number = to_double(value->text, value->length);
    return true;
}

const char *pybp_json_show(const pybp_json *value, char to[PYBP_SHOWN])
{
    static const char *const names[] = {"None", "False", "True", "", "", "", "a list", "an object"};
    char text[PYBP_SHOWN - 24];
    const size_t length = value->length < sizeof text ? value->length : sizeof text - 1;
    if (names[value->type][0] != '\0') {
        snprintf(to, PYBP_SHOWN, "%s", names[value->type]);
        return to;
    }
    for (size_t i = 0; i < length; i++) /* a message is cut anywhere, and must stay valid UTF-8 */
        text[i] = value->text[i] >= ' ' && value->text[i] <= '~' ? value->text[i] : '?';
    text[length] = '\0';
    const char *quote = value->type == PYBP_JSON_STRING ? "'" : "";
    snprintf(to, PYBP_SHOWN, "%s%s%s%s", quote, text, length < value->length ? "..." : "", quote);
    return to;
}
