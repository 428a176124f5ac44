"""The cases whose PyTorch results are stored; for the script that makes them and the tests.

An optimizer's case is a row of pybp's registry (name and parameters) with a learning rate and the options that
all optimizers share.  `lr` may be a list: one learning rate for each step.
"""

from typing import Any

import numpy as np

from oracle import registry

STEPS = 50
# PyTorch's parameters that are pairs, and the registry's names of their parts.
PARAMETER_PAIRS = {
    "betas": ("beta1", "beta2"),
    "etas": ("eta_minus", "eta_plus"),
    "step_sizes": ("step_min", "step_max"),
}
WARM_UP = [min(1.0, (t + 1) / 10) * 0.97**t for t in range(STEPS)]


def case(optimizer: str, lr: float | list[float], **options: Any) -> dict[str, Any]:
    """One case: options of `common` are the caller's, the rest are the rule's parameters."""
    common = ("clip_norm", "clip_value", "no_bias_decay", "bias_lr_factor")
    return {
        "optimizer": optimizer,
        "lr": lr,
        "common": {name: options.pop(name) for name in common if name in options},
        "params": options,
    }


CASES: dict[str, dict[str, Any]] = {
    "sgd": case("sgd", 0.05),
    "sgd_decay": case("sgd", 0.05, weight_decay=0.1),
    "sgd_momentum": case("sgd", 0.02, momentum=0.9),
    "sgd_nesterov": case("sgd", 0.02, momentum=0.9, nesterov=True),
    "sgd_nesterov_decay": case("sgd", 0.02, momentum=0.8, nesterov=True, weight_decay=0.05),
    "sgd_schedule": case("sgd", [0.03 * x for x in WARM_UP], momentum=0.9),
    "adagrad": case("adagrad", 0.2),
    "adagrad_lr_decay": case("adagrad", 0.2, lr_decay=0.05),
    "adagrad_all": case(
        "adagrad", 0.3, lr_decay=0.01, initial_accumulator_value=0.5, weight_decay=0.1, eps=1e-3
    ),
    "rmsprop": case("rmsprop", 0.02),
    "rmsprop_all": case("rmsprop", 0.02, alpha=0.8, eps=1e-2, weight_decay=0.1),
    "adam": case("adam", 0.1),
    "adam_decay": case("adam", 0.1, weight_decay=0.1),
    "adam_betas_eps": case("adam", 0.1, beta1=0.5, beta2=0.8, eps=1e-2),
    "adam_schedule": case("adam", [0.1 * x for x in WARM_UP]),
    "adamw": case("adamw", 0.1),
    "adamw_decay": case("adamw", 0.1, weight_decay=0.5, beta2=0.9),
    "adamw_biases": case("adamw", 0.05, weight_decay=0.3, no_bias_decay=True, bias_lr_factor=2.0),
    "sgd_biases": case(
        "sgd", 0.05, momentum=0.5, weight_decay=0.3, no_bias_decay=True, bias_lr_factor=0.5
    ),
    "sgd_clip_norm": case("sgd", 0.05, momentum=0.5, clip_norm=0.5),
    "sgd_clip_value": case("sgd", 0.05, clip_value=0.2),
    "sgd_clip_both_decay": case("sgd", 0.05, clip_norm=1.0, clip_value=0.3, weight_decay=0.2),
    "adam_clip_norm": case("adam", 0.1, clip_norm=0.3),
    "adadelta": case("adadelta", 1.0),
    "adadelta_all": case("adadelta", 0.7, rho=0.8, eps=1e-3, weight_decay=0.1),
    "adamax": case("adamax", 0.1),
    "adamax_all": case("adamax", 0.1, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.1),
    "radam": case("radam", 0.1),
    "radam_all": case("radam", 0.1, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.1),
    "radam_decoupled": case("radam", 0.1, weight_decay=0.3, decoupled_weight_decay=True),
    "radam_never_adaptive": case("radam", 0.02, beta2=0.5),
    "lion": case("lion", 0.05),
    "lion_all": case("lion", 0.03, beta1=0.8, beta2=0.95, weight_decay=0.2),
    "lion_biases": case("lion", 0.03, weight_decay=0.5, no_bias_decay=True, bias_lr_factor=2.0),
    "adam_amsgrad": case("adam", 0.1, beta2=0.8, amsgrad=True),
    "adamw_amsgrad": case("adamw", 0.1, beta2=0.9, weight_decay=0.3, amsgrad=True),
    "rmsprop_momentum": case("rmsprop", 0.01, momentum=0.8),
    "rmsprop_centered": case("rmsprop", 0.02, alpha=0.9, eps=1e-2, centered=True),
    "rmsprop_both": case(
        "rmsprop", 0.01, alpha=0.9, eps=1e-2, momentum=0.7, centered=True, weight_decay=0.1
    ),
    "nadam": case("nadam", 0.1),
    "nadam_all": case(
        "nadam", 0.1, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.1, momentum_decay=0.3
    ),
    "nadam_decoupled": case("nadam", 0.1, weight_decay=0.3, decoupled_weight_decay=True),
    "nadam_schedule": case("nadam", [0.1 * x for x in WARM_UP], momentum_decay=0.0),
    "rprop": case("rprop", 0.05),
    "rprop_all": case(
        "rprop", 0.05, eta_minus=0.3, eta_plus=1.5, step_min=1e-3, step_max=0.4, bias_lr_factor=2.0
    ),
}


def targets_for(loss: str, y: np.ndarray, columns: int | None = None) -> np.ndarray:
    """Targets of the dtype of y that suit a loss, from rows of numbers in (0, 1)."""
    y = y[:, :columns]
    targets = registry.row("losses", loss).columns["targets"]
    if targets == "COUNTS":
        y = np.floor(6 * y)
    elif targets == "SIGNS":
        y = np.where(y > 0.3, 1, -1).astype(y.dtype)
    elif targets == "CLASSES":
        y = (y / y.sum(axis=1, keepdims=True)).astype(y.dtype)
    return y


# Losses with parameters: name, output activation, parameters; columns of y if not three; whether y
# becomes class indices.
LOSS_CASES: dict[str, dict[str, Any]] = {
    "smoothing": {"loss": "cross_entropy", "params": {"label_smoothing": 0.1}},
    "smoothed classes": {"loss": "cross_entropy", "params": {"label_smoothing": 0.3}, "labels": 1},
    "pos_weight": {"loss": "binary_cross_entropy", "params": {"pos_weight": 3.0}},
    "pos_weights": {"loss": "binary_cross_entropy", "params": {"pos_weight": (0.25, 1.0, 4.0)}},
    "small delta": {"loss": "huber", "params": {"delta": 0.2}},
    "large delta": {"loss": "huber", "params": {"delta": 1.7}},
    "quantile 0.9": {"loss": "quantile", "params": {"q": 0.9}},
    "quantiles": {"loss": "quantile", "params": {"q": (0.1, 0.5, 0.9)}, "columns": 1},
}
# The output activations of the losses that belong to one.
LOSS_OUTPUT = {
    row.name: row.columns["links"].lower()
    for row in registry.rows("losses")
    if row.columns["links"] != "ANY"
}
