/* The gradient's global norm: squares in double, in logical order (layer, output, input, that output's bias),
 * in blocks of 4096 elements. Packed weights keep that order only with a stride, so a cursor walks it. */
#include "net/model/net.h"

#include <math.h>

#define BLOCK 4096u

typedef struct cursor {
    size_t layer, row, column; /* of the next element */
    size_t left;               /* elements of its block */
} cursor;

static cursor cursor_at(const pybp_net *net, size_t element)
{
    cursor c = {0, 0, 0, 0};
    c.left = net->n_parameters - element < BLOCK ? net->n_parameters - element : BLOCK;
    while (element >= net->layers[c.layer].first + net->layers[c.layer].count)
        c.layer++;
    element -= net->layers[c.layer].first;
    c.row = element / net->layers[c.layer].trained;
    c.column = element % net->layers[c.layer].trained;
    return c;
}

static const char *address(const pybp_net *net, const char *grads, const cursor *c)
{
    const size_t panel = net->k->panel;
    return pybp_param_line(net, (char *)(uintptr_t)grads, c->layer, c->row / panel, c->column) +
           c->row % panel * net->k->size;
}

/* Elements up to the end of the block or of the row of weights. */
static size_t reach(const pybp_net *net, const cursor *c)
{
    const size_t row = net->layers[c->layer].trained - c->column;
    return row < c->left ? row : c->left;
}

static void advance(const pybp_net *net, cursor *c, size_t n)
{
    c->left -= n;
    c->column += n;
    if (c->column < net->layers[c->layer].trained)
        return;
    c->column = 0;
    if (++c->row == net->layers[c->layer].n_out) {
        c->row = 0;
        do
            c->layer++;
        while (c->layer < net->n_layers && net->layers[c->layer].count == 0);
    }
}

size_t pybp_norm_blocks(const pybp_net *net)
{
    return (net->n_parameters + BLOCK - 1) / BLOCK;
}

void pybp_norm_part(const pybp_net *net, const char *grads, size_t first, size_t end, double *sums)
{
    while (first < end) { /* up to four blocks abreast; a spare place repeats the first one */
        const size_t abreast = end - first < 4 ? 1 : 4;
        cursor c[4];
        double sum[4] = {0, 0, 0, 0};
        for (size_t i = 0; i < 4; i++)
            c[i] = cursor_at(net, (first + i % abreast) * BLOCK);
        for (;;) {
            const void *at[4];
            size_t n = SIZE_MAX;
            for (size_t i = 0; i < 4; i++)
                if (c[i].left > 0 && reach(net, &c[i]) < n)
                    n = reach(net, &c[i]);
            if (n == SIZE_MAX)
                break;
            for (size_t i = 0; i < 4; i++) /* a finished block reads what the first reads, and drops it */
                at[i] = address(net, grads, &c[c[i].left > 0 ? i : 0]);
            double kept[4] = {sum[0], sum[1], sum[2], sum[3]};
            net->k->squares(n, at, sum);
            for (size_t i = 0; i < 4; i++) {
                if (c[i].left > 0)
                    advance(net, &c[i], n);
                else
                    sum[i] = kept[i];
            }
        }
        for (size_t i = 0; i < abreast; i++)
            sums[first + i] = sum[i];
        first += abreast;
    }
}

double pybp_norm_factor(const double *sums, size_t blocks, double clip_norm)
{
    double total = 0;
    for (size_t i = 0; i < blocks; i++)
        total = i == 0 ? sums[0] : total + sums[i];
    return clip_norm / (sqrt(total) + 1e-6);
}
