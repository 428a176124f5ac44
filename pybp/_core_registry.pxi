# Part of _core.pyx: statuses, registries, names of enums, version, instruction sets, threads.


cdef int check(pybp_status status) except -1:
    """Raise the exception class of a status other than PYBP_OK."""
    if status == PYBP_OK:
        return 0
    raise EXCEPTIONS[status](pybp_last_error().decode())


cdef dict REGISTRIES = {
    "activations": PYBP_REGISTRY_ACTIVATIONS,
    "losses": PYBP_REGISTRY_LOSSES,
    "optimizers": PYBP_REGISTRY_OPTIMIZERS,
    "initializers": PYBP_REGISTRY_INITIALIZERS,
    "layers": PYBP_REGISTRY_LAYERS,
    "schedules": PYBP_REGISTRY_SCHEDULES,
    "status": PYBP_REGISTRY_STATUS,
}
cdef dict DTYPES = {"float32": PYBP_FLOAT32, "float64": PYBP_FLOAT64}
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
cdef dict REDUCTIONS = {"mean": PYBP_MEAN, "sum": PYBP_SUM}
cdef dict METRICS = {"mse": PYBP_METRIC_MSE, "mae": PYBP_METRIC_MAE, "r2": PYBP_METRIC_R2}


def registry(str which):
    """The rows of a registry, ordered by number."""
    cdef pybp_row row
    cdef pybp_registry number = REGISTRIES[which]
    rows = []
    while pybp_registry_row(number, <int> len(rows), &row) == PYBP_OK:
        params = []
        for i in range(row.n_params):
            params.append({
                "name": row.params[i].name.decode(),
                "default": row.params[i].value,
                "low": row.params[i].low,
                "high": row.params[i].high,
                "low_open": bool(row.params[i].low_open),
                "high_open": bool(row.params[i].high_open),
                "list": bool(row.params[i].list),
            })
        rows.append({
            "name": row.name.decode(),
            "label": row.label.decode(),
            "text": row.text.decode(),
            "params": tuple(params),
        })
    return tuple(rows)


cdef tuple exception_classes():
    classes = []
    for row in registry("status"):
        label = row["label"]
        classes.append(getattr(errors, label, None) or getattr(builtins, label, None))
    return tuple(classes)


cdef tuple EXCEPTIONS = exception_classes()


def version():
    """The version of the core, such as "0.1.0"."""
    return pybp_version().decode()


def isa():
    """The instruction set that new nets use."""
    return pybp_isa().decode()


def isa_reason():
    """Why that instruction set was chosen."""
    return pybp_isa_reason().decode()


def isa_compiled():
    """The instruction sets compiled in, best first."""
    names = []
    while pybp_isa_compiled(<int> len(names)) != NULL:
        names.append(pybp_isa_compiled(<int> len(names)).decode())
    return tuple(names)


def isa_usable(str name):
    """Whether this machine can run that instruction set."""
    return pybp_isa_usable(name.encode()) != 0


def isa_select(name):
    """Choose the instruction set of nets created from now on; None returns to the default."""
    check(pybp_isa_select(NULL) if name is None else pybp_isa_select(<bytes> name.encode()))


def default_threads():
    """The default number of threads of a call, and the reason."""
    cdef const char *why = NULL
    threads = pybp_default_threads(&why)
    return threads, why.decode()
