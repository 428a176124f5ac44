"""Make schedules.npz: the learning rates of PyTorch's schedulers, step by step.

Run it with PyTorch 2.x when a case is added:

    PYTHONPATH=tests/helpers python -m trajectories.make_schedules
"""

import warnings
from pathlib import Path

import numpy as np
import torch
from torch.optim import lr_scheduler

from trajectories.schedule_cases import CASES, LR, STEPS


def rates(name: str, options: dict) -> np.ndarray:
    """What the scheduler gives for each step."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=LR)
    if name == "SequentialLR":
        parts = [
            getattr(lr_scheduler, part)(optimizer, **given) for part, given in options["parts"]
        ]
        scheduler = lr_scheduler.SequentialLR(optimizer, parts, options["milestones"])
    else:
        scheduler = getattr(lr_scheduler, name)(optimizer, **options)
    values = []
    for _ in range(STEPS):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return np.array(values)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.savez_compressed(
        Path(__file__).parent / "schedules.npz",
        **{key: rates(name, options) for key, (name, options, _) in CASES.items()},
    )
