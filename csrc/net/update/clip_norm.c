#include "net/update/clip_norm.h"

#include <math.h>

#define BLOCK 4096u

/* In a panel an output's elements, which follow each other in logical order, are a line apart. A cursor finds them. */
typedef struct cursor {
    size_t layer, output, input; /* of the next element; input == fan: the bias */
    size_t left;                 /* elements of the block */
} cursor;

static cursor block_begin(const pybp_net *net, size_t block)
{
    const size_t first = block * BLOCK;
    cursor c = {.left = net->n_parameters - first < BLOCK ? net->n_parameters - first : BLOCK};
    while (first >= net->layers[c.layer].first + net->layers[c.layer].count)
        c.layer++;
    const pybp_layer *layer = &net->layers[c.layer];
    c.output = (first - layer->first) / layer->trained;
    c.input = (first - layer->first) % layer->trained;
    return c;
}

static const char *address(const pybp_net *net, const char *grads, const cursor *c)
{
    return pybp_param_at(net, (char *)(uintptr_t)grads, c->layer, c->output, c->input);
}

/* Elements up to the end of the block or of the output. */
static size_t contiguous(const pybp_net *net, const cursor *c)
{
    const size_t of_output = net->layers[c->layer].trained - c->input;
    return of_output < c->left ? of_output : c->left;
}

static void advance(const pybp_net *net, cursor *c, size_t n)
{
    c->left -= n;
    c->input += n;
    if (c->input < net->layers[c->layer].trained)
        return;
    c->input = 0;
    if (++c->output == net->layers[c->layer].n_out) {
        c->output = 0;
        do
            c->layer++;
        while (c->layer < net->n_layers && net->layers[c->layer].count == 0);
    }
}

size_t pybp_gradient_blocks(const pybp_net *net)
{
    return (net->n_parameters + BLOCK - 1) / BLOCK;
}

/* Elements that all unfinished blocks have before the end of an output; 0: all blocks are finished. */
static size_t common_length(const pybp_net *net, const cursor c[4])
{
    size_t n = SIZE_MAX;
    for (size_t i = 0; i < 4; i++)
        if (c[i].left > 0 && contiguous(net, &c[i]) < n)
            n = contiguous(net, &c[i]);
    return n == SIZE_MAX ? 0 : n;
}

/* Four blocks at once, since each is one chain. A finished block reads what the first block reads, and keeps its
 * sum. */
static void sum_blocks(const pybp_net *net, const char *grads, cursor c[4], double sum[4])
{
    for (size_t n; (n = common_length(net, c)) > 0;) {
        const double before[4] = {sum[0], sum[1], sum[2], sum[3]};
        const void *at[4];
        for (size_t i = 0; i < 4; i++)
            at[i] = address(net, grads, &c[c[i].left > 0 ? i : 0]);
        net->k->squares(n, at, sum);
        for (size_t i = 0; i < 4; i++) {
            if (c[i].left > 0)
                advance(net, &c[i], n);
            else
                sum[i] = before[i];
        }
    }
}

void pybp_gradient_squares(const pybp_net *net, const char *grads, size_t first, size_t end, double *sums)
{
    while (first < end) {
        const size_t blocks = end - first < 4 ? 1 : 4; /* of one block, the other three are copies */
        cursor c[4];
        double sum[4] = {0, 0, 0, 0};
        for (size_t i = 0; i < 4; i++)
            c[i] = block_begin(net, first + i % blocks);
        sum_blocks(net, grads, c, sum);
        for (size_t i = 0; i < blocks; i++)
            sums[first + i] = sum[i];
        first += blocks;
    }
}

double pybp_clip_factor(const double *sums, size_t blocks, double clip_norm)
{
    double total = 0;
    for (size_t i = 0; i < blocks; i++)
        total = i == 0 ? sums[0] : total + sums[i];
    return clip_norm / (sqrt(total) + 1e-6);
}
