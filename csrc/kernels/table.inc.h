/* The table of this instruction set and dtype: pybp_f32_kernels_avx2, ... A library for inference only has no kernels
 * that only training uses. */
#ifndef PYBP_TABLE
#ifdef PYBP_INFERENCE_ONLY
#define PYBP_FOR_TRAINING(kernel) NULL
#else
#define PYBP_FOR_TRAINING(kernel) kernel
#endif
#define PYBP_TABLE PYBP_PASTE(PYBP_PASTE(pybp_, REAL(kernels_)), PYBP_ISA)
#define PYBP_ENTRY_ELEMENTWISE(NAME, name) \
    .activate[PYBP_ACTIVATION_##NAME] = REAL(name##_activate), \
    .derive[PYBP_ACTIVATION_##NAME] = PYBP_FOR_TRAINING(REAL(name##_derive)),
#define PYBP_ENTRY_ROWWISE(NAME, name) \
    .activate_rows[PYBP_ACTIVATION_##NAME] = REAL(name##_activate_rows), \
    .derive_rows[PYBP_ACTIVATION_##NAME] = PYBP_FOR_TRAINING(REAL(name##_derive_rows)),
#endif

const pybp_kernels PYBP_TABLE = {
    .isa = PYBP_STRING(PYBP_ISA),
    .size = sizeof(real),
    .panel = PANEL,
    .gather = REAL(gather),
    .scatter = REAL(scatter),
    .ones = REAL(ones),
    .forward = REAL(forward),
    .back = PYBP_FOR_TRAINING(REAL(back)),
    .gradient = PYBP_FOR_TRAINING(REAL(gradient)),
    .gradient_panels = ACROSS_ROWS,
    .accumulate = PYBP_FOR_TRAINING(REAL(accumulate)),
    .squares = PYBP_FOR_TRAINING(REAL(squares)),
    .flush = REAL(flush_all),
    .finite = REAL(finite),
    .widen = REAL(widen),
    .narrow = REAL(narrow),
    .get = REAL(get),
    .set = REAL(set),
    .clip = PYBP_FOR_TRAINING(REAL(clip)),
    .penalize = PYBP_FOR_TRAINING(REAL(penalize)),
    .magnitudes = REAL(magnitudes),
    .rescale = PYBP_FOR_TRAINING(REAL(rescale)),
    .largest = REAL(largest),
    .same_side = REAL(same_side),
    .add_lines = REAL(add_lines),
    .multiply_lines = REAL(multiply_lines),
    .scale = REAL(scale),
    .scale_shift = REAL(scale_shift),
    .standardize = REAL(standardize),
    .sums = PYBP_FOR_TRAINING(REAL(sums)),
    .moments = PYBP_FOR_TRAINING(REAL(moments)),
    .batch_statistics = PYBP_FOR_TRAINING(REAL(batch_statistics)),
    .running_scale = REAL(running_scale),
    .batch_norm_back = PYBP_FOR_TRAINING(REAL(batch_norm_back)),
    .row_norm = REAL(row_norm),
    .row_norm_back = PYBP_FOR_TRAINING(REAL(row_norm_back)),
    .drop = PYBP_FOR_TRAINING(REAL(drop)),
    .mix = REAL(mix),
    .mix_back = PYBP_FOR_TRAINING(REAL(mix_back)),
    .mix_sums = PYBP_FOR_TRAINING(REAL(mix_sums)),
    .embed = REAL(embed),
    .embed_gradient = PYBP_FOR_TRAINING(REAL(embed_gradient)),
    .copy_columns = REAL(copy_columns),
    .grouped = REAL(grouped),
    .grouped_back = PYBP_FOR_TRAINING(REAL(grouped_back)),
    .grouped_gradient = PYBP_FOR_TRAINING(REAL(grouped_gradient)),
    .periodic = REAL(periodic),
    .periodic_back = PYBP_FOR_TRAINING(REAL(periodic_back)),
    .periodic_gradient = PYBP_FOR_TRAINING(REAL(periodic_gradient)),
    .cosine = REAL(cosine_activate),
    .cosine_derive = PYBP_FOR_TRAINING(REAL(cosine_derive)),
#define PYBP_ACTIVATION(NAME, name, kind, init, reads, formula, derivative, params) PYBP_ENTRY_##kind(NAME, name)
#include "registry/activations.def"
#undef PYBP_ACTIVATION
#define PYBP_LOSS(NAME, name, links, per_output, targets, formula, params) .loss[PYBP_LOSS_##NAME] = REAL(name##_loss),
#include "registry/losses.def"
#undef PYBP_LOSS
#define PYBP_OPTIMIZER(NAME, name, Class, states, powers, rule, params) \
    .prepare[PYBP_OPTIMIZER_##NAME] = PYBP_FOR_TRAINING(REAL(name##_prepare)), \
    .update[PYBP_OPTIMIZER_##NAME] = PYBP_FOR_TRAINING(REAL(name##_update)),
#include "registry/optimizers.def"
#undef PYBP_OPTIMIZER
};
