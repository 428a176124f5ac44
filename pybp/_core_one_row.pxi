# Part of _core.pyx: raw Py_buffers for the fast path of `predict`, and nowhere else.
#
# For one row the cost of the binding matters: with `out`, one row of a 10-16-1 net takes 360 ns with Py_buffers, and
# with typed memoryviews 800 ns as a matrix, 980 ns as a vector (Zen 4). A memoryview makes two Python objects and parses
# a format. An argument that does not fit is not an error here: `MLP._predict` converts it, or raises.

cdef extern from "Python.h":
    int try_buffer "PyObject_GetBuffer"(object exporter, Py_buffer *view, int flags) noexcept

cdef object new_array = numpy.empty
cdef object plain_array = numpy.ndarray
cdef object masked_array = numpy.ma.MaskedArray


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


cdef object predict_by_buffers(Net net, x, out, int threads):
    """The body of `Net.try_predict`."""
    cdef Py_buffer given, result
    cdef pybp_matrix matrix
    cdef size_t row = 0, column = 0
    cdef pybp_status status = PYBP_OK
    cdef bint fits = False
    if not PyObject_CheckBuffer(x) or (type(x) is not plain_array and isinstance(x, masked_array)):
        return None # the buffer of a masked array has no mask: the long way refuses it
    if try_buffer(x, &given, PyBUF_STRIDES | PyBUF_FORMAT) < 0:
        PyErr_Clear()
        return None
    try:
        if not describe(&given, &matrix) or matrix.rows == 0 or matrix.cols != net.n_in:
            return None
        if out is None:
            out = (new_array(net.n_out, net.dtype) if given.ndim == 1 else
                   new_array((matrix.rows, net.n_out), net.dtype))
        if try_buffer(out, &result, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0:
            PyErr_Clear()
            return None
        fits = (output_fits(&result, net.dtype_number, net.n_out, &given, &matrix)
                and not net.is_held_elsewhere()) # making a buffer may have let other threads run
        if fits:
            net.calls += 1
            with nogil:
                status = pybp_predict_finite(net.net, &matrix, result.buf, threads, &row,
                                             &column)
            net.calls -= 1
        PyBuffer_Release(&result)
    finally:
        PyBuffer_Release(&given)
    if status == PYBP_NOT_FINITE or status == PYBP_INVALID: # such as an unknown category of an embedding
        return None
    check(status)
    return out if fits else None
