#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[PYBP_MESSAGE_BYTES];

/* Drop the last character if its UTF-8 bytes were cut.  Python decodes the message strictly. */
static void trim_cut_character(char *text, size_t length)
{
    size_t start = length; /* of the last character */
    while (start > 0 && length - start < 4) {
        const unsigned char c = (unsigned char)text[--start];
        if ((c & 0xC0) == 0x80)
            continue; /* a continuation byte */
        const size_t bytes = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        if (length - start < bytes)
            text[start] = '\0';
        return;
    }
}

pybp_status pybp_fail(pybp_status code, const char *format, ...)
{
    /* Formatted aside: an argument may point into `message`. */
    char text[PYBP_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length < 0)
        text[0] = '\0';
    else if ((size_t)length >= sizeof text)
        trim_cut_character(text, sizeof text - 1);
    memcpy(message, text, strlen(text) + 1);
    return code;
}

void pybp_printable(const char *text, char *to, size_t size)
{
    for (; size > 1 && *text != '\0'; size--, text++)
        *to++ = (char)(*text >= ' ' && *text <= '~' ? *text : '?');
    *to = '\0';
}

const char *pybp_last_error(void)
{
    return message;
}

const char *pybp_status_name(pybp_status status)
{
    switch ((int)status) {
#define PYBP_STATUS(NAME, exception, text) \
    case PYBP_##NAME:                      \
        return "PYBP_" #NAME;
#include "registry/status.def"
#undef PYBP_STATUS
    default:
        return "unknown status";
    }
}
