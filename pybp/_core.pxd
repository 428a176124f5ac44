"""The part of csrc/include/pybp.h that the binding uses."""

from libc.stddef cimport ptrdiff_t, size_t
from libc.stdint cimport int32_t, int64_t, uint64_t

cdef extern from "pybp.h" nogil:
    ctypedef enum pybp_status:
        PYBP_OK
        PYBP_INVALID
        PYBP_NOT_FINITE
        PYBP_DIVERGED
        PYBP_INTERRUPTED
    ctypedef enum pybp_dtype:
        PYBP_FLOAT32
        PYBP_FLOAT64
    ctypedef enum pybp_reduction:
        PYBP_MEAN
        PYBP_SUM
    ctypedef enum pybp_activation:
        pass
    ctypedef enum pybp_loss:
        pass
    ctypedef enum pybp_optimizer_kind:
        pass
    ctypedef enum pybp_initializer:
        pass
    ctypedef enum pybp_layer_kind:
        pass

    ctypedef enum pybp_registry:
        PYBP_REGISTRY_ACTIVATIONS
        PYBP_REGISTRY_LOSSES
        PYBP_REGISTRY_OPTIMIZERS
        PYBP_REGISTRY_INITIALIZERS
        PYBP_REGISTRY_LAYERS
        PYBP_REGISTRY_STATUS
        PYBP_REGISTRY_SCHEDULES
    ctypedef struct pybp_param_info:
        const char *name
        double value
        double low
        double high
        int low_open
        int high_open
        int list
    ctypedef struct pybp_row:
        const char *name
        const char *label
        const char *text
        int n_params
        pybp_param_info params[8]
    enum: PYBP_MAX_PARAMS
    enum: PYBP_MAX_ACTIVATION_PARAMS
    enum: PYBP_MAX_LOSS_PARAMS
    enum: PYBP_MAX_LAYER_PARAMS
    pybp_status pybp_registry_row(pybp_registry which, int index, pybp_row *row)

    const char *pybp_last_error()
    const char *pybp_version()
    const char *pybp_isa_compiled(int index)
    int pybp_isa_usable(const char *isa)
    const char *pybp_isa()
    const char *pybp_isa_reason()
    pybp_status pybp_isa_select(const char *isa)
    int pybp_default_threads(const char **why)

    pybp_status pybp_activate(pybp_activation activation, const double *params, pybp_dtype dtype,
                              size_t rows, size_t cols, const void *z, void *a, void *derivative)

    ctypedef struct pybp_net:
        pass
    ctypedef struct pybp_layer_desc:
        pybp_layer_kind kind
        size_t n_out
        size_t source "from"
        size_t skip
        double params[2]
        int n_params
        size_t groups
        const size_t *columns
        size_t n_columns
        size_t column
        size_t n_categories
        pybp_activation activation
        double activation_params[2]
        int no_bias
        int no_scale
        pybp_initializer init
        double init_value
        double bias_init
        double bias_std
        int parametrization
        double l1
        double l2
        int has_lr_factors
        double lr_factor
        double bias_lr_factor
        double max_norm
        int frozen
    ctypedef struct pybp_net_desc:
        pybp_dtype dtype
        size_t n_in
        size_t n_layers
        const pybp_layer_desc *layers
        uint64_t seed
        int zeroed
    pybp_status pybp_net_create(const pybp_net_desc *desc, pybp_net **net)
    pybp_status pybp_net_copy(const pybp_net *net, pybp_net **copy)
    void pybp_net_free(pybp_net *net)
    pybp_dtype pybp_net_dtype(const pybp_net *net)
    size_t pybp_net_n_in(const pybp_net *net)
    size_t pybp_net_n_out(const pybp_net *net)
    const char *pybp_net_isa(const pybp_net *net)
    size_t pybp_net_n_parameters(const pybp_net *net)
    pybp_status pybp_net_penalty(const pybp_net *net, double *penalty)

    ctypedef enum pybp_array:
        PYBP_WEIGHTS
        PYBP_BIASES
        PYBP_WEIGHT_GRADIENT
        PYBP_BIAS_GRADIENT
        PYBP_WEIGHT_STATE1
        PYBP_BIAS_STATE1
        PYBP_WEIGHT_STATE2
        PYBP_BIAS_STATE2
        PYBP_WEIGHT_STATE3
        PYBP_BIAS_STATE3
        PYBP_INPUT
        PYBP_Z
        PYBP_A
        PYBP_DELTA
        PYBP_BACK
        PYBP_RUNNING_MEAN
        PYBP_RUNNING_VAR
    pybp_status pybp_net_get(const pybp_net *net, pybp_array what, size_t layer, void *out,
                             size_t bytes)
    pybp_status pybp_net_set(pybp_net *net, pybp_array what, size_t layer, const void *values,
                             size_t bytes)
    pybp_status pybp_net_poke(pybp_net *net, size_t layer, size_t row, size_t column, double value,
                              double *old)

    ctypedef enum pybp_flat:
        PYBP_FLAT_PARAMETERS
        PYBP_FLAT_GRADIENT
        PYBP_FLAT_LOSS_GRADIENT
    pybp_status pybp_net_get_flat(const pybp_net *net, pybp_flat what, void *out, size_t bytes)
    pybp_status pybp_net_set_flat(pybp_net *net, pybp_flat what, const void *values, size_t bytes)

    ctypedef struct pybp_file:
        pass
    ctypedef struct pybp_array_info:
        const char *name
        size_t name_length
        const char *dtype
        size_t n_dimensions
        size_t shape[8]
        size_t bytes
    pybp_status pybp_file_open_descriptor(int descriptor, pybp_file **file)
    void pybp_file_close(pybp_file *file)
    const char *pybp_file_kind(const pybp_file *file)
    size_t pybp_file_n_nets(const pybp_file *file)
    const char *pybp_file_description(const pybp_file *file)
    size_t pybp_file_n_arrays(const pybp_file *file)
    pybp_status pybp_file_array(const pybp_file *file, size_t index, pybp_array_info *info)
    pybp_status pybp_file_read(const pybp_file *file, size_t index, void *out, size_t bytes)
    pybp_status pybp_file_net(const pybp_file *file, size_t index, pybp_net **net)

    ctypedef struct pybp_matrix:
        const void *data
        size_t rows
        size_t cols
        ptrdiff_t row_stride
        pybp_dtype dtype
        const void *indptr
        const void *indices
        size_t n_values
        int wide
    ctypedef struct pybp_targets:
        const int32_t *labels
        pybp_matrix values
    pybp_status pybp_matrix_check(const pybp_matrix *x, pybp_dtype as_dtype, size_t *row,
                                  size_t *col)

    ctypedef struct pybp_loss_spec:
        pybp_loss kind
        int n_params
        double params[8]

    enum: PYBP_UNIT_VARIANCE, PYBP_COMBINED_BIASES
    pybp_status pybp_initialize(pybp_net *net, const pybp_matrix *x, int how)
    pybp_status pybp_predict(const pybp_net *net, const pybp_matrix *x, void *out, int threads)
    pybp_status pybp_predict_finite(const pybp_net *net, const pybp_matrix *x, void *out, int threads,
                                    size_t *row, size_t *col)
    ctypedef struct pybp_evaluation:
        double loss
        double weight
        size_t n_correct
    pybp_status pybp_evaluate(const pybp_net *net, const pybp_matrix *x, const pybp_targets *y,
                              const double *weights, const pybp_loss_spec *loss,
                              pybp_reduction reduction, int threads, pybp_evaluation *result)

    enum: PYBP_KEEP
    enum: PYBP_TRAINING
    pybp_status pybp_forward(pybp_net *net, const pybp_matrix *x, int how, void *out, int threads)
    pybp_status pybp_backward(pybp_net *net, const pybp_matrix *dl_da, void *dx, int threads)
    pybp_status pybp_backward_loss(pybp_net *net, const pybp_targets *y, const double *weights,
                                   const pybp_loss_spec *loss, pybp_reduction reduction, void *dx,
                                   int threads, double *value)

    pybp_status pybp_jacobian(pybp_net *net, const pybp_matrix *x, void *out, size_t bytes)

    ctypedef struct pybp_optimizer:
        pybp_optimizer_kind kind
        double params[6]
        double clip_norm
        double clip_value
        int no_bias_decay
        double bias_lr_factor
    pybp_status pybp_step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads)
    pybp_status pybp_reset_optimizer(pybp_net *net)
    ctypedef struct pybp_progress:
        uint64_t epochs
        uint64_t steps
        uint64_t passes
        int optimizer
        int states
        double powers[3]
    pybp_status pybp_get_progress(const pybp_net *net, pybp_progress *progress)
    pybp_status pybp_set_progress(pybp_net *net, const pybp_progress *progress)
    pybp_status pybp_net_order(const pybp_net *net, size_t n, size_t *order)

    ctypedef struct pybp_train_result:
        double loss
        size_t steps
        size_t n_correct
        size_t n_rows
        size_t epoch
        size_t bad_step
        double loss_sum
        double weight_sum
    ctypedef int (*pybp_tick)(void *user, size_t steps, double loss) noexcept
    ctypedef int (*pybp_on_epoch)(void *user, const pybp_train_result *result) noexcept
    ctypedef struct pybp_train_options:
        pybp_loss_spec loss
        pybp_reduction reduction
        pybp_optimizer optimizer
        const double *lr
        size_t n_lr
        const double *weight_decay
        const double *dropout
        size_t batch_size
        size_t accumulate
        int drop_last
        int gradient_only
        size_t epochs
        int part
        size_t first_step
        size_t n_steps
        int penalty_per_weight
        int shuffle
        int threads
        int restore
        int count_correct
        pybp_tick tick
        pybp_on_epoch on_epoch
        void *user
        double interval_ms
    pybp_status pybp_train(pybp_net *net, const pybp_matrix *x, const pybp_targets *y,
                           const double *weights, const pybp_train_options *options,
                           pybp_train_result *result)

    ctypedef enum pybp_schedule_kind:
        pass
    ctypedef struct pybp_schedule:
        pybp_schedule_kind kind
        double lr
        double params[6]
        const uint64_t *milestones
        size_t n_milestones
    enum: PYBP_MAX_SCHEDULE_PARAMS
    pybp_status pybp_schedule_fill(const pybp_schedule *schedule, uint64_t first, uint64_t horizon,
                                   size_t n, double *lr)

    ctypedef enum pybp_metric:
        PYBP_METRIC_MSE
        PYBP_METRIC_MAE
        PYBP_METRIC_R2
    pybp_status pybp_metric_value(pybp_metric metric, const pybp_matrix *target,
                                  const pybp_matrix *prediction, const double *weights,
                                  double *value)
