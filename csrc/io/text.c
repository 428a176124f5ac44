#include "io/text.h"

#include "base/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pybp_text_add(pybp_text *text, const char *bytes, size_t n)
{
    if (text->failed)
        return;
    if (text->capacity - text->length < n) {
        const size_t capacity = 2 * text->capacity + n + 256;
        char *wider = pybp_alloc(capacity);
        if (wider == NULL) {
            text->failed = true;
            return;
        }
        if (text->length > 0)
            memcpy(wider, text->at, text->length);
        pybp_free(text->at);
        text->at = wider;
        text->capacity = capacity;
    }
    memcpy(text->at + text->length, bytes, n);
    text->length += n;
}

void pybp_text_format(pybp_text *text, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    pybp_text_add(text, line, length < 0 ? 0 : (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

/* The fewest digits that are read as |value|, and the exponent of the first one. The locale's point is left out. */
static int shortest_digits(double value, char digits[18], int *exponent)
{
    char line[64];
    for (int precision = 0; precision < 17; precision++) {
        snprintf(line, sizeof line, "%.*e", precision, value);
        if (strtod(line, NULL) == value)
            break;
    }
    int n = 0;
    const char *at = line;
    for (; *at != 'e'; at++)
        if (*at >= '0' && *at <= '9')
            digits[n++] = *at;
    *exponent = atoi(at + 1);
    return n;
}

void pybp_text_double(pybp_text *text, double value)
{
    char digits[18];
    int exponent, n = shortest_digits(fabs(value), digits, &exponent);
    if (signbit(value))
        pybp_text_add(text, "-", 1);
    if (exponent < -4 || exponent >= 16) {
        pybp_text_add(text, digits, 1);
        if (n > 1)
            pybp_text_format(text, ".%.*s", n - 1, digits + 1);
        pybp_text_format(text, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        return;
    }
    if (exponent < 0)
        pybp_text_format(text, "0.%.*s", -exponent - 1, "0000");
    for (int i = 0; i < n || i <= exponent; i++) {
        pybp_text_add(text, i < n ? &digits[i] : "0", 1);
        if (i == exponent)
            pybp_text_add(text, ".", 1);
    }
    if (exponent >= n - 1)
        pybp_text_add(text, "0", 1);
}

void pybp_text_quote(pybp_text *text, const char *bytes, size_t n)
{
    pybp_text_add(text, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\')
            pybp_text_add(text, "\\", 1);
        pybp_text_add(text, &bytes[i], 1);
    }
    pybp_text_add(text, "\"", 1);
}
