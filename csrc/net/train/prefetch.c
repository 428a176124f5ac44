#include "net/train/prefetch.h"

#include "net/rows/work.h"
#include "net/update/tiles.h"

/* Data of fewer bytes stay in a core's own cache. */
#define LARGE_DATA (4u << 20)
/* At most this many bytes of the first rows are prefetched, as the cache holds other data too. gather() prefetches the
 * rows after them. */
#define MAX_BYTES (64u << 10)
#define FIRST_ROWS 8u

/* Lines that a row may touch. It seldom begins at the beginning of a line. */
static size_t row_lines(const pybp_matrix *x)
{
    return (pybp_row_bytes(x) + 2 * PYBP_LINE - 2) / PYBP_LINE;
}

pybp_prefetch pybp_plan_prefetch(const pybp_rows *rows, const pybp_source *source, size_t first, int threads)
{
    pybp_prefetch plan = {.source = source};
    const pybp_matrix *x = source->x, *y = &source->y->values;
    if (source->order == NULL || x->indptr != NULL || x->rows * pybp_row_bytes(x) < LARGE_DATA)
        return plan;
    plan.lines = row_lines(x) + (source->y->labels == NULL ? row_lines(y) : 0);
    const size_t n = rows->n < x->rows - first ? rows->n : x->rows - first;
    const size_t calls = 2 * pybp_count_trained_tile_groups(rows->net) / (size_t)threads + 1;
    size_t begin, end;
    pybp_thread_range(n, rows->tid, threads, &begin, &end);
    if ((end - begin) * plan.lines * PYBP_LINE > MAX_BYTES && end - begin > FIRST_ROWS)
        end = begin + FIRST_ROWS;
    plan.row = first + begin;
    plan.end = first + end;
    plan.at_once = ((plan.end - plan.row) * plan.lines + calls - 1) / calls;
    return plan;
}

/* At most n lines of row r, from the given one on; returns how many. */
static size_t prefetch_row(const pybp_matrix *x, size_t r, size_t line, size_t n)
{
    const char *from = (const char *)x->data + (ptrdiff_t)r * x->row_stride;
    const size_t last = pybp_row_bytes(x) - 1;
    const size_t end = row_lines(x) - line < n ? row_lines(x) : line + n;
    for (size_t i = line; i < end; i++)
        PYBP_PREFETCH_L2(from + (i * PYBP_LINE < last ? i * PYBP_LINE : last));
    return end - line;
}

void pybp_prefetch_some(pybp_prefetch *p)
{
    const pybp_source *source = p->source;
    for (size_t left = p->at_once; left > 0 && p->row < p->end;) {
        const size_t of_x = row_lines(source->x), row = source->order[p->row];
        const size_t done = p->line < of_x ? prefetch_row(source->x, row, p->line, left)
                                           : prefetch_row(&source->y->values, row, p->line - of_x, left);
        left -= done;
        p->line += done;
        if (p->line == p->lines) {
            p->line = 0;
            p->row++;
        }
    }
}
