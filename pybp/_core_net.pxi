# Part of _core.pyx: the class Net.

cdef extern from "Python.h":
    unsigned long PyThread_get_thread_ident()


@cython.final
@cython.auto_pickle(False)
cdef class Net:
    """A net of the core: parameters, optimizer state, and the activations of the last `forward`.

    ``layers`` are dicts of the fields of pybp_layer_desc; what is left out is 0. A `zeroed` net has
    no initial weights: the caller sets them.
    """

    cdef pybp_net *net
    cdef pybp_dtype number
    cdef size_t n_in, n_out
    cdef unsigned long owner
    cdef readonly object dtype, isa, n_parameters

    def __init__(self, str dtype, n_in, layers, seed, bint zeroed=False):
        cdef pybp_net_desc desc
        cdef pybp_layer_desc *rows
        cdef pybp_net *net = NULL
        cdef pybp_status status
        if self.net != NULL:
            raise errors.StateError("the net is initialised already")
        desc.dtype = DTYPES[dtype]
        desc.n_in = n_in
        desc.n_layers = len(layers)
        desc.seed = seed
        desc.zeroed = zeroed
        rows = <pybp_layer_desc *> PyMem_Calloc(desc.n_layers + 1, sizeof(pybp_layer_desc))
        if rows == NULL:
            raise MemoryError
        try:
            for i, layer in enumerate(layers):
                fill_layer(layer, &rows[i])
            desc.layers = rows
            with nogil:
                status = pybp_net_create(&desc, &net)
            check(status)
        finally:
            PyMem_Free(rows)
        self.adopt(net)

    def __dealloc__(self):
        pybp_net_free(self.net)

    cdef void adopt(self, pybp_net *net):
        self.net = net
        self.number = pybp_net_dtype(net)
        self.n_in = pybp_net_n_in(net)
        self.n_out = pybp_net_n_out(net)
        self.dtype = numpy.dtype("f4" if self.number == PYBP_FLOAT32 else "f8")
        self.isa = pybp_net_isa(net).decode()
        self.n_parameters = pybp_net_n_parameters(net)

    # One thread may keep a net to itself over several calls, as `fit` does.

    cdef int guard(self) except -1:
        if self.net == NULL:
            raise errors.StateError("the net was not initialised")
        if self.owner != 0 and self.owner != PyThread_get_thread_ident():
            raise errors.BusyError("another thread is training this net")
        return 0

    def acquire(self):
        """Refuse other threads until `release`; False if this thread already does."""
        self.guard()
        if self.owner != 0:
            return False
        self.owner = PyThread_get_thread_ident()
        return True

    def release(self):
        """Admit other threads again."""
        self.owner = 0

    def copy(self):
        """A copy of parameters, optimizer state and counters."""
        cdef Net twin = Net.__new__(Net)
        cdef pybp_net *net = NULL
        cdef pybp_status status
        self.guard()
        with nogil:
            status = pybp_net_copy(self.net, &net)
        check(status)
        twin.adopt(net)
        return twin

    # ---- what it holds ---------------------------------------------------------------------------

    cdef Dense view_values(self, values):
        """A contiguous array in the net's dtype, to be read."""
        cdef Dense view = view_dense(as_table(values))
        cdef size_t row = view.matrix.cols * itemsize_of(self.number)
        if view.matrix.dtype != self.number:
            raise TypeError(f"expected an array of {self.dtype}")
        if view.matrix.rows > 1 and <size_t> view.matrix.row_stride != row:
            raise ValueError("expected a contiguous array")
        return view

    cdef size_t bytes_of(self, const pybp_matrix *values) noexcept:
        return values.rows * values.cols * itemsize_of(self.number)

    def get(self, str what, size_t layer, out):
        """Copy an array of a layer into `out`, contiguous and of its size; returns `out`."""
        cdef Output view = view_output(out, self.number)
        cdef pybp_array which = ARRAYS[what]
        self.guard()
        check(pybp_net_get(self.net, which, layer, view.data, view.bytes))
        return out

    def set(self, str what, size_t layer, values):
        """Set parameters, optimizer state or running statistics of a layer, from contiguous values."""
        cdef Dense view = self.view_values(values)
        cdef pybp_array which = ARRAYS[what]
        self.guard()
        check(pybp_net_set(self.net, which, layer, view.matrix.data, self.bytes_of(&view.matrix)))

    def get_flat(self, str what, out):
        """Copy a vector into `out`, in the net's dtype; returns `out`.

        "parameters"; "gradient", of the loss without the layers' penalties; "loss_gradient", with.
        """
        cdef Output view = view_output(out, self.number)
        cdef pybp_flat which = VECTORS[what]
        self.guard()
        check(pybp_net_get_flat(self.net, which, view.data, view.bytes))
        return out

    def set_flat(self, str what, values):
        """Set what `get_flat` gives."""
        cdef Dense view = self.view_values(values)
        cdef pybp_flat which = VECTORS[what]
        self.guard()
        check(pybp_net_set_flat(self.net, which, view.matrix.data, self.bytes_of(&view.matrix)))

    def poke(self, size_t layer, size_t row, size_t column, double value):
        """Set one weight, or with column fan one bias; returns what stood there."""
        cdef double old = 0.0
        self.guard()
        check(pybp_net_poke(self.net, layer, row, column, value, &old))
        return old

    def penalty(self):
        """What the layers' penalties add to the reported loss."""
        cdef double value = 0.0
        self.guard()
        check(pybp_net_penalty(self.net, &value))
        return value

    def get_progress(self):
        """(epochs, steps, optimizer, states, powers, passes), the scalars of the training state.

        Bit i of ``states`` says that the arrays ``..._state(i + 1)`` are there.
        """
        cdef pybp_progress progress
        self.guard()
        check(pybp_get_progress(self.net, &progress))
        return (progress.epochs, progress.steps, progress.optimizer, progress.states,
                (progress.powers[0], progress.powers[1], progress.powers[2]), progress.passes)

    def set_progress(self, progress):
        """Set what `get_progress` gave; state buffers come or go as it says."""
        cdef pybp_progress value
        value.epochs, value.steps, value.optimizer, value.states, powers, value.passes = progress
        value.powers[0], value.powers[1], value.powers[2] = powers
        self.guard()
        check(pybp_set_progress(self.net, &value))

    def order(self, size_t[::1] out not None):
        """Fill `out` (uintp) with the order in which the next epoch takes as many rows."""
        self.guard()
        check(pybp_net_order(self.net, out.shape[0], &out[0]))

    # ---- prediction ------------------------------------------------------------------------------

    def try_predict(self, x, out, int threads=0):
        """Outputs for `x` into `out` (None: a new array); None if either doesn't fit as it is.

        The short way, without conversion and without words for what is wrong.
        """
        cdef Py_buffer given, result
        cdef pybp_matrix matrix
        cdef size_t row = 0, column = 0
        cdef pybp_status status = PYBP_OK
        cdef bint fits = False
        self.guard()
        if not PyObject_CheckBuffer(x):
            return None
        if try_buffer(x, &given, PyBUF_STRIDES | PyBUF_FORMAT) < 0:
            PyErr_Clear()
            return None
        try:
            if not describe(&given, &matrix) or matrix.rows == 0 or matrix.cols != self.n_in:
                return None
            if out is None:
                out = (new_array(self.n_out, self.dtype) if given.ndim == 1 else
                       new_array((matrix.rows, self.n_out), self.dtype))
            if try_buffer(out, &result, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0:
                PyErr_Clear()
                return None
            if takes_outputs(&result, self.number, self.n_out, &given, &matrix):
                fits = True
                with nogil:
                    status = pybp_predict_finite(self.net, &matrix, result.buf, threads, &row,
                                                 &column)
            PyBuffer_Release(&result)
        finally:
            PyBuffer_Release(&given)
        if status == PYBP_NOT_FINITE or status == PYBP_INVALID: # a category that an embedding has not
            return None
        check(status)
        return out if fits else None

    def predict(self, x, out, int threads):
        """Output activations of `x` into `out`, (rows, n_out); returns `out`."""
        cdef pybp_status status
        cdef Inputs inputs = view_inputs(x)
        cdef Output outputs = view_rows_out(out, self.number, inputs.matrix.rows, self.n_out)
        self.guard()
        with nogil:
            status = pybp_predict(self.net, &inputs.matrix, outputs.data, threads)
        check(status)
        return out

    def evaluate(self, x, y, const double[::1] weights, tuple loss, str reduction, int threads):
        """(loss, number of rows answered right)."""
        cdef pybp_evaluation result
        cdef pybp_loss_spec spec
        cdef pybp_reduction how = REDUCTIONS[reduction]
        cdef pybp_status status
        cdef Inputs inputs = view_inputs(x)
        cdef Targets targets = view_targets(y, inputs.matrix.rows)
        cdef const double *w = weights_of(weights, inputs.matrix.rows)
        fill_loss(loss, &spec)
        self.guard()
        with nogil:
            status = pybp_evaluate(self.net, &inputs.matrix, &targets.targets, w, &spec, how,
                                   threads, &result)
        check(status)
        return result.loss, result.n_correct

    # ---- forward, backward and step as separate calls --------------------------------------------

    def forward(self, x, bint keep, out, int threads, bint training=False):
        """Forward pass that the net remembers, with `keep` z too; returns `out`."""
        cdef int how = keep * PYBP_KEEP + training * PYBP_TRAINING
        cdef pybp_status status
        cdef Inputs inputs = view_inputs(x)
        cdef Output outputs = view_rows_out(out, self.number, inputs.matrix.rows, self.n_out)
        self.guard()
        with nogil:
            status = pybp_forward(self.net, &inputs.matrix, how, outputs.data, threads)
        check(status)
        return out

    def backward(self, dl_da, dx, int threads):
        """Backward pass from dL/da of the output; dL/dx goes to `dx` unless None."""
        cdef pybp_status status
        cdef Dense slope = view_dense(dl_da)
        cdef Output back = view_rows_out(dx, self.number, slope.matrix.rows, self.n_in)
        self.guard()
        with nogil:
            status = pybp_backward(self.net, &slope.matrix, back.data, threads)
        check(status)
        return dx

    def backward_loss(self, y, const double[::1] weights, tuple loss, str reduction, dx,
                      int threads):
        """Backward pass from the loss, whose value is returned; dL/dx goes to `dx` unless None."""
        cdef pybp_reduction how = REDUCTIONS[reduction]
        cdef pybp_status status
        cdef pybp_loss_spec spec
        cdef double value = 0.0
        cdef size_t rows = len(y)
        cdef Targets targets = view_targets(y, rows)
        cdef const double *w = weights_of(weights, rows)
        cdef Output back = view_rows_out(dx, self.number, rows, self.n_in)
        fill_loss(loss, &spec)
        self.guard()
        with nogil:
            status = pybp_backward_loss(self.net, &targets.targets, w, &spec, how, back.data,
                                        threads, &value)
        check(status)
        return value

    def jacobian(self, x, out):
        """Derivatives of outputs by parameters, (rows * n_out, n_parameters), into `out`."""
        cdef pybp_status status
        cdef Inputs inputs = view_inputs(x)
        cdef Output derivatives = view_output(out, self.number)
        self.guard()
        with nogil:
            status = pybp_jacobian(self.net, &inputs.matrix, derivatives.data, derivatives.bytes)
        check(status)
        return out

    def step(self, tuple optimizer, double lr, int threads):
        """One update from the gradients that the last backward pass left."""
        cdef pybp_optimizer filled
        cdef pybp_status status
        fill_optimizer(optimizer, &filled)
        self.guard()
        with nogil:
            status = pybp_step(self.net, &filled, lr, threads)
        check(status)

    def reset_optimizer(self):
        """Forget optimizer state and its step counter."""
        self.guard()
        check(pybp_reset_optimizer(self.net))

    # ---- training --------------------------------------------------------------------------------

    def train(self, TrainOptions options not None, x, y, const double[::1] weights,
              const double[::1] rates not None, *, size_t epochs=1, size_t first_step=0,
              size_t n_steps=0, before=None, on_step=None, on_epoch=None):
        """Train epochs, or one of them from `first_step` on, for `n_steps` steps if that is not 0.

        Returns (loss, rows answered right, rows, steps, sum of losses, sum of weights) of the last
        epoch so far, the second 0 unless counted; ``on_epoch`` is called with the same of each epoch.

        ``rates`` holds the learning rate of each step of an epoch, or one for all. A call with
        ``first_step`` > 0 goes on from ``before``, what the call before it returned.

        Every 50 ms at most, signal handlers run, then ``on_step(steps, loss)``; what these and
        ``on_epoch`` raise stops training and is raised from here. They may read the net.

        Divergence raises DivergenceError with its epoch, from 1 in this call, and its step; the
        parameters are those from before that epoch.
        """
        cdef pybp_train_options now = options.options
        cdef pybp_train_result result
        cdef Listener listener = Listener.__new__(Listener)
        if first_step > 0:
            fill_result(before, &result)
        now.lr = &rates[0]
        now.n_lr = rates.shape[0]
        now.epochs = epochs
        now.first_step = first_step
        now.n_steps = n_steps
        listener.on_step = on_step
        if on_epoch is not None:
            listener.on_epoch = on_epoch
            now.on_epoch = hear_epoch
        self.learn(x, y, weights, listener, &now, &result)
        return as_tuple(&result)

    def gradient(self, TrainOptions options not None, x, y, const double[::1] weights):
        """(loss, number of rows answered right); the gradient over all rows is left in the net.

        Signal handlers run as in `train`.
        """
        cdef pybp_train_options now = options.options
        cdef pybp_train_result result
        self.learn(x, y, weights, Listener.__new__(Listener), &now, &result)
        return result.loss, result.n_correct

    cdef int learn(self, x, y, const double[::1] weights, Listener listener,
                   pybp_train_options *options, pybp_train_result *result) except -1:
        cdef pybp_status status
        cdef Inputs inputs = view_inputs(x)
        cdef Targets targets = view_targets(y, inputs.matrix.rows)
        cdef const double *w = weights_of(weights, inputs.matrix.rows)
        options.user = <void *> listener
        self.guard()
        with nogil:
            status = pybp_train(self.net, &inputs.matrix, &targets.targets, w, options, result)
        if listener.error is not None:
            raise listener.error
        if status == PYBP_DIVERGED:
            error = errors.DivergenceError(pybp_last_error().decode())
            error.epoch, error.step = result.epoch + 1, result.bad_step + 1
            raise error
        check(status)
        return 0
