#include "net/rows/gather.h"

void pybp_gather_rows(const pybp_rows *rows, const pybp_source *source, size_t first)
{
    const pybp_kernels *k = rows->net->k;
    const pybp_workspace *ws = rows->ws;
    k->gather(source->x, source->order, first, rows->n, pybp_panels_from_row(ws->buffers[0].a, rows->first));
    if (source->y == NULL)
        return;
    if (source->y->labels == NULL) {
        k->gather(&source->y->values, source->order, first, rows->n, pybp_panels_from_row(ws->y, rows->first));
        return;
    }
    for (size_t r = 0; r < rows->n; r++)
        ws->labels[rows->first + r] = source->y->labels[pybp_source_row(source, first + r)];
}
