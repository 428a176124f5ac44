"""Make docs/report-desktop.png and docs/report-phone.png: the report of docs/command.md in Chromium.

    python tools/report_pictures.py TABLE TARGET [IGNORED,COLUMNS]

Trains on three quarters of the rows of TABLE, a CSV file, and reports on the others.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import pages
from pybp.cli import main as pybp

SIZES = {"desktop": (1280, 2400), "phone": (390, 1700)}
COLOURS = 64  # of the palette: a third of the bytes


def halves(table, folder):
    """Two CSV files with the rows of one, at random."""
    head, *rows = subprocess.run(
        ["gzip", "-cdf", table], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = np.random.default_rng(0).permutation(np.array(rows, object))
    for name, part in (("train", rows[len(rows) // 4 :]), ("test", rows[: len(rows) // 4])):
        (folder / f"{name}.csv").write_text("\n".join([head, *part]) + "\n")


def picture(page, name, size):
    """A screenshot of the top of a page."""
    target = pages.DOCS / f"report-{name}.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    subprocess.run(
        [
            *(shutil.which("chromium"), *options, f"--window-size={size[0]},{size[1]}"),
            *(f"--screenshot={target}", page.as_uri()),
        ],
        check=True,
        capture_output=True,
    )
    Image.open(target).convert("RGB").quantize(COLOURS).save(target, optimize=True)


def main():
    """Train, report, and look."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table")
    parser.add_argument("target")
    parser.add_argument("ignored", nargs="?", default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        halves(arguments.table, folder)
        model, page = folder / "model.pybp", folder / "report.html"
        ignored = [] if arguments.ignored is None else ["--ignore", arguments.ignored]
        for command in (
            ["train", folder / "train.csv", "--target", arguments.target, *ignored, "-o", model],
            ["report", model, folder / "test.csv", "-o", page],
        ):
            if pybp([str(word) for word in command]):
                sys.exit(1)
        for name, size in SIZES.items():
            picture(page, name, size)


if __name__ == "__main__":
    main()
