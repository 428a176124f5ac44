# cython: language_level=3, binding=False, boundscheck=False, wraparound=False
# cython: autotestdict=False
"""The binding to the C core: converts arguments to C structs, releases the GIL, checks the status.

It contains no other logic. Arrays must have a layout that the core reads: float32 or float64 with
contiguous rows, int32 class indices, float64 sample weights. `pybp._common.arrays` and `pybp.data`
convert them and raise the errors that users see; typed memoryviews refuse other arrays. Enums are
passed as the index of their row in the registry, or as a name.
"""

import builtins

from sys import _current_frames

import numpy

from pybp import errors

cimport cython
from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE,
    PyBuffer_Release, PyObject_CheckBuffer,
)
from cpython.exc cimport PyErr_CheckSignals, PyErr_Clear
from cpython.exc cimport PyErr_SetObject
from cpython.mem cimport PyMem_Free, PyMem_Calloc
from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_GetContext, PyCapsule_New, PyCapsule_SetContext
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.string cimport memset

from pybp._core cimport *

include "_core_registry.pxi"
include "_core_arrays.pxi"
include "_core_options.pxi"
include "_core_net.pxi"
include "_core_exclusive.pxi"
include "_core_file.pxi"
include "_core_one_row.pxi"
include "_core_capsule.pxi"


def find_nonfinite(x, dtype):
    """(row, column) of the first element that is not finite after conversion to `dtype`, or None."""
    cdef size_t row = 0, column = 0
    cdef pybp_dtype target = PYBP_FLOAT32 if dtype.char == "f" else PYBP_FLOAT64
    cdef pybp_status status
    cdef Inputs inputs = view_inputs(x)
    with nogil:
        status = pybp_matrix_check(&inputs.matrix, target, &row, &column)
    if status == PYBP_NOT_FINITE:
        return row, column
    check(status)
    return None


def activate(kind, tuple params, z, out, derivative):
    """Write f(z) to `out` and f'(z) to `derivative`, unless they are None.

    All arrays are contiguous, of shape (rows, columns). For a rowwise activation, `derivative` has
    shape (rows * columns, columns) and gets the Jacobian of each row.
    """
    cdef double given[PYBP_MAX_ACTIVATION_PARAMS]
    cdef pybp_activation number = <pybp_activation> <int> kind
    cdef pybp_row row
    cdef pybp_status status
    cdef Dense inputs = view_dense(z)
    cdef size_t rows = inputs.matrix.rows, columns = inputs.matrix.cols
    cdef pybp_dtype dtype = inputs.matrix.dtype
    check(pybp_registry_row(PYBP_REGISTRY_ACTIVATIONS, number, &row))
    fill_params(params, given, PYBP_MAX_ACTIVATION_PARAMS)
    if rows > 1 and inputs.matrix.row_stride != <ptrdiff_t> columns * itemsize_of(dtype):
        raise TypeError("expected a contiguous array")
    cdef Output a = view_rows_out(out, dtype, rows, columns)
    cdef Output derivatives = view_rows_out(
        derivative, dtype, rows * columns if row.label[0] == b"R" else rows, columns
    )
    with nogil:
        status = pybp_activate(number, given, dtype, rows, columns, inputs.matrix.data, a.data,
                               derivatives.data)
    check(status)


def metric_value(str metric, target, prediction, const double[::1] weights):
    """Mean squared error, mean absolute error or R^2 of `prediction`; both have shape (rows, columns)."""
    cdef double value = 0.0
    cdef pybp_metric number = METRICS[metric]
    cdef pybp_status status
    cdef Dense y = view_dense(target)
    cdef Dense a = view_dense(prediction)
    cdef const double *w = weights_of(weights, y.matrix.rows)
    with nogil:
        status = pybp_metric_value(number, &y.matrix, &a.matrix, w, &value)
    check(status)
    return value


def schedule_rates(kind, double lr, params, const uint64_t[::1] milestones not None, uint64_t first,
                   uint64_t horizon, double[::1] out not None):
    """Fill `out` with the learning rates of the positions first, first + 1, ..."""
    cdef pybp_schedule spec
    cdef pybp_status status
    spec.kind = <pybp_schedule_kind> <int> kind
    spec.lr = lr
    fill_params(params, spec.params, PYBP_MAX_SCHEDULE_PARAMS)
    spec.milestones = &milestones[0]
    spec.n_milestones = milestones.shape[0]
    with nogil:
        status = pybp_schedule_fill(&spec, first, horizon, out.shape[0], &out[0])
    check(status)
