# Part of _core.pyx: raw Py_buffers for the fast path of `predict`, and nowhere else.
#
# For one row the cost of the binding matters: with `out`, one row of a 10-16-1 net takes 360 ns with Py_buffers, and
# with typed memoryviews 800 ns as a matrix, 980 ns as a vector (Zen 4). A memoryview makes two Python objects and parses
# a format. An argument that does not fit is not an error here: `MLP._predict` converts it, or raises.

cdef extern from "Python.h":
    int try_buffer "PyObject_GetBuffer"(object exporter, Py_buffer *view, int flags) noexcept

cdef object new_array = numpy.empty


cdef bint describe(const Py_buffer *view, pybp_matrix *matrix) noexcept:
    """Fill `matrix`; False if the core can't read the layout of `view`."""
    cdef int last = view.ndim - 1
    memset(matrix, 0, sizeof(pybp_matrix))
    if view.format == NULL or view.format[0] == 0 or view.format[1] != 0:
        return False
    if view.format[0] == c"f":
        matrix.dtype = PYBP_FLOAT32
    elif view.format[0] == c"d":
        matrix.dtype = PYBP_FLOAT64
    else:
        return False
    if last < 0 or last > 1:
        return False
    matrix.data = view.buf
    matrix.rows = view.shape[0] if last == 1 else 1
    matrix.cols = view.shape[last]
    matrix.row_stride = view.strides[0] if matrix.rows > 1 else 0
    if matrix.cols > 1 and view.strides[last] != view.itemsize:
        return False
    return (<size_t> view.buf | <size_t> matrix.row_stride) % <size_t> view.itemsize == 0


cdef bint output_fits(const Py_buffer *out, pybp_dtype dtype, size_t columns, const Py_buffer *given,
                      const pybp_matrix *x) noexcept:
    """Whether `out` has the dtype and shape of the outputs, and does not overlap with x."""
    cdef size_t start = <size_t> x.data
    cdef size_t end = start + x.cols * given.itemsize
    cdef size_t span = (x.rows - 1) * <size_t> abs(x.row_stride)
    if x.row_stride < 0:
        start -= span
    else:
        end += span
    return (
        out.ndim == given.ndim
        and out.format[0] == (c"f" if dtype == PYBP_FLOAT32 else c"d")
        and out.format[1] == 0
        and <size_t> out.shape[out.ndim - 1] == columns
        and (out.ndim == 1 or <size_t> out.shape[0] == x.rows)
        and (end <= <size_t> out.buf or <size_t> out.buf + out.len <= start)
    )
