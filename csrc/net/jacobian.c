/* A forward pass for each row, and a backward pass for each of its outputs. */
#include "net/jacobian.h"

#include "base/status.h"
#include "net/manual_passes.h"
#include "net/model/parameters.h"

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

/* The derivatives of one row's outputs. dl_da: n_out zeros, which are zeros again on return. */
static pybp_status derive_row(pybp_net *net, const pybp_matrix *row, double *dl_da, char *out)
{
    const size_t n_out = pybp_last_layer(net)->n_out;
    const pybp_matrix one_output = {.data = dl_da, .rows = 1, .cols = n_out, .dtype = PYBP_FLOAT64};
    pybp_status status = pybp_manual_forward(net, row, 0, NULL, 1);
    for (size_t k = 0; k < n_out && status == PYBP_OK; k++) {
        dl_da[k] = 1;
        status = pybp_manual_backward(net, &one_output, NULL, NULL, PYBP_MEAN, NULL, 1, NULL);
        dl_da[k] = 0;
        if (status == PYBP_OK)
            pybp_unpack_all(net, net->grads, out + k * net->n_parameters * net->k->size);
    }
    return status;
}

pybp_status pybp_jacobian_rows(pybp_net *net, const pybp_matrix *x, char *out)
{
    const size_t n_out = pybp_last_layer(net)->n_out;
    pybp_status status = PYBP_OK;
    double *dl_da = pybp_alloc_array(n_out, sizeof *dl_da);
    if (dl_da == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the gradient by %zu outputs", n_out);
    for (size_t r = 0; r < x->rows && status == PYBP_OK; r++) {
        const pybp_matrix row = row_of(x, r);
        status = derive_row(net, &row, dl_da, out + r * n_out * net->n_parameters * net->k->size);
    }
    pybp_free(dl_da);
    pybp_forget_forward(net);
    net->has_gradients = false;
    return status;
}
