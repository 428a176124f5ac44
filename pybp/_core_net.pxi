# Part of _core.pyx: the class Net.

cdef extern from "Python.h":
    unsigned long PyThread_get_thread_ident()


@cython.final
@cython.auto_pickle(False)
cdef class Net:
    """A net of the core: parameters, optimizer state, and the activations of the last `forward`.

    ``layers`` are dicts with the fields of pybp_layer_desc; missing fields are 0. A `zeroed` net has
    no initial weights; the caller sets them.
    """

    cdef pybp_net *net
    cdef pybp_dtype dtype_number
    cdef size_t n_in, n_out
    cdef unsigned long owner # the thread that holds the net, or 0
    cdef int calls # of this net in progress without the GIL
    cdef readonly object dtype, isa, n_parameters

    def __init__(self, str dtype, n_in, layers, seed, bint zeroed=False):
        cdef pybp_net_desc desc
        cdef pybp_layer_desc *rows
        cdef pybp_net *net = NULL
        cdef pybp_status status
        if self.net != NULL:
            raise errors.StateError("the net is already initialized")
        desc.dtype = DTYPES[dtype]
        desc.n_in = n_in
        desc.n_layers = len(layers)
        desc.seed = seed
        desc.zeroed = zeroed
        columns = [numpy.array(layer.get("columns", ()), numpy.uintp) for layer in layers]
        rows = <pybp_layer_desc *> PyMem_Calloc(desc.n_layers + 1, sizeof(pybp_layer_desc))
        if rows == NULL:
            raise MemoryError
        try:
            for i, layer in enumerate(layers):
                fill_layer(layer, &rows[i])
                fill_columns(columns[i], &rows[i])
            desc.layers = rows
            with nogil:
                status = pybp_net_create(&desc, &net)
            check(status)
        finally:
            PyMem_Free(rows)
        self.take_ownership(net)

    def __dealloc__(self):
        pybp_net_free(self.net)

    cdef void take_ownership(self, pybp_net *net):
        self.net = net
        self.dtype_number = pybp_net_dtype(net)
        self.n_in = pybp_net_n_in(net)
        self.n_out = pybp_net_n_out(net)
        self.dtype = numpy.dtype("f4" if self.dtype_number == PYBP_FLOAT32 else "f8")
        self.isa = pybp_net_isa(net).decode()
        self.n_parameters = pybp_net_n_parameters(net)

    # ---- access from several threads -------------------------------------------------------------------

    cdef inline bint is_held_elsewhere(self) noexcept:
        return self.owner != 0 and self.owner != PyThread_get_thread_ident()

    cdef int check_access(self) except -1:
        """Refuse a net that another thread holds."""
        if self.net == NULL:
            raise errors.StateError("the net is not initialized")
        if self.is_held_elsewhere():
            if self.owner in _current_frames():
                raise errors.BusyError("another thread is training this net")
            self.owner = 0 # its thread is gone; after a fork, in the child
        return 0

    cdef int begin_call(self) except -1:
        """Before the GIL is released for a call; `end_call` has to follow, with nothing that can raise between."""
        self.check_access()
        self.calls += 1
        return 0

    cdef void end_call(self) noexcept:
        self.calls -= 1

    def exclusive(self):
        """Hold the net for this thread as long as the returned object exists or its ``with`` block lasts.

        ``with`` gives False if this thread holds the net already. Calls of other threads raise
        BusyError, and so does this if one of them is in progress.
        """
        cdef Exclusive held = Exclusive.__new__(Exclusive)
        self.check_access()
        if self.owner == 0:
            if self.calls > 0:
                raise errors.BusyError("another thread is using this net")
            self.owner = PyThread_get_thread_ident()
            held.net = self
        return held

    def copy(self):
        """A copy of parameters, optimizer state and counters."""
        cdef Net copied = Net.__new__(Net)
        cdef pybp_net *net = NULL
        cdef pybp_status status
        self.check_access()
        # With the GIL, so that no other thread sets some of the arrays after the check of access.
        status = pybp_net_copy(self.net, &net)
        check(status)
        copied.take_ownership(net)
        return copied

    def handle(self):
        """A capsule for other extension modules, which keeps this net: csrc/include/pybp_python.h."""
        self.check_access()
        return handle_of(self)

    # ---- arrays and counters ---------------------------------------------------------------------------

    cdef Dense view_values(self, values):
        """A view of a contiguous array in the net's dtype."""
        cdef Dense view = view_dense(as_table(values))
        cdef size_t row = view.matrix.cols * itemsize_of(self.dtype_number)
        if view.matrix.dtype != self.dtype_number:
            raise TypeError(f"expected an array of {self.dtype}")
        if view.matrix.rows > 1 and <size_t> view.matrix.row_stride != row:
            raise ValueError("expected a contiguous array")
        return view

    cdef size_t bytes_of(self, const pybp_matrix *values) noexcept:
        return values.rows * values.cols * itemsize_of(self.dtype_number)

    def get(self, str what, size_t layer, out):
        """Copy an array of a layer into `out`, which is contiguous and of the same size; return `out`."""
        cdef Output view = view_output(out, self.dtype_number)
        cdef pybp_array which = ARRAYS[what]
        self.check_access()
        check(pybp_net_get(self.net, which, layer, view.data, view.bytes))
        return out

    def set(self, str what, size_t layer, values):
        """Set parameters, optimizer state or running statistics of a layer, from contiguous values."""
        cdef Dense view = self.view_values(values)
        cdef pybp_array which = ARRAYS[what]
        self.check_access()
        check(pybp_net_set(self.net, which, layer, view.matrix.data, self.bytes_of(&view.matrix)))

    def set_arrays(self, list arrays not None):
        """`set` several arrays, each given as (what, layer, values); neither other threads nor interrupts see only some."""
        self.check_access()
        if self.calls > 0:
            raise errors.BusyError("another thread is using this net")
        for what, layer, values in arrays:
            self.set(what, layer, values)

    def get_flat(self, str what, out):
        """Copy a vector into `out`, in the net's dtype; return `out`.

        `what` is "parameters", "gradient" (of the loss without the layers' penalties) or
        "loss_gradient" (with them).
        """
        cdef Output view = view_output(out, self.dtype_number)
        cdef pybp_flat which = VECTORS[what]
        self.check_access()
        check(pybp_net_get_flat(self.net, which, view.data, view.bytes))
        return out

    def set_flat(self, str what, values):
        """Set a vector of `get_flat`."""
        cdef Dense view = self.view_values(values)
        cdef pybp_flat which = VECTORS[what]
        self.check_access()
        check(pybp_net_set_flat(self.net, which, view.matrix.data, self.bytes_of(&view.matrix)))

    def poke(self, size_t layer, size_t row, size_t column, double value):
        """Set one weight, or one bias if `column` is the number of weights of a row; return the old value."""
        cdef double old = 0.0
        self.check_access()
        check(pybp_net_poke(self.net, layer, row, column, value, &old))
        return old

    def penalty(self):
        """The sum of the layers' penalties."""
        cdef double value = 0.0
        self.check_access()
        check(pybp_net_penalty(self.net, &value))
        return value

    def get_progress(self):
        """(epochs, steps, optimizer, states, powers, passes), the scalars of the training state.

        Bit i of ``states`` says whether the arrays ``..._state(i + 1)`` exist.
        """
        cdef pybp_progress progress
        self.check_access()
        check(pybp_get_progress(self.net, &progress))
        return (progress.epochs, progress.steps, progress.optimizer, progress.states,
                (progress.powers[0], progress.powers[1], progress.powers[2]), progress.passes)

    def set_progress(self, progress):
        """Set the values of `get_progress`; allocates or frees the optimizer's state arrays accordingly."""
        cdef pybp_progress value
        value.epochs, value.steps, value.optimizer, value.states, powers, value.passes = progress
        value.powers[0], value.powers[1], value.powers[2] = powers
        self.check_access()
        check(pybp_set_progress(self.net, &value))

    def order(self, size_t[::1] out not None):
        """Fill `out` (uintp) with the order of the rows in the next epoch."""
        self.check_access()
        check(pybp_net_order(self.net, out.shape[0], &out[0]))

    # ---- prediction ------------------------------------------------------------------------------

    def try_predict(self, x, out, int threads=0):
        """Write the outputs for `x` to `out` (None: a new array); None if an argument doesn't fit.

        The fast path: it neither converts arguments nor says what is wrong with them.
        """
        self.check_access()
        return predict_by_buffers(self, x, out, threads)

    def predict(self, x, out, int threads):
        """Write the outputs for `x` to `out`, shape (rows, n_out); return `out`."""
        cdef pybp_status status
        cdef Inputs inputs = view_inputs(x)
        cdef Output outputs = view_rows_out(out, self.dtype_number, inputs.matrix.rows, self.n_out)
        self.begin_call()
        with nogil:
            status = pybp_predict(self.net, &inputs.matrix, outputs.data, threads)
        self.end_call()
        check(status)
        return out

    def evaluate(self, x, y, const double[::1] weights, tuple loss, str reduction, int threads):
        """(loss, number of rows predicted correctly)."""
        cdef pybp_evaluation result
        cdef pybp_loss_spec spec
        cdef pybp_reduction how = REDUCTIONS[reduction]
        cdef pybp_status status
        cdef Inputs inputs = view_inputs(x)
        cdef Targets targets = view_targets(y, inputs.matrix.rows)
        cdef const double *w = weights_of(weights, inputs.matrix.rows)
        fill_loss(loss, &spec)
        self.begin_call()
        with nogil:
            status = pybp_evaluate(self.net, &inputs.matrix, &targets.targets, w, &spec, how,
                                   threads, &result)
        self.end_call()
        check(status)
        return result.loss, result.n_correct

    def initialize(self, x, bint unit_variance, bint combined_biases):
        """Initial values of dense layers from the rows of x."""
        cdef int how = unit_variance * PYBP_UNIT_VARIANCE + combined_biases * PYBP_COMBINED_BIASES
        cdef pybp_status status
        cdef Inputs inputs = view_inputs(x)
        self.begin_call()
        with nogil:
            status = pybp_initialize(self.net, &inputs.matrix, how)
        self.end_call()
        check(status)

    # ---- forward, backward and step as separate calls --------------------------------------------

    def forward(self, x, bint keep, out, int threads, bint training=False):
        """Forward pass that stores the activations, and with `keep` also z; return `out`."""
        cdef int how = keep * PYBP_KEEP + training * PYBP_TRAINING
        cdef pybp_status status
        cdef Inputs inputs = view_inputs(x)
        cdef Output outputs = view_rows_out(out, self.dtype_number, inputs.matrix.rows, self.n_out)
        self.begin_call()
        with nogil:
            status = pybp_forward(self.net, &inputs.matrix, how, outputs.data, threads)
        self.end_call()
        check(status)
        return out

    def backward(self, dl_da, dx, int threads):
        """Backward pass from dL/da of the output; writes dL/dx to `dx` unless it is None."""
        cdef pybp_status status
        cdef Dense derivatives = view_dense(dl_da)
        cdef Output back = view_rows_out(dx, self.dtype_number, derivatives.matrix.rows, self.n_in)
        self.begin_call()
        with nogil:
            status = pybp_backward(self.net, &derivatives.matrix, back.data, threads)
        self.end_call()
        check(status)
        return dx

    def backward_loss(self, y, const double[::1] weights, tuple loss, str reduction, dx,
                      int threads):
        """Compute the loss and the backward pass; writes dL/dx to `dx` unless it is None."""
        cdef pybp_reduction how = REDUCTIONS[reduction]
        cdef pybp_status status
        cdef pybp_loss_spec spec
        cdef double value = 0.0
        cdef size_t rows = len(y)
        cdef Targets targets = view_targets(y, rows)
        cdef const double *w = weights_of(weights, rows)
        cdef Output back = view_rows_out(dx, self.dtype_number, rows, self.n_in)
        fill_loss(loss, &spec)
        self.begin_call()
        with nogil:
            status = pybp_backward_loss(self.net, &targets.targets, w, &spec, how, back.data,
                                        threads, &value)
        self.end_call()
        check(status)
        return value

    def jacobian(self, x, out):
        """Write the derivatives of the outputs with respect to the parameters, (rows * n_out, n_parameters)."""
        cdef pybp_status status
        cdef Inputs inputs = view_inputs(x)
        cdef Output derivatives = view_output(out, self.dtype_number)
        self.begin_call()
        with nogil:
            status = pybp_jacobian(self.net, &inputs.matrix, derivatives.data, derivatives.bytes)
        self.end_call()
        check(status)
        return out

    def step(self, tuple optimizer, double lr, int threads):
        """One update with the gradients of the last backward pass."""
        cdef pybp_optimizer filled
        cdef pybp_status status
        fill_optimizer(optimizer, &filled)
        self.begin_call()
        with nogil:
            status = pybp_step(self.net, &filled, lr, threads)
        self.end_call()
        check(status)

    def reset_optimizer(self):
        """Reset the optimizer's state and its step counter."""
        self.check_access()
        check(pybp_reset_optimizer(self.net))

    # ---- training --------------------------------------------------------------------------------

    def train(self, TrainOptions options not None, x, y, const double[::1] weights,
              const double[::1] rates not None, const double[::1] weight_decay=None,
              const double[::1] dropout=None, *, size_t epochs=1, size_t first_step=0, size_t n_steps=0, before=None, on_step=None, on_epoch=None):
        """Train `epochs` epochs, or `n_steps` steps of one epoch from `first_step` on (0: to its end).

        Returns (loss, rows predicted correctly, rows, steps, sum of losses, sum of weights) of the
        last epoch so far; the second is 0 unless counted. ``on_epoch`` is called with such a tuple
        after each epoch.

        ``rates`` holds the learning rate of each step of an epoch, or one for all; as many numbers are in
        ``weight_decay``, instead of the optimizer's, and ``dropout``, instead of the layers' rates. A call with
        ``first_step`` > 0 continues from ``before``, the return value of the previous call.

        At intervals of at least 50 ms signal handlers run, then ``on_step(steps, loss)`` is called. An
        exception from these or from ``on_epoch`` stops training and is raised. They may read the net,
        but not change it.

        Divergence raises DivergenceError with the epoch, counted from 1 in this call, and the step;
        the net has the parameters from before that epoch.
        """
        cdef pybp_train_options now = options.options
        cdef pybp_train_result result
        cdef TrainCallbacks callbacks = TrainCallbacks.__new__(TrainCallbacks)
        if first_step > 0:
            fill_result(before, &result)
        now.lr = &rates[0]
        now.n_lr = rates.shape[0]
        now.weight_decay = pointer_to(weight_decay, now.n_lr)
        now.dropout = pointer_to(dropout, now.n_lr)
        now.epochs = epochs
        now.first_step = first_step
        now.n_steps = n_steps
        callbacks.on_step = on_step
        if on_epoch is not None:
            callbacks.on_epoch = on_epoch
            now.on_epoch = call_on_epoch
        self.call_train(x, y, weights, callbacks, &now, &result)
        return as_tuple(&result)

    def gradient(self, TrainOptions options not None, x, y, const double[::1] weights):
        """(loss, number of rows predicted correctly); the net stores the gradient over all rows.

        Signal handlers run as in `train`.
        """
        cdef pybp_train_options now = options.options
        cdef pybp_train_result result
        self.call_train(x, y, weights, TrainCallbacks.__new__(TrainCallbacks), &now, &result)
        return result.loss, result.n_correct

    cdef int call_train(self, x, y, const double[::1] weights, TrainCallbacks callbacks,
                        pybp_train_options *options, pybp_train_result *result) except -1:
        cdef pybp_status status
        cdef Inputs inputs = view_inputs(x)
        cdef Targets targets = view_targets(y, inputs.matrix.rows)
        cdef const double *w = weights_of(weights, inputs.matrix.rows)
        options.user = <void *> callbacks
        self.begin_call()
        with nogil:
            status = pybp_train(self.net, &inputs.matrix, &targets.targets, w, options, result)
        self.end_call()
        if callbacks.error is not None:
            raise callbacks.error
        if status == PYBP_DIVERGED:
            error = errors.DivergenceError(pybp_last_error().decode())
            error.epoch, error.step = result.epoch + 1, result.bad_step + 1
            raise error
        check(status)
        return 0
