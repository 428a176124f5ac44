/* The Jacobian, for solvers of least squares: a row at a time, back from one output at a time. */
#include "base/status.h"
#include "net/train/epoch.h"

/* Row r of x, as a matrix of one row. */
static pybp_matrix row_of(const pybp_matrix *x, size_t r)
{
    pybp_matrix row = *x;
    row.rows = 1;
    if (x->indptr == NULL)
        row.data = (const char *)x->data + (ptrdiff_t)r * x->row_stride;
    else
        row.indptr = (const char *)x->indptr + r * (x->wide ? sizeof(int64_t) : sizeof(int32_t));
    return row;
}

/* The derivatives of one row's outputs; slope: n_out zeros, and so again at the end. */
static pybp_status derive_row(pybp_net *net, const pybp_matrix *row, double *slope, char *out)
{
    const size_t n_out = net->layers[net->n_layers - 1].n_out;
    const pybp_matrix dl_da = {.data = slope, .rows = 1, .cols = n_out, .dtype = PYBP_FLOAT64};
    pybp_status status = pybp_hand_forward(net, row, 0, NULL, 1);
    for (size_t k = 0; k < n_out && status == PYBP_OK; k++) {
        slope[k] = 1;
        status = pybp_hand_backward(net, &dl_da, NULL, NULL, PYBP_MEAN, NULL, 1, NULL);
        slope[k] = 0;
        if (status == PYBP_OK)
            pybp_copy_flat(net, net->grads, out + k * net->n_parameters * net->k->size, false);
    }
    return status;
}

pybp_status pybp_jacobian_rows(pybp_net *net, const pybp_matrix *x, char *out)
{
    const size_t n_out = net->layers[net->n_layers - 1].n_out;
    pybp_status status = PYBP_OK;
    double *slope = pybp_alloc_array(n_out, sizeof *slope);
    if (slope == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for a slope of %zu outputs", n_out);
    for (size_t r = 0; r < x->rows && status == PYBP_OK; r++) {
        const pybp_matrix row = row_of(x, r);
        status = derive_row(net, &row, slope, out + r * n_out * net->n_parameters * net->k->size);
    }
    pybp_free(slope);
    pybp_forget_pass(net);
    net->has_gradients = false;
    return status;
}
