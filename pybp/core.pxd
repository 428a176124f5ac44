# cython: language_level=3
"""pybp's core for Cython: predictions without the GIL and without Python.

    cimport pybp.core as core

    core.pybp_import()                          # once, when the module is imported
    handle = core.pybp_handle(mlp)              # keeps the net
    cdef const core.pybp_net *net = core.pybp_net_of(handle)
    with nogil:
        core.predict(net, x, out)               # float32 arrays; predict_double: float64

A handle keeps its net, also if the MLP is deleted; the pointer is valid as long as the handle. Several threads may
predict with one net at once. While a call changes the net, such as `MLP.fit` on another thread, predictions raise
BusyError, and while predictions are in progress, calls that change the net do.

Compile with ``include_dirs=[pybp.get_include()]``. The module uses the core that Python has loaded, by function pointers
(pybp_python.h); it links no library.
"""

from libc.stddef cimport ptrdiff_t, size_t
from libc.string cimport memset

cdef extern from "pybp_python.h" nogil:
    ctypedef enum pybp_status:
        PYBP_OK
        PYBP_SHAPE
    ctypedef enum pybp_dtype:
        PYBP_FLOAT32
        PYBP_FLOAT64
    ctypedef struct pybp_net:
        pass
    ctypedef struct pybp_matrix:
        const void *data
        size_t rows
        size_t cols
        ptrdiff_t row_stride
        pybp_dtype dtype
        const void *indptr
        const void *indices
        size_t n_values
        int wide
    ctypedef struct pybp_functions:
        pybp_status (*predict)(const pybp_net *net, const pybp_matrix *x, void *out, int threads) noexcept nogil
        pybp_dtype (*net_dtype)(const pybp_net *net) noexcept nogil
        size_t (*net_n_in)(const pybp_net *net) noexcept nogil
        size_t (*net_n_out)(const pybp_net *net) noexcept nogil
        const char *(*last_error)() noexcept nogil
        const char *(*version)() noexcept nogil
    const pybp_functions *pybp_core

cdef extern from "pybp_python.h":
    int pybp_import() except -1
    object pybp_handle(object mlp)
    const pybp_net *pybp_net_of(object handle) except NULL
    int raise_status "pybp_core->raise" (pybp_status status) except -1


cdef inline int _predict(const pybp_net *net, pybp_matrix *x, void *out, size_t out_rows, size_t out_cols,
                         pybp_dtype dtype, int threads) except -1 nogil:
    cdef pybp_status status
    if pybp_core.net_dtype(net) != dtype:
        with gil:
            raise TypeError("the net has another dtype than these arrays")
    if x.cols != pybp_core.net_n_in(net) or out_rows != x.rows or out_cols != pybp_core.net_n_out(net):
        with gil:
            raise ValueError(
                f"x has shape {(x.rows, x.cols)} and out {(out_rows, out_cols)}; expected "
                f"(n, {pybp_core.net_n_in(net)}) and (n, {pybp_core.net_n_out(net)})"
            )
    status = pybp_core.predict(net, x, out, threads)
    if status != PYBP_OK:
        with gil:
            raise_status(status)
    return 0


cdef inline int predict(const pybp_net *net, const float[:, ::1] x, float[:, ::1] out,
                        int threads=1) except -1 nogil:
    """Outputs of a float32 net for the rows of x, into out; shapes (n, n_in) and (n, n_out).

    x may not hold NaN or infinity: the outputs are then undefined. threads: 0 for the default.
    """
    cdef pybp_matrix inputs
    if x.shape[0] == 0:
        return 0
    memset(&inputs, 0, sizeof(inputs))
    inputs.data = &x[0, 0]
    inputs.rows, inputs.cols = x.shape[0], x.shape[1]
    inputs.row_stride = x.shape[1] * sizeof(float)
    inputs.dtype = PYBP_FLOAT32
    return _predict(net, &inputs, &out[0, 0], out.shape[0], out.shape[1], PYBP_FLOAT32, threads)


cdef inline int predict_double(const pybp_net *net, const double[:, ::1] x, double[:, ::1] out,
                               int threads=1) except -1 nogil:
    """The same for a float64 net."""
    cdef pybp_matrix inputs
    if x.shape[0] == 0:
        return 0
    memset(&inputs, 0, sizeof(inputs))
    inputs.data = &x[0, 0]
    inputs.rows, inputs.cols = x.shape[0], x.shape[1]
    inputs.row_stride = x.shape[1] * sizeof(double)
    inputs.dtype = PYBP_FLOAT64
    return _predict(net, &inputs, &out[0, 0], out.shape[0], out.shape[1], PYBP_FLOAT64, threads)
