"""Draw the pictures of docs/training.md.

python tools/pictures.py            # into docs/
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np

import pages
import pybp
from pybp import plotting, schedules
from pybp.datasets import load_digits

DPI = 80


def spirals(n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points on two interleaved spirals of one and a half revolutions."""
    rng = np.random.default_rng(seed)
    angle, label = 3 * np.pi * np.sqrt(rng.random(n)), rng.integers(0, 2, n)
    rotated = angle + np.pi * label
    X = np.stack([angle * np.cos(rotated), angle * np.sin(rotated)], axis=1) / 4
    return X + 0.03 * rng.normal(size=X.shape), label


def draw_training(folder: Path) -> None:
    """The history of a fit, and the decision boundary of the fitted net."""
    X, y = spirals()
    net = pybp.MLP([2, 32, 32, 1], output="sigmoid", seed=0)
    history = net.fit(
        X,
        y,
        epochs=200,
        batch_size=40,
        validation_split=0.25,
        optimizer=pybp.Adam(lr=schedules.Cosine(0.01, warmup=0.05)),
    )
    history.plot()[0].figure.savefig(folder / "history.png", dpi=DPI)
    axes = plotting.plot_decision_boundary(net, X, y)
    axes.figure.savefig(folder / "decision-boundary.png", dpi=DPI)


def draw_gradient_flow(folder: Path) -> None:
    """Two nets of twenty layers: one with vanishing gradients, one without."""
    X, y = load_digits()
    figure, panels = mpl.pyplot.subplots(1, 2, figsize=(11, 3.8), layout="constrained", sharey=True)
    for panel, (activation, init) in zip(
        panels, (("sigmoid", "auto"), ("relu", "he_uniform")), strict=True
    ):
        net = pybp.MLP(
            [64] + [64] * 19 + [10], activation=activation, output="softmax", init=init, seed=0
        )
        plotting.plot_gradient_flow(net.diagnose(X, y), axes=panel)
        panel.set_title(f"20 layers of {activation}")
        panel.label_outer()
    figure.savefig(folder / "gradient-flow.png", dpi=DPI)


def draw_schedules(folder: Path) -> None:
    """Every kind of schedule."""
    kinds = [
        schedules.Linear(1.0),
        schedules.Step(1.0, 250, 0.5),
        schedules.MultiStep(1.0, [300, 500, 800], 0.4),
        schedules.Exponential(1.0, 0.997),
        schedules.Polynomial(1.0, 2.0),
        schedules.InverseScaling(1.0),
        schedules.Cosine(1.0, warmup=0.1),
        schedules.CosineRestarts(1.0, 142, 2, gamma=0.8),
        schedules.OneCycle(1.0),
        schedules.Cyclic(1.0, 0.1, 100, mode="triangular2"),
        schedules.CosLog4(1.0),
        schedules.Sequential(
            [schedules.Linear(1.0, 0.0), schedules.Constant(1.0), schedules.Cosine(1.0)], [0.1, 0.6]
        ),
    ]
    figure, panels = mpl.pyplot.subplots(
        3, 4, figsize=(12, 6.6), layout="constrained", sharex=True, sharey=True
    )
    for panel, schedule in zip(panels.flat, kinds, strict=True):
        plotting.plot_schedule(schedule, 1000, axes=panel)
        panel.set_title(type(schedule).__name__, fontsize="medium")
        panel.label_outer()
    figure.savefig(folder / "schedules.png", dpi=DPI)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=pages.DOCS)
    folder = parser.parse_args().folder
    mpl.use("Agg")
    draw_training(folder)
    draw_gradient_flow(folder)
    draw_schedules(folder)


if __name__ == "__main__":
    main()
