"""Draw docs/soak.png from the JSON file that `benchmarks/soak.py --json FILE` wrote."""

import argparse
import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import pages


def draw(report):
    """Resident memory over time, and the line fitted to it after the warm-up."""
    seconds, mib = np.array(report["samples"]).T
    line = report["memory_fit"]
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(seconds / 60, mib, linewidth=1, label="resident memory")
    axes.plot(
        np.array([line["begin"], line["end"]]) / 60,
        [line["level"], line["level"] + report["memory_growth_mib"]],
        linestyle="--",
        label=f"after the warm-up: {report['memory_growth_mib']:+.2f} MiB",
    )
    axes.set(xlabel="minutes", ylabel="MiB", ylim=(0, 1.25 * max(mib)), xlim=(0, None))
    axes.legend(loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("report", type=Path, help="JSON file of benchmarks/soak.py")
    parser.add_argument("--out", type=Path, default=pages.DOCS / "soak.png")
    options = parser.parse_args()
    draw(json.loads(options.report.read_text(encoding="utf-8"))).savefig(options.out, dpi=110)


if __name__ == "__main__":
    main()
