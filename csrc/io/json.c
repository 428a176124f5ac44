#include "io/json.h"

#include "base/memory.h"
#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 500 };

typedef struct parser {
    char *at, *end;
    pybp_json *values;
    uint32_t n;
    uint32_t open[MAX_DEPTH]; /* the arrays and objects that are not closed yet */
    int depth;
} parser;

static pybp_status not_json(const char *what)
{
    return pybp_fail(PYBP_FILE, "its header is not JSON: %s", what);
}

static void skip_space(parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
        p->at++;
}

static bool take(parser *p, char wanted)
{
    const bool there = p->at < p->end && *p->at == wanted;
    p->at += there;
    return there;
}

static pybp_json *add(parser *p, enum pybp_json_type type, const char *text, size_t length)
{
    pybp_json *value = &p->values[p->n++];
    *value = (pybp_json){text, (uint32_t)length, 1, type};
    return value;
}

/* ---- strings ---- */

static bool take_hex(parser *p, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        if (p->at == p->end)
            return false;
        const char c = *p->at;
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0)
            return false;
        *code = *code << 4 | (unsigned)digit;
    }
    return true;
}

/* A code point in UTF-8. */
static char *put_code(char *to, unsigned code)
{
    const int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xC0, 0xE0, 0xF0};
    *to++ = (char)(first[more] | code >> 6 * more);
    for (int i = more; i-- > 0;)
        *to++ = (char)(0x80 | (code >> 6 * i & 0x3F));
    return to;
}

/* After \u: one code point, which may be written as a pair of surrogates. It never takes more bytes than its escape. */
static char *take_code(parser *p, char *to)
{
    unsigned code, low;
    if (!take_hex(p, &code))
        return NULL;
    if (code >= 0xD800 && code < 0xE000) {
        if (code >= 0xDC00 || !take(p, '\\') || !take(p, 'u') || !take_hex(p, &low) || low < 0xDC00 || low >= 0xE000)
            return NULL;
        code = 0x10000 + ((code - 0xD800) << 10 | (low - 0xDC00));
    }
    return put_code(to, code);
}

