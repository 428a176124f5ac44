# cython: language_level=3, binding=False, boundscheck=False, wraparound=False
# cython: autotestdict=False
"""The binding to the C core: buffers in, status out, GIL released.

Nothing is decided here. Arrays must come as the core reads them (float32 or float64 with
contiguous rows, int32 class indices, float64 sample weights); `pybp.data` sees to that and
words the errors. Enums cross as the index of their row in the registry, or as a name.
"""

import builtins

import numpy

from pybp import errors

cimport cython
from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE,
    PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer,
)
from cpython.exc cimport PyErr_CheckSignals, PyErr_Clear
from cpython.mem cimport PyMem_Free, PyMem_Calloc
from libc.string cimport memset

from pybp._core cimport *

cdef extern from "Python.h":
    unsigned long PyThread_get_thread_ident()
    int try_buffer "PyObject_GetBuffer"(object exporter, Py_buffer *view, int flags) noexcept

include "_registry.pxi"
include "_buffers.pxi"

MAX_LOSS_PARAMS = PYBP_MAX_LOSS_PARAMS
cdef object new_array = numpy.empty
cdef dict DTYPES = {"float32": PYBP_FLOAT32, "float64": PYBP_FLOAT64}
cdef dict REDUCTIONS = {"mean": PYBP_MEAN, "sum": PYBP_SUM}
cdef dict METRICS = {"mse": PYBP_METRIC_MSE, "mae": PYBP_METRIC_MAE, "r2": PYBP_METRIC_R2}
cdef dict VECTORS = {
    "parameters": PYBP_FLAT_PARAMETERS,
    "gradient": PYBP_FLAT_GRADIENT,
    "loss_gradient": PYBP_FLAT_LOSS_GRADIENT,
}
cdef dict ARRAYS = {
    "weights": PYBP_WEIGHTS,
    "biases": PYBP_BIASES,
    "weight_gradient": PYBP_WEIGHT_GRADIENT,
    "bias_gradient": PYBP_BIAS_GRADIENT,
    "weight_state1": PYBP_WEIGHT_STATE1,
    "bias_state1": PYBP_BIAS_STATE1,
    "weight_state2": PYBP_WEIGHT_STATE2,
    "bias_state2": PYBP_BIAS_STATE2,
    "weight_state3": PYBP_WEIGHT_STATE3,
    "bias_state3": PYBP_BIAS_STATE3,
    "input": PYBP_INPUT,
    "z": PYBP_Z,
    "a": PYBP_A,
    "delta": PYBP_DELTA,
    "back": PYBP_BACK,
    "running_mean": PYBP_RUNNING_MEAN,
    "running_var": PYBP_RUNNING_VAR,
}


def find_nonfinite(x, dtype):
    """(row, column) of the first NaN or infinity, also one that `dtype` would make; else None."""
    cdef size_t row = 0, column = 0
    cdef pybp_dtype target = PYBP_FLOAT32 if dtype.char == "f" else PYBP_FLOAT64
    cdef pybp_status status
    cdef Matrix lent = lend_matrix(x)
    with nogil:
        status = pybp_matrix_check(&lent.matrix, target, &row, &column)
    if status == PYBP_NOT_FINITE:
        return row, column
    check(status)
    return None


def metric_value(str metric, target, prediction, weights):
    """Mean squared error, mean absolute error or R^2 of predictions, both (rows, columns)."""
    cdef double value = 0.0
    cdef pybp_metric number = METRICS[metric]
    cdef pybp_status status
    cdef Matrix y = lend_matrix(target)
    cdef Matrix a = lend_matrix(prediction)
    cdef View w = lend_weights(weights, y.matrix.rows)
    with nogil:
        status = pybp_metric_value(number, &y.matrix, &a.matrix, <const double *> w.buffer.buf,
                                   &value)
    check(status)
    return value


