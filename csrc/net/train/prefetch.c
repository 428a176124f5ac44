#include "net/train/prefetch.h"

#include "net/update/tiles.h"

/* Bytes of rows from which they do not stay in a core's own cache. */
#define FAR_BYTES (4u << 20)
/* Bytes of a minibatch up to which all of it is asked for, as that cache has other things to hold; and rows of a larger
 * one: gather() asks for those after them. */
#define ROOM_BYTES (64u << 10)
#define FIRST_ROWS 8u

/* Lines that a row can touch: it seldom begins where a line does. */
static size_t row_lines(const pybp_matrix *x)
{
    return (pybp_row_bytes(x) + 2 * PYBP_LINE - 2) / PYBP_LINE;
}

pybp_ahead pybp_ahead_of(const pybp_run *run, const pybp_source *source, size_t first, int threads)
{
    pybp_ahead ahead = {.source = source};
    const pybp_matrix *x = source->x, *y = &source->y->values;
    if (source->order == NULL || x->indptr != NULL || x->rows * pybp_row_bytes(x) < FAR_BYTES)
        return ahead;
    ahead.lines = row_lines(x) + (source->y->labels == NULL ? row_lines(y) : 0);
    const size_t rows = run->rows < x->rows - first ? run->rows : x->rows - first;
    const size_t calls = 2 * pybp_trained_tiles(run->net) / (size_t)threads + 1;
    size_t begin, end;
    pybp_share(rows, run->tid, threads, &begin, &end);
    if ((end - begin) * ahead.lines * PYBP_LINE > ROOM_BYTES && end - begin > FIRST_ROWS)
        end = begin + FIRST_ROWS;
    ahead.row = first + begin;
    ahead.end = first + end;
    ahead.each = ((ahead.end - ahead.row) * ahead.lines + calls - 1) / calls;
    return ahead;
}

/* At most n lines of row r from the given one on; their number. */
static size_t ask_row(const pybp_matrix *x, size_t r, size_t line, size_t n)
{
    const char *from = (const char *)x->data + (ptrdiff_t)r * x->row_stride;
    const size_t last = pybp_row_bytes(x) - 1;
    const size_t end = row_lines(x) - line < n ? row_lines(x) : line + n;
    for (size_t i = line; i < end; i++)
        PYBP_ASK_FOR_L2(from + (i * PYBP_LINE < last ? i * PYBP_LINE : last));
    return end - line;
}

void pybp_ahead_ask(pybp_ahead *ahead)
{
    const pybp_source *source = ahead->source;
    for (size_t left = ahead->each; left > 0 && ahead->row < ahead->end;) {
        const size_t of_x = row_lines(source->x), row = source->order[ahead->row];
        const size_t asked = ahead->line < of_x ? ask_row(source->x, row, ahead->line, left)
                                                : ask_row(&source->y->values, row, ahead->line - of_x, left);
        left -= asked;
        ahead->line += asked;
        if (ahead->line == ahead->lines) {
            ahead->line = 0;
            ahead->row++;
        }
    }
}
