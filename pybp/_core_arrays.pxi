# Part of _core.pyx: views of the caller's arrays that the core reads and writes. Typed memoryviews check dtypes and
# dimensions, and keep the memory alive as long as the view. None becomes a NULL pointer.


@cython.internal
@cython.no_gc
cdef class Inputs:
    """A matrix, dense or sparse."""

    cdef pybp_matrix matrix


@cython.internal
@cython.no_gc
cdef class Dense(Inputs):
    """A float32 or float64 array of two dimensions with contiguous rows."""

    cdef const float[:, :] singles
    cdef const double[:, :] doubles

    cdef int set_array(self, x) except -1:
        if x.itemsize == sizeof(float):
            self.singles = x
            describe_rows(&self.matrix, &self.singles[0, 0], PYBP_FLOAT32, self.singles.shape,
                          self.singles.strides)
        else:
            self.doubles = x
            describe_rows(&self.matrix, &self.doubles[0, 0], PYBP_FLOAT64, self.doubles.shape,
                          self.doubles.strides)
        return 0


cdef int describe_rows(pybp_matrix *matrix, const void *data, pybp_dtype dtype, const Py_ssize_t *shape,
                       const Py_ssize_t *strides) except -1:
    matrix.data = data
    matrix.dtype = dtype
    matrix.rows = shape[0]
    matrix.cols = shape[1]
    matrix.row_stride = strides[0] if shape[0] > 1 else 0
    if shape[1] > 1 and strides[1] != itemsize_of(dtype):
        raise TypeError("expected an array with contiguous rows")
    return 0


cdef inline Py_ssize_t itemsize_of(pybp_dtype dtype) noexcept:
    return sizeof(float) if dtype == PYBP_FLOAT32 else sizeof(double)


cdef Dense view_dense(x):
    cdef Dense view = Dense.__new__(Dense)
    view.set_array(x)
    return view


cdef inline as_table(array):
    """A vector as a matrix of one row."""
    return array[None] if array.ndim == 1 else array


@cython.internal
@cython.final
@cython.no_gc
cdef class Sparse(Inputs):
    """A matrix in CSR format; the indices have 4 or 8 bytes."""

    cdef Dense values
    cdef const int32_t[::1] indices, indptr
    cdef const int64_t[::1] wide_indices, wide_indptr


cdef Sparse view_sparse(values, indices, indptr, size_t columns):
    cdef Sparse view = Sparse.__new__(Sparse)
    cdef pybp_matrix *matrix = &view.matrix
    view.values = view_dense(as_table(values))
    matrix.data = view.values.matrix.data
    matrix.dtype = view.values.matrix.dtype
    matrix.cols = columns
    matrix.wide = indptr.itemsize == sizeof(int64_t)
    if matrix.wide:
        view.wide_indices, view.wide_indptr = indices, indptr
        matrix.indices, matrix.n_values = &view.wide_indices[0], view.wide_indices.shape[0]
        matrix.indptr, matrix.rows = &view.wide_indptr[0], view.wide_indptr.shape[0] - 1
    else:
        view.indices, view.indptr = indices, indptr
        matrix.indices, matrix.n_values = &view.indices[0], view.indices.shape[0]
        matrix.indptr, matrix.rows = &view.indptr[0], view.indptr.shape[0] - 1
    if view.values.matrix.cols != matrix.n_values or matrix.rows == <size_t> -1:
        raise errors.ShapeError("values, indices and indptr of a sparse matrix have lengths that don't match")
    return view


cdef Inputs view_inputs(x):
    """`x` is an array, or an object whose attribute `csr` is (values, indices, indptr, columns)."""
    if PyObject_CheckBuffer(x):
        return view_dense(x)
    values, indices, indptr, columns = x.csr
    return view_sparse(values, indices, indptr, columns)


@cython.internal
@cython.final
@cython.no_gc
cdef class Targets(Dense):
    """Targets: int32 class indices, or a dense matrix."""

    cdef pybp_targets targets
    cdef const int32_t[::1] labels


cdef Targets view_targets(y, size_t rows):
    cdef Targets view = Targets.__new__(Targets)
    if y.ndim == 1:
        view.labels = y
        view.targets.labels = &view.labels[0]
        view.matrix.rows = view.labels.shape[0]
    else:
        view.set_array(y)
        view.targets.values = view.matrix
    if view.matrix.rows != rows:
        raise errors.ShapeError(f"{view.matrix.rows} targets for {rows} rows")
    return view


cdef const double *weights_of(const double[::1] weights, size_t rows) except? NULL:
    """The sample weights, one for each row; NULL for None."""
    if weights is None:
        return NULL
    if <size_t> weights.shape[0] != rows:
        raise errors.ShapeError(f"{weights.shape[0]} sample weights for {rows} rows")
    return &weights[0]


@cython.internal
@cython.final
@cython.no_gc
cdef class Output:
    """A contiguous array in the net's dtype that the core writes to; NULL for None."""

    cdef float[:, ::1] singles
    cdef double[:, ::1] doubles
    cdef void *data
    cdef size_t rows, columns, bytes


cdef Output view_output(out, pybp_dtype dtype):
    cdef Output view = Output.__new__(Output)
    if out is None:
        return view
    if dtype == PYBP_FLOAT32:
        view.singles = as_table(out)
        view.data = &view.singles[0, 0]
        view.rows, view.columns = view.singles.shape[0], view.singles.shape[1]
    else:
        view.doubles = as_table(out)
        view.data = &view.doubles[0, 0]
        view.rows, view.columns = view.doubles.shape[0], view.doubles.shape[1]
    view.bytes = view.rows * view.columns * itemsize_of(dtype)
    return view


cdef Output view_rows_out(out, pybp_dtype dtype, size_t rows, size_t columns):
    cdef Output view = view_output(out, dtype)
    if out is not None and (view.rows != rows or view.columns != columns):
        raise errors.ShapeError(
            f"expected an array of {rows} by {columns}, got {view.rows} by {view.columns}"
        )
    return view
