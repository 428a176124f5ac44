/* A range of a workspace's rows: what one thread works on at a time. */
#ifndef PYBP_NET_WORKSPACE_ROWS_H
#define PYBP_NET_WORKSPACE_ROWS_H

#include "net/workspace/workspace.h"

typedef struct pybp_rows {
    const pybp_net *net;
    const pybp_workspace *ws;
    size_t first, n;      /* rows first ... first + n - 1 of the workspace */
    int tid;              /* the thread */
    size_t batch_row;     /* number of the first one in the minibatch */
    size_t batch_rows;    /* rows of the minibatch */
    uint64_t pass_number; /* of the forward pass in training: part of the address of its random numbers */
    const double *dropout; /* rate of the dropout layers; NULL: their own */
    bool keeps_statistics; /* running statistics stay as they are */
} pybp_rows;

/* What a forward pass computes of the last layer: its outputs, or z only, for a loss that is computed from z. */
typedef enum pybp_output { PYBP_OUTPUT_A, PYBP_OUTPUT_Z } pybp_output;

/* The same panels from a row on. */
static inline pybp_panels pybp_panels_from_row(pybp_panels m, size_t row)
{
    if (m.at != NULL)
        m.at += row * PYBP_LINE;
    return m;
}

/* The first line of panel p. */
static inline char *pybp_panel_at(pybp_panels m, size_t p)
{
    return m.at + p * m.stride * PYBP_LINE;
}

static inline bool pybp_in_training(const pybp_rows *rows)
{
    return rows->ws->flags & PYBP_FOR_TRAINING;
}

/* These rows of what layer l reads and of its buffers. */
static inline pybp_panels pybp_input_of(const pybp_rows *rows, size_t l)
{
    return pybp_panels_from_row(rows->ws->layers[rows->net->layers[l].link[0].from].a, rows->first);
}
static inline pybp_panels pybp_output_of(const pybp_rows *rows, size_t l)
{
    return pybp_panels_from_row(rows->ws->layers[l].a, rows->first);
}
static inline pybp_panels pybp_z_of(const pybp_rows *rows, size_t l)
{
    return pybp_panels_from_row(rows->ws->layers[l].z, rows->first);
}
static inline pybp_panels pybp_delta_of(const pybp_rows *rows, size_t l)
{
    return pybp_panels_from_row(rows->ws->layers[l].delta, rows->first);
}
/* What the derivative of layer l's activation is computed from. */
static inline pybp_panels pybp_derivative_input(const pybp_rows *rows, size_t l)
{
    return rows->net->layers[l].reads_z ? pybp_z_of(rows, l) : pybp_output_of(rows, l);
}

#endif
