#include "net/train/batches.h"

#include "base/memory.h"

size_t pybp_step_rows(const pybp_train_options *options, size_t rows)
{
    size_t step;
    if (!pybp_mul_size(options->batch_size, options->accumulate > 1 ? options->accumulate : 1, &step))
        step = SIZE_MAX;
    return step < rows ? step : rows;
}

size_t pybp_epoch_steps(const pybp_train_options *options, size_t rows)
{
    const size_t step = pybp_step_rows(options, rows);
    return rows / step + (rows % step != 0 && !options->drop_last);
}