def schedule_rates(kind, double lr, params, milestones, first, horizon, out):
    """Fill `out` (float64) with the learning rates of positions first, first + 1, ...

    ``milestones`` is a contiguous uint64 array.
    """
    cdef pybp_schedule spec
    cdef pybp_status status
    cdef uint64_t begin = first, end = horizon
    cdef View lent = View(out, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)
    cdef View marks = View(milestones, PyBUF_C_CONTIGUOUS)
    cdef size_t n = lent.buffer.len // sizeof(double)
    spec.kind = <pybp_schedule_kind> <int> kind
    spec.lr = lr
    fill_params(params, spec.params, PYBP_MAX_SCHEDULE_PARAMS)
    spec.milestones = <const uint64_t *> marks.buffer.buf
    spec.n_milestones = marks.buffer.len // sizeof(uint64_t)
    with nogil:
        status = pybp_schedule_fill(&spec, begin, end, n, <double *> lent.buffer.buf)
    check(status)
    return out


# ---- training --------------------------------------------------------------------------------


@cython.internal
@cython.final
cdef class Ticker:
    """What the core's tick calls: signal handlers, then `report(steps, loss)` if there is one."""

    cdef object report
    cdef object error

    def __cinit__(self, report):
        self.report = report


cdef int on_tick(void *user, size_t steps, double loss) noexcept with gil:
    cdef Ticker ticker = <Ticker> user
    try:
        PyErr_CheckSignals()
        if ticker.report is not None:
            ticker.report(steps, loss)
    except BaseException as error:
        ticker.error = error
        return 1
    return 0


cdef int fill_params(params, double *to, int most) except -1:
    """Copy parameters, followed by zeros; their number."""
    if len(params) > most:
        raise errors.ArgumentError(f"{len(params)} parameters, at most {most} are possible")
    for i in range(most):
        to[i] = params[i] if i < len(params) else 0.0
    return len(params)


cdef int fill_layer(dict given, pybp_layer_desc *layer) except -1:
    """Fill in what is given, and zeros for the rest."""
    params = given.get("activation_params", ())
    layer.kind = <pybp_layer_kind> <int> given["kind"]
    layer.n_out = given["n_out"]
    layer.source = given.get("from", 0)
    layer.skip = given.get("skip", 0)
    layer.n_params = fill_params(given.get("params", ()), layer.params, PYBP_MAX_LAYER_PARAMS)
    layer.column = given.get("column", 0)
    layer.n_categories = given.get("n_categories", 0)
    layer.activation = <pybp_activation> <int> given.get("activation", 0)
    fill_params(params, layer.activation_params, PYBP_MAX_ACTIVATION_PARAMS)
    layer.no_bias = given.get("no_bias", False)
    layer.no_scale = given.get("no_scale", False)
    layer.init = <pybp_initializer> <int> given.get("init", 0)
    layer.init_value = given.get("init_value", 0.0)
    layer.bias_init = given.get("bias_init", 0.0)
    layer.bias_std = given.get("bias_std", 0.0)
    layer.parametrization = given.get("parametrization", 0)
    layer.l1 = given.get("l1", 0.0)
    layer.l2 = given.get("l2", 0.0)
    layer.has_lr_factors = given.get("has_lr_factors", False)
    layer.lr_factor = given.get("lr_factor", 0.0)
    layer.bias_lr_factor = given.get("bias_lr_factor", 0.0)
    layer.max_norm = given.get("max_norm", 0.0)
    layer.frozen = given.get("frozen", False)
    return 0


cdef int fill_loss(tuple spec, pybp_loss_spec *loss) except -1:
    kind, params = spec
    loss.kind = <pybp_loss> <int> kind
    loss.n_params = fill_params(params, loss.params, PYBP_MAX_LOSS_PARAMS)
    return 0


cdef int fill_optimizer(tuple spec, pybp_optimizer *optimizer) except -1:
    kind, params, clip_norm, clip_value, no_bias_decay, bias_lr_factor = spec
    optimizer.kind = <pybp_optimizer_kind> <int> kind
    fill_params(params, optimizer.params, PYBP_MAX_PARAMS)
    optimizer.clip_norm = clip_norm
    optimizer.clip_value = clip_value
    optimizer.no_bias_decay = no_bias_decay
    optimizer.bias_lr_factor = bias_lr_factor
    return 0


# ---- the net ---------------------------------------------------------------------------------


