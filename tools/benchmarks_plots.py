"""Draw the plots of docs/benchmarks.md: ratios to each rival, and how time grows with the size of the net."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

import growth
import ratios
from grid import TRAINING_PEERS, Cell, Contest, threads_text

DPI = 80
mpl.rcParams["axes.grid"] = True
mpl.rcParams["grid.alpha"] = 0.3


def draw(run, folder):
    for name, make in (("benchmarks.png", draw_ratios), ("benchmarks-growth.png", draw_growth)):
        figure = make(run)
        if figure is not None:
            figure.savefig(Path(folder) / name, dpi=DPI, metadata={"Software": None})


def draw_ratios(run):
    """f32, Adam, one thread: a group of bars for each cell, a bar for each rival."""
    found = [
        (Cell.from_dict(record["cell"]), record)
        for record in run["records"].values()
        if record.get("section") == "training" and record["threads"] == 1
    ]
    found = [
        (cell, r)
        for cell, r in found
        if (cell.dtype, cell.optimizer) == ("f32", "adam") and ratios.rivals(r)
    ]
    if not found:
        return None
    present = {name for _, record in found for name in ratios.rivals(record)}
    names = [name for name in TRAINING_PEERS if name in present]
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(names)
    for i, name in enumerate(names):
        bars = [
            (x, ratios.ratio(r, name)[0])
            for x, (_, r) in enumerate(found)
            if name in ratios.rivals(r)
        ]
        axes.bar(
            [x + (i - len(names) / 2 + 0.5) * width for x, _ in bars],
            [y for _, y in bars],
            width,
            label=name,
        )
    axes.axhline(1, color="black", linewidth=1)
    axes.set_yscale("log")
    axes.set_ylabel("time relative to pybp")
    axes.set_xticks(range(len(found)), [cell.name for cell, _ in found], rotation=20, ha="right")
    axes.set_title("A training step, f32, Adam, one thread")
    axes.legend()
    return figure


def draw_growth(run):
    """Time per sample against width, batch and depth, a line for each number of threads."""
    counts = sorted(
        {r["threads"] for r in run["records"].values() if r.get("section", "").startswith("growth")}
    )
    if not counts:
        return None
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    for axes, (what, values) in zip(figure.subplots(1, 3), growth.LINES, strict=True):
        for threads in counts:
            points = []
            for value in values:
                cell = growth.varied(what, value)
                record = run["records"].get(Contest(growth.section(what), cell, threads).key)
                if record is not None:
                    points.append((value, 1e6 * min(ratios.times(record)) / cell.batch))
            if points:
                axes.plot(*zip(*points, strict=True), marker="o", label=threads_text(threads))
                axes.legend()
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xlabel(what)
        axes.set_ylabel("µs per sample, a training step")
    return figure
