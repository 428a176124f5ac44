# Part of _core.pyx: the caller's arrays, as the core reads them.


cdef bint describe(const Py_buffer *view, pybp_matrix *matrix) noexcept:
    """Fill `matrix`; False if the core can't read `view` as it lies."""
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


@cython.internal
cdef class View:
    """A caller's buffer, lent to the core for as long as this object lives; NULL for None."""

    cdef Py_buffer buffer

    def __cinit__(self, exporter, int flags):
        if exporter is not None:
            PyObject_GetBuffer(exporter, &self.buffer, flags)

    def __dealloc__(self):
        PyBuffer_Release(&self.buffer)


@cython.internal
@cython.final
cdef class Matrix(View):
    """A float32 or float64 array with contiguous rows; or None, to be filled with a sparse one."""

    cdef pybp_matrix matrix
    cdef View values, indices, indptr

    def __init__(self, exporter, int flags):
        if exporter is not None and not describe(&self.buffer, &self.matrix):
            raise TypeError("expected a float32 or float64 array with contiguous rows")


@cython.internal
@cython.final
cdef class Targets(View):
    """int32 class indices, or a matrix."""

    cdef pybp_targets targets

    def __init__(self, exporter, int flags):
        if self.buffer.ndim == 1 and self.buffer.format[0] == c"i" and self.buffer.strides[0] == 4:
            self.targets.labels = <const int32_t *> self.buffer.buf
            self.targets.values.rows = self.buffer.shape[0]
        elif not describe(&self.buffer, &self.targets.values):
            raise TypeError("expected int32 class indices or a float array with contiguous rows")


cdef Matrix lend_matrix(exporter):
    """An array; or a sparse matrix, an object whose `csr` is (values, indices, indptr, columns)."""
    if PyObject_CheckBuffer(exporter):
        return Matrix(exporter, PyBUF_STRIDES | PyBUF_FORMAT)
    values, indices, indptr, columns = exporter.csr
    return lend_sparse(values, indices, indptr, columns)


cdef Matrix lend_sparse(values, indices, indptr, size_t columns):
    cdef int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT
    cdef Matrix lent = Matrix(None, 0)
    cdef size_t size
    lent.values = View(values, flags)
    lent.indices = View(indices, flags)
    lent.indptr = View(indptr, flags)
    size = lent.indptr.buffer.itemsize
    if (not describe(&lent.values.buffer, &lent.matrix) or lent.values.buffer.ndim != 1
            or lent.values.buffer.shape[0] != lent.indices.buffer.shape[0]
            or not is_index(&lent.indices.buffer, size) or not is_index(&lent.indptr.buffer, size)
            or lent.indptr.buffer.shape[0] < 1):
        raise TypeError("expected values, indices and indptr of a sparse matrix")
    lent.matrix.rows = lent.indptr.buffer.shape[0] - 1
    lent.matrix.cols = columns
    lent.matrix.indptr = lent.indptr.buffer.buf
    lent.matrix.indices = lent.indices.buffer.buf
    lent.matrix.n_values = lent.indices.buffer.shape[0]
    lent.matrix.wide = size == 8
    return lent


cdef bint is_index(const Py_buffer *view, size_t size) noexcept:
    """Whether it is a vector of signed integers of 4 or 8 bytes, as `size` says."""
    return (view.ndim == 1 and view.format[0] in (c"i", c"l", c"q") and view.format[1] == 0
            and <size_t> view.itemsize == size and (size == 4 or size == 8))


cdef Targets lend_targets(exporter, size_t rows):
    cdef Targets lent = Targets(exporter, PyBUF_STRIDES | PyBUF_FORMAT)
    if lent.targets.values.rows != rows:
        raise errors.ShapeError(f"{lent.targets.values.rows} targets for {rows} rows")
    return lent


cdef View lend_weights(exporter, size_t rows):
    """One double a row, or None."""
    cdef View lent = View(exporter, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)
    if exporter is not None and (lent.buffer.format[0] != c"d" or
                                 <size_t> lent.buffer.len != rows * sizeof(double)):
        raise errors.ShapeError(f"expected {rows} float64 sample weights")
    return lent


cdef View lend_out(exporter, size_t size):
    """A contiguous writable buffer of exactly `size` bytes, or None."""
    cdef View lent = View(exporter, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)
    if exporter is not None and <size_t> lent.buffer.len != size:
        raise errors.ShapeError(f"expected a buffer of {size} bytes, got {lent.buffer.len}")
    return lent