@cython.final
@cython.auto_pickle(False)
cdef class Net:
    """A net of the core: parameters, optimizer state, and the activations of the last `forward`.

    ``layers`` are dicts of the fields of pybp_layer_desc; what is left out is 0.
    """

    cdef pybp_net *net
    cdef pybp_dtype number
    cdef size_t n_in, n_out
    cdef unsigned long owner
    cdef readonly object dtype, isa, n_parameters

    def __init__(self, str dtype, n_in, layers, seed):
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

    cdef inline size_t itemsize(self) noexcept:
        return sizeof(float) if self.number == PYBP_FLOAT32 else sizeof(double)

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

    def get(self, str what, size_t layer, out):
        """Copy an array of a layer into `out`, contiguous and of its size; returns `out`."""
        cdef View lent = View(out, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)
        cdef pybp_array which = ARRAYS[what]
        self.guard()
        check(pybp_net_get(self.net, which, layer, lent.buffer.buf, lent.buffer.len))
        return out

    def set(self, str what, size_t layer, values):
        """Set parameters, optimizer state or running statistics of a layer, from contiguous values."""
        cdef View lent = View(values, PyBUF_C_CONTIGUOUS)
        cdef pybp_array which = ARRAYS[what]
        self.guard()
        check(pybp_net_set(self.net, which, layer, lent.buffer.buf, lent.buffer.len))

    def penalty(self):
        """What the layers' penalties add to the reported loss."""
        cdef double value = 0.0
        self.guard()
        check(pybp_net_penalty(self.net, &value))
        return value

    def get_flat(self, str what, out):
        """Copy a vector into `out`, in the net's dtype; returns `out`.

        "parameters"; "gradient", of the loss without the layers' penalties; "loss_gradient", with.
        """
        cdef View lent = View(out, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)
        cdef pybp_flat which = VECTORS[what]
        self.guard()
        check(pybp_net_get_flat(self.net, which, lent.buffer.buf, lent.buffer.len))
        return out

    def set_flat(self, str what, values):
        """Set what `get_flat` gives."""
        cdef View lent = View(values, PyBUF_C_CONTIGUOUS)
        cdef pybp_flat which = VECTORS[what]
        self.guard()
        check(pybp_net_set_flat(self.net, which, lent.buffer.buf, lent.buffer.len))

    def poke(self, size_t layer, size_t row, size_t column, double value):
        """Set one weight, or with column fan one bias; returns what stood there."""
        cdef double old = 0.0
        self.guard()
        check(pybp_net_poke(self.net, layer, row, column, value, &old))
        return old

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

    def order(self, out):
        """Fill `out` (uintp) with the order in which the next epoch takes as many rows."""
        cdef View lent = View(out, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)
        self.guard()
        check(pybp_net_order(self.net, lent.buffer.len // sizeof(size_t),
                             <size_t *> lent.buffer.buf))
        return out

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
            if self.fits(&given, &matrix, &result):
                fits = True
                with nogil:
                    status = pybp_predict_finite(self.net, &matrix, result.buf, threads, &row, &column)
            PyBuffer_Release(&result)
        finally:
            PyBuffer_Release(&given)
        if status == PYBP_NOT_FINITE or status == PYBP_INVALID: # a category that an embedding has not
            return None
        check(status)
        return out if fits else None

    cdef bint fits(self, const Py_buffer *given, const pybp_matrix *x,
                   const Py_buffer *result) noexcept:
        """Whether `result` has the outputs' dtype and shape, and no memory in common with x."""
        cdef size_t start = <size_t> x.data
        cdef size_t end = start + x.cols * given.itemsize
        cdef size_t span = (x.rows - 1) * <size_t> abs(x.row_stride)
        if x.row_stride < 0:
            start -= span
        else:
            end += span
        return (
            result.ndim == given.ndim
            and result.format[0] == (c"f" if self.number == PYBP_FLOAT32 else c"d")
            and result.format[1] == 0
            and <size_t> result.shape[result.ndim - 1] == self.n_out
            and (result.ndim == 1 or <size_t> result.shape[0] == x.rows)
            and (end <= <size_t> result.buf or <size_t> result.buf + result.len <= start)
        )

    def predict(self, x, out, int threads):
        """Output activations of `x` into `out`, contiguous, in the net's dtype; returns `out`."""
        cdef pybp_status status
        cdef Matrix lent_x = lend_matrix(x)
        cdef View lent_out = self.lend_outputs(out, lent_x.matrix.rows)
        self.guard()
        with nogil:
            status = pybp_predict(self.net, &lent_x.matrix, lent_out.buffer.buf, threads)
        check(status)
        return out

    def evaluate(self, x, y, weights, tuple loss, str reduction, int threads):
        """(loss, number of rows answered right)."""
        cdef pybp_evaluation result
        cdef pybp_loss_spec spec
        cdef pybp_reduction how = REDUCTIONS[reduction]
        cdef pybp_status status
        cdef Matrix lent_x = lend_matrix(x)
        cdef Targets lent_y = lend_targets(y, lent_x.matrix.rows)
        cdef View lent_w = lend_weights(weights, lent_x.matrix.rows)
        fill_loss(loss, &spec)
        self.guard()
        with nogil:
            status = pybp_evaluate(self.net, &lent_x.matrix, &lent_y.targets,
                                   <const double *> lent_w.buffer.buf, &spec, how, threads,
                                   &result)
        check(status)
        return result.loss, result.n_correct

    def forward(self, x, bint keep, out, int threads, bint training=False):
        """Forward pass that the net remembers, with `keep` z too; returns `out`."""
        cdef int how = keep * PYBP_KEEP + training * PYBP_TRAINING
        cdef pybp_status status
        cdef Matrix lent_x = lend_matrix(x)
        cdef View lent_out = self.lend_outputs(out, lent_x.matrix.rows)
        self.guard()
        with nogil:
            status = pybp_forward(self.net, &lent_x.matrix, how, lent_out.buffer.buf, threads)
        check(status)
        return out

    def backward(self, dl_da, dx, int threads):
        """Backward pass from dL/da of the output; dL/dx goes to `dx` unless None."""
        cdef pybp_status status
        cdef Matrix lent = lend_matrix(dl_da)
        cdef View lent_dx = self.lend_dx(dx, lent.matrix.rows)
        self.guard()
        with nogil:
            status = pybp_backward(self.net, &lent.matrix, lent_dx.buffer.buf, threads)
        check(status)
        return dx

    def backward_loss(self, y, weights, tuple loss, str reduction, dx, int threads):
        """Backward pass from the loss, whose value is returned; dL/dx goes to `dx` unless None."""
        cdef pybp_reduction how = REDUCTIONS[reduction]
        cdef pybp_status status
        cdef pybp_loss_spec spec
        cdef double value = 0.0
        cdef size_t rows = len(y)
        cdef Targets lent_y = lend_targets(y, rows)
        cdef View lent_w = lend_weights(weights, rows)
        cdef View lent_dx = self.lend_dx(dx, rows)
        fill_loss(loss, &spec)
        self.guard()
        with nogil:
            status = pybp_backward_loss(self.net, &lent_y.targets,
                                        <const double *> lent_w.buffer.buf, &spec, how,
                                        lent_dx.buffer.buf, threads, &value)
        check(status)
        return value

    cdef View lend_outputs(self, out, size_t rows):
        return lend_out(out, rows * self.n_out * self.itemsize())

    cdef View lend_dx(self, dx, size_t rows):
        return lend_out(dx, rows * self.n_in * self.itemsize())

    def jacobian(self, x, out):
        """Derivatives of outputs by parameters, (rows, n_out, n_parameters), into `out`."""
        cdef pybp_status status
        cdef Matrix lent_x = lend_matrix(x)
        cdef View lent = View(out, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)
        self.guard()
        with nogil:
            status = pybp_jacobian(self.net, &lent_x.matrix, lent.buffer.buf, lent.buffer.len)
        check(status)
        return out

    def gradient(self, x, y, weights, tuple loss, str reduction, size_t batch_size, int threads,
                 double interval_ms):
        """(loss, number of rows answered right); the gradient over all rows is left in the net.

        No more than `batch_size` rows are at work at once. Signal handlers run as in `train`.
        """
        cdef pybp_train_options options
        cdef pybp_train_result result
        cdef pybp_status status
        cdef Ticker ticker = Ticker(None)
        cdef Matrix lent_x = lend_matrix(x)
        cdef Targets lent_y = lend_targets(y, lent_x.matrix.rows)
        cdef View lent_w = lend_weights(weights, lent_x.matrix.rows)
        memset(&options, 0, sizeof(options))
        fill_loss(loss, &options.loss)
        options.reduction = REDUCTIONS[reduction]
        options.batch_size = batch_size
        options.accumulate = <size_t> -1
        options.gradient_only = 1
        options.count_correct = 1
        options.threads = threads
        options.tick = on_tick
        options.user = <void *> ticker
        options.interval_ms = interval_ms
        self.guard()
        with nogil:
            status = pybp_train(self.net, &lent_x.matrix, &lent_y.targets,
                                <const double *> lent_w.buffer.buf, &options, &result)
        if ticker.error is not None:
            raise ticker.error
        check(status)
        return result.loss, result.n_correct

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

    def train(self, x, y, weights, *, tuple loss, str reduction, tuple optimizer, lr,
              size_t batch_size, size_t accumulate, bint drop_last, size_t first_step,
              size_t n_steps, before, bint shuffle, bint part, bint penalty_per_weight,
              bint count_correct, int threads, report, double interval_ms, size_t epochs):
        """Train an epoch, or `n_steps` of it, or several.

        Returns a list of (loss, rows answered right, rows, steps, sum of losses, sum of weights), one
        for each epoch, so far; the second is 0 without `count_correct`.

        ``lr`` holds the learning rate of each step of the epoch, or one for all, as float64. A
        call with ``first_step`` > 0 goes on from ``before``, what the call before it returned.

        With `part` the data are a part of an epoch's, and divergence leaves the net as it is.
        Every `interval_ms` at most, signal handlers run, then ``report(steps, loss)`` unless
        None; what either raises stops training and is raised from here. Divergence raises
        DivergenceError with the parameters as they were before the epoch, whose number in this call,
        from 1, it has.
        """
        cdef pybp_train_options options
        cdef pybp_train_result result
        cdef pybp_status status
        cdef Ticker ticker = Ticker(report)
        cdef Matrix lent_x = lend_matrix(x)
        cdef Targets lent_y = lend_targets(y, lent_x.matrix.rows)
        cdef View lent_w = lend_weights(weights, lent_x.matrix.rows)
        memset(&options, 0, sizeof(options))
        cdef View lent_lr = View(lr, PyBUF_C_CONTIGUOUS)
        fill_loss(loss, &options.loss)
        if first_step > 0:
            _, result.n_correct, result.n_rows, result.steps, *sums = before
            result.loss_sum, result.weight_sum = sums
        options.reduction = REDUCTIONS[reduction]
        fill_optimizer(optimizer, &options.optimizer)
        options.lr = <const double *> lent_lr.buffer.buf
        options.n_lr = lent_lr.buffer.len // sizeof(double)
        options.batch_size = batch_size
        options.accumulate = accumulate
        options.drop_last = drop_last
        options.part = part
        options.penalty_per_weight = penalty_per_weight
        options.first_step = first_step
        options.n_steps = n_steps
        options.shuffle = shuffle
        options.threads = threads
        options.restore = not part
        options.count_correct = count_correct
        options.tick = on_tick
        options.user = <void *> ticker
        options.interval_ms = interval_ms
        self.guard()
        seen = []
        for epoch in range(epochs):
            if epoch > 0:
                PyErr_CheckSignals()
            with nogil:
                status = pybp_train(self.net, &lent_x.matrix, &lent_y.targets,
                                    <const double *> lent_w.buffer.buf, &options, &result)
            if ticker.error is not None:
                raise ticker.error
            if status == PYBP_DIVERGED:
                error = errors.DivergenceError(pybp_last_error().decode())
                error.epoch, error.step = epoch + 1, result.bad_step + 1
                raise error
            check(status)
            seen.append((result.loss, result.n_correct, result.n_rows, result.steps,
                         result.loss_sum, result.weight_sum))
        return seen
