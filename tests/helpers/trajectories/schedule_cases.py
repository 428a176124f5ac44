"""PyTorch's learning rate schedulers, and the schedules of pybp that they are compared with."""

from typing import Any

LR = 0.05
STEPS = 120

# Name: PyTorch's class and its options, and an expression of pybp's.
CASES: dict[str, tuple[str, dict[str, Any], str]] = {
    "step": ("StepLR", {"step_size": 30, "gamma": 0.3}, "Step(LR, 30, 0.3)"),
    "multistep": ("MultiStepLR", {"milestones": [5, 5, 60]}, "MultiStep(LR, [5, 5, 60])"),
    "exponential": ("ExponentialLR", {"gamma": 0.97}, "Exponential(LR, 0.97)"),
    "linear": (
        "LinearLR",
        {"start_factor": 0.1, "end_factor": 0.8, "total_iters": 50},
        "Linear(LR, 0.1, 0.8, steps=50)",
    ),
    "linear_defaults": ("LinearLR", {"total_iters": 9}, "Linear(LR, steps=9)"),
    "polynomial": (
        "PolynomialLR",
        {"total_iters": 100, "power": 1.7},
        "Polynomial(LR, 1.7, steps=100)",
    ),
    "cosine": (
        "CosineAnnealingLR",
        {"T_max": 120, "eta_min": 1e-3},
        "Cosine(LR, 1e-3, steps=120)",
    ),
    "restarts": (
        "CosineAnnealingWarmRestarts",
        {"T_0": 7, "T_mult": 2, "eta_min": 1e-4},
        "CosineRestarts(LR, 7, 2, 1e-4)",
    ),
    "restarts_equal": ("CosineAnnealingWarmRestarts", {"T_0": 11}, "CosineRestarts(LR, 11)"),
    "one_cycle": ("OneCycleLR", {"max_lr": LR, "total_steps": 121}, "OneCycle(LR, steps=121)"),
    "one_cycle_linear": (
        "OneCycleLR",
        {
            "max_lr": LR,
            "total_steps": 121,
            "pct_start": 0.2,
            "div_factor": 10,
            "final_div_factor": 50,
            "anneal_strategy": "linear",
        },
        "OneCycle(LR, 0.2, 10, 50, True, steps=121)",
    ),
    "cyclic": (
        "CyclicLR",
        {"base_lr": 1e-3, "max_lr": LR, "step_size_up": 8, "step_size_down": 20},
        "Cyclic(LR, 1e-3, 8, 20)",
    ),
    "cyclic_halved": (
        "CyclicLR",
        {"base_lr": 1e-3, "max_lr": LR, "step_size_up": 8, "mode": "triangular2"},
        "Cyclic(LR, 1e-3, 8, mode='triangular2')",
    ),
    "cyclic_exponential": (
        "CyclicLR",
        {"base_lr": 0.0, "max_lr": LR, "step_size_up": 8, "mode": "exp_range", "gamma": 0.98},
        "Cyclic(LR, 0.0, 8, mode='exp_range', gamma=0.98)",
    ),
    "sequential": (
        "SequentialLR",
        {
            "parts": [
                ("LinearLR", {"start_factor": 0.1, "total_iters": 20}),
                ("ExponentialLR", {"gamma": 0.9}),
            ],
            "milestones": [20],
        },
        "Sequential([Linear(LR, 0.1), Exponential(LR, 0.9)], [20])",
    ),
}
