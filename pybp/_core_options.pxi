# Part of _core.pyx: conversion of layers, losses, optimizers and training options to C structs.

MAX_LOSS_PARAMS = PYBP_MAX_LOSS_PARAMS
cdef enum:
    TICK_MS = 50 # between two checks for signals


cdef int fill_params(params, double *to, int most) except -1:
    """Copy the parameters to `to`, padded with zeros; return their number."""
    cdef int i, n = len(params)
    if n > most:
        raise errors.ArgumentError(f"{n} parameters; at most {most} are possible")
    memset(to, 0, most * sizeof(double))
    for i in range(n):
        to[i] = params[i]
    return n


cdef int fill_layer(dict given, pybp_layer_desc *layer) except -1:
    """Fill the struct from `given`; missing fields are 0."""
    layer.kind = <pybp_layer_kind> <int> given["kind"]
    layer.n_out = given["n_out"]
    layer.source = given.get("from", 0)
    layer.skip = given.get("skip", 0)
    layer.n_params = fill_params(given.get("params", ()), layer.params, PYBP_MAX_LAYER_PARAMS)
    layer.groups = given.get("groups", 0)
    layer.column = given.get("column", 0)
    layer.n_categories = given.get("n_categories", 0)
    layer.activation = <pybp_activation> <int> given.get("activation", 0)
    fill_params(given.get("activation_params", ()), layer.activation_params,
                PYBP_MAX_ACTIVATION_PARAMS)
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


cdef int fill_columns(const size_t[::1] columns, pybp_layer_desc *layer) except -1:
    """`columns` have to stay as long as the struct is used."""
    if columns.shape[0] > 0:
        layer.columns = &columns[0]
        layer.n_columns = columns.shape[0]
    return 0


cdef const double *pointer_to(const double[::1] rates, size_t n) except? NULL:
    """NULL for None; otherwise there have to be `n` of them."""
    if rates is None:
        return NULL
    if <size_t> rates.shape[0] != n:
        raise errors.ShapeError(f"{rates.shape[0]} rates for {n} learning rates")
    return &rates[0]


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


@cython.final
@cython.auto_pickle(False)
cdef class TrainOptions:
    """Options of `Net.train` that stay the same in all calls of one fit.

    Without an optimizer: options of `Net.gradient`, which computes the gradient over all rows in
    minibatches of ``batch_size`` rows.

    With ``part`` the data of a call are a part of an epoch: the call doesn't count as an epoch, and
    divergence does not restore the net.
    """

    cdef pybp_train_options options

    def __cinit__(self, *, tuple loss, str reduction, tuple optimizer, size_t batch_size,
                  int threads, size_t accumulate=1, bint drop_last=False, bint shuffle=False,
                  bint part=False, bint penalty_per_weight=False, bint count_correct=False):
        cdef pybp_train_options *options = &self.options
        if batch_size == 0 or accumulate == 0 or threads < 0:
            raise errors.ArgumentError(
                f"batch_size={batch_size}, accumulate={accumulate}, threads={threads}: expected "
                "1 or more, 1 or more, 0 or more"
            )
        fill_loss(loss, &options.loss)
        options.reduction = REDUCTIONS[reduction]
        options.batch_size = batch_size
        options.accumulate = accumulate
        options.drop_last = drop_last
        options.shuffle = shuffle
        options.part = part
        options.restore = not part
        options.penalty_per_weight = penalty_per_weight
        options.count_correct = count_correct
        options.threads = threads
        options.tick = call_on_step
        options.interval_ms = TICK_MS
        if optimizer is not None:
            fill_optimizer(optimizer, &options.optimizer)
        else:
            options.gradient_only = True
            options.accumulate = <size_t> -1
            options.restore = False


# ---- functions that the core calls during training ---------------------------------------------------------


@cython.internal
@cython.final
cdef class TrainCallbacks:
    """Python functions to call after steps and after epochs, or None, and the exception they raised."""

    cdef object on_step, on_epoch, error


cdef int call_on_step(void *user, size_t steps, double loss) noexcept with gil:
    cdef TrainCallbacks callbacks = <TrainCallbacks> user
    try:
        PyErr_CheckSignals()
        if callbacks.on_step is not None:
            callbacks.on_step(steps, loss)
    except BaseException as error:
        callbacks.error = error
        return 1
    return 0


cdef int call_on_epoch(void *user, const pybp_train_result *result) noexcept with gil:
    cdef TrainCallbacks callbacks = <TrainCallbacks> user
    try:
        callbacks.on_epoch(as_tuple(result))
    except BaseException as error:
        callbacks.error = error
        return 1
    return 0


cdef tuple as_tuple(const pybp_train_result *result):
    return (result.loss, result.n_correct, result.n_rows, result.steps, result.loss_sum,
            result.weight_sum)


cdef int fill_result(values, pybp_train_result *result) except -1:
    """Fill the struct with the result of an earlier part of the epoch."""
    (result.loss, result.n_correct, result.n_rows, result.steps, result.loss_sum,
     result.weight_sum) = values
    return 0
