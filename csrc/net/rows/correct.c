#include "net/rows/correct.h"

#include "net/rows/loss.h"

/* Rows whose largest output is at the largest target or label; `each` outputs share a target. */
static size_t count_largest(const pybp_rows *rows, pybp_panels a, size_t cols, size_t each)
{
    const pybp_kernels *k = rows->net->k;
    const pybp_panels y = pybp_panels_from_row(rows->ws->y, rows->first);
    int32_t predicted[PYBP_CHUNK], targets[PYBP_CHUNK];
    const int32_t *right = targets;
    size_t correct = 0;
    for (size_t first = 0; first < rows->n; first += PYBP_CHUNK) {
        const size_t n = rows->n - first < PYBP_CHUNK ? rows->n - first : PYBP_CHUNK;
        k->largest(n, cols, pybp_panels_from_row(a, first), predicted);
        if (rows->ws->y_is_labels)
            right = rows->ws->labels + rows->first + first;
        else
            k->largest(n, (cols + each - 1) / each, pybp_panels_from_row(y, first), targets);
        for (size_t r = 0; r < n; r++)
            correct += (size_t)predicted[r] == (size_t)right[r] * each;
    }
    return correct;
}

size_t pybp_count_correct(const pybp_rows *rows, const pybp_loss_spec *loss)
{
    const pybp_layer *last = pybp_last_layer(rows->net);
    const pybp_kernels *k = rows->net->k;
    const pybp_panels a = pybp_output_of(rows, rows->net->n_layers - 1);
    const pybp_panels y = pybp_panels_from_row(rows->ws->y, rows->first);
    const bool yes_or_no = last->n_out == 1 || pybp_output_activation(rows->net) == PYBP_ACTIVATION_SIGMOID;
    const size_t each = pybp_loss_per_target(loss);
    if (!rows->ws->y_is_labels && pybp_loss_targets(loss->kind) == PYBP_TARGETS_SIGNS)
        return k->same_side(rows->n, last->n_out, a, y, 1, 1, 0);
    if (!rows->ws->y_is_labels && yes_or_no)
        return k->same_side(rows->n, last->n_out, a, y, each, 0, 0.5);
    return count_largest(rows, a, last->n_out, rows->ws->y_is_labels ? 1 : each);
}
