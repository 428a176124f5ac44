/* The arrays that a file has of a net. */
#ifndef PYBP_IO_SAVED_ARRAYS_H
#define PYBP_IO_SAVED_ARRAYS_H

#include "net/model/net.h"

typedef struct pybp_saved_array {
    pybp_array what;
    size_t layer;
    char name[32];   /* in the file, after layers.<layer>. */
    int n_dimensions;
    size_t shape[2];
    size_t bytes;
} pybp_saved_array;

enum { PYBP_MAX_SAVED_ARRAYS = 2 * (1 + PYBP_N_STATES) + 2 };

/* The arrays of a layer, in the order of a file, if the optimizer has these states (bits as in pybp_progress). Returns
 * their number. The net need not have its parameters yet. */
int pybp_saved_arrays(const pybp_net *net, size_t layer, int states, pybp_saved_array arrays[PYBP_MAX_SAVED_ARRAYS]);
/* Whether the layers that have memory but no arrays need at most as much as a file with this many bytes of arrays may
 * ask for. */
bool pybp_widths_fit(const pybp_net *net, uint64_t data_bytes);

#endif
