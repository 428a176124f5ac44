"""How time grows with width, batch and depth, and whether it jumps between neighbouring sizes."""

from dataclasses import replace

import ratios
from grid import Cell, Contest

WIDTHS = tuple(2**i for i in range(3, 13))
BATCHES = tuple(2**i for i in range(0, 17, 2))
DEPTHS = (1, 2, 4, 8, 16, 32)
BASE = Cell((128, 128, 128), 128, loss="mse")  # of which one quantity varies
COLUMNS = 8  # outputs of a kernel are padded to a multiple of this
ALLOWED = 1.15  # the most that time may grow beyond what padding explains
NEIGHBOURS = (  # pairs of sizes between which time might jump
    *(("width", *pair) for pair in ((45, 46), (16, 17), (63, 65), (127, 129))),
    *(("batch", *pair) for pair in ((255, 256), (256, 257), (255, 257), (127, 129))),
)
LINES = (("width", WIDTHS), ("batch", BATCHES), ("depth", DEPTHS))  # of the plots


def varied(what, value):
    if what == "width":
        return replace(BASE, sizes=(value,) * 3)
    if what == "depth":
        return replace(BASE, sizes=(128,) * (value + 1))
    return replace(BASE, batch=value)


def section(what):
    return f"growth by {what}"


def growth(cells, threads):
    """The points of the plots, without rivals; and on one thread neighbouring sizes against each other."""
    del cells
    for what, values in LINES:
        for value in values:
            yield Contest(section(what), varied(what, value), threads)
    if threads == 1:
        for what, small, large in NEIGHBOURS:
            yield Contest("cliffs", varied(what, large), 1, (("pybp", 1),), varied(what, small))


def padded_flop(cell):
    """FLOP with the output columns of each product padded; the outputs of a delta product are the layer's inputs."""

    def pad(n):
        return -(-n // COLUMNS) * COLUMNS

    total = 0
    for i, (n_in, n_out) in enumerate(cell.products):
        total += 4 * n_in * pad(n_out) + (2 * n_out * pad(n_in) if i > 0 else 0)
    return cell.batch * total


def cliffs(records):
    """For each pair of neighbours: time per sample of the larger over the smaller (best, median), what padding
    explains, and whether the rest is within bounds."""
    for what, small, large in NEIGHBOURS:
        a, b = varied(what, small), varied(what, large)
        record = records.get(Contest("cliffs", b, 1, (), a).key)
        if record is None:
            continue
        rival = ratios.rivals(record)[0]
        per_sample = b.batch / a.batch
        best, middle = (1 / value / per_sample for value in ratios.ratio(record, rival))
        explained = padded_flop(b) / padded_flop(a) / per_sample
        yield f"{what} {small} → {large}", best, middle, explained, best / explained <= ALLOWED