static char *take_escape(parser *p, char *to)
{
    static const char names[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
    if (p->at == p->end)
        return NULL;
    const char c = *p->at++;
    if (c == 'u')
        return take_code(p, to);
    const char *found = c == '\0' ? NULL : strchr(names, c);
    if (found == NULL)
        return NULL;
    *to = codes[found - names];
    return to + 1;
}

/* After the opening quote. */
static pybp_status take_string(parser *p)
{
    char *start = p->at, *to = start;
    for (;;) {
        if (p->at == p->end)
            return not_json("a string does not end");
        const unsigned char c = (unsigned char)*p->at++;
        if (c == '"')
            break;
        if (c < ' ')
            return not_json("a string holds a control character");
        if (c != '\\')
            *to++ = (char)c;
        else if ((to = take_escape(p, to)) == NULL)
            return not_json("a string holds a wrong escape");
    }
    add(p, PYBP_JSON_STRING, start, (size_t)(to - start));
    return PYBP_OK;
}

/* ---- numbers ---- */

static size_t take_digits(parser *p)
{
    const char *start = p->at;
    while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
        p->at++;
    return (size_t)(p->at - start);
}

static pybp_status take_number(parser *p)
{
    const char *start = p->at;
    bool whole = true;
    take(p, '-');
    const char *first = p->at;
    const size_t digits = take_digits(p);
    bool fine = digits > 0 && (digits == 1 || *first != '0');
    if (fine && take(p, '.')) {
        whole = false;
        fine = take_digits(p) > 0;
    }
    if (fine && p->at < p->end && (*p->at == 'e' || *p->at == 'E')) {
        whole = false;
        p->at++;
        if (!take(p, '+'))
            take(p, '-');
        fine = take_digits(p) > 0;
    }
    const size_t length = (size_t)(p->at - start);
    if (!fine)
        return not_json("a value is expected");
    if (length > PYBP_JSON_DIGITS)
        return not_json("a number has too many digits");
    double number = 0;
    const pybp_json *value = add(p, whole ? PYBP_JSON_INTEGER : PYBP_JSON_FLOAT, start, length);
    if (pybp_json_float(value, &number) && !isfinite(number))
        return not_json("a number is too large: infinity is not a JSON number");
    return PYBP_OK;
}

/* ---- values ---- */

static bool take_word(parser *p, const char *word)
{
    const size_t length = strlen(word);
    if ((size_t)(p->end - p->at) < length || memcmp(p->at, word, length) != 0)
        return false;
    p->at += length;
    return true;
}

static pybp_status take_word_or_number(parser *p)
{
    static const struct {
        const char *word;
        enum pybp_json_type type;
    } words[] = {{"null", PYBP_JSON_NULL}, {"false", PYBP_JSON_FALSE}, {"true", PYBP_JSON_TRUE}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (take_word(p, words[i].word)) {
            add(p, words[i].type, "", 0);
            return PYBP_OK;
        }
    if (take_word(p, "NaN"))
        return not_json("NaN is not a JSON number");
    if (take_word(p, "Infinity") || take_word(p, "-Infinity"))
        return not_json("infinity is not a JSON number");
    return take_number(p);
}

static pybp_status take_key(parser *p)
{
    skip_space(p);
    if (!take(p, '"'))
        return not_json("a key is expected");
    const pybp_status status = take_string(p);
    if (status != PYBP_OK)
        return status;
    skip_space(p);
    return take(p, ':') ? PYBP_OK : not_json("a colon is expected");
}

static int compare_keys(const void *a, const void *b)
{
    const pybp_json *one = *(const pybp_json *const *)a, *other = *(const pybp_json *const *)b;
    return pybp_json_compare(one->text, one->length, other->text, other->length);
}

static pybp_status check_keys(const pybp_json *object)
{
    if (object->length < 2)
        return PYBP_OK;
    const pybp_json **keys = pybp_alloc_array(object->length, sizeof *keys), *key = object + 1;
    if (keys == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the header of a file");
    for (uint32_t i = 0; i < object->length; i++, key = pybp_json_next(key + 1))
        keys[i] = key;
    qsort(keys, object->length, sizeof *keys, compare_keys);
    bool twice = false;
    for (uint32_t i = 1; i < object->length; i++)
        twice |= compare_keys(&keys[i - 1], &keys[i]) == 0;
    pybp_free(keys);
    return twice ? not_json("a key occurs twice") : PYBP_OK;
}

/* Close the innermost array or object. */
static pybp_status close_value(parser *p)
{
    pybp_json *value = &p->values[p->open[--p->depth]];
    value->span = (uint32_t)(&p->values[p->n] - value);
    return value->type == PYBP_JSON_OBJECT ? check_keys(value) : PYBP_OK;
}

/* Open an array or an object. *whole: it is empty, and closed. */
static pybp_status open_value(parser *p, enum pybp_json_type type, bool *whole)
{
    if (p->depth == MAX_DEPTH)
        return pybp_fail(PYBP_FILE, "its header is nested too deeply");
    p->open[p->depth++] = p->n;
    add(p, type, "", 0);
    skip_space(p);
    *whole = take(p, type == PYBP_JSON_ARRAY ? ']' : '}');
    if (*whole)
        return close_value(p);
    return type == PYBP_JSON_OBJECT ? take_key(p) : PYBP_OK;
}

/* One value, or the beginning of an array or object. */
static pybp_status take_value(parser *p, bool *whole)
{
    *whole = true;
    skip_space(p);
    if (take(p, '['))
        return open_value(p, PYBP_JSON_ARRAY, whole);
    if (take(p, '{'))
        return open_value(p, PYBP_JSON_OBJECT, whole);
    return take(p, '"') ? take_string(p) : take_word_or_number(p);
}

/* After a whole value: close the arrays and objects that end here. *more: another value follows. */
static pybp_status end_value(parser *p, bool *more)
{
    for (*more = false; p->depth > 0;) {
        pybp_json *value = &p->values[p->open[p->depth - 1]];
        value->length++;
        skip_space(p);
        if (take(p, ',')) {
            *more = true;
            return value->type == PYBP_JSON_OBJECT ? take_key(p) : PYBP_OK;
        }
        if (!take(p, value->type == PYBP_JSON_OBJECT ? '}' : ']'))
            return not_json("a comma or an end is expected");
        const pybp_status status = close_value(p);
        if (status != PYBP_OK)
            return status;
    }
    skip_space(p);
    return p->at == p->end ? PYBP_OK : not_json("something follows its end");
}

static pybp_status parse(parser *p)
{
    for (bool whole, more = true; more;) {
        pybp_status status = take_value(p, &whole);
        if (status == PYBP_OK && whole)
            status = end_value(p, &more);
        if (status != PYBP_OK)
            return status;
    }
    return PYBP_OK;
}

pybp_status pybp_json_parse(char *text, size_t length, pybp_json **root)
{
    size_t most = 1; /* each value follows one of these, or is the first */
    for (size_t i = 0; i < length; i++)
        most += text[i] == ',' || text[i] == ':' || text[i] == '[' || text[i] == '{';
    parser p = {.at = text, .end = text + length, .values = pybp_alloc_array(most, sizeof *p.values)};
    *root = NULL;
    if (p.values == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the header of a file");
    const pybp_status status = parse(&p);
    if (status == PYBP_OK)
        *root = p.values;
    else
        pybp_free(p.values);
    return status;
}
