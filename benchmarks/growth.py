"""How time grows with width, batch and depth, on one thread and on more; and whether there are cliffs in between."""

from dataclasses import replace

import figures
from grid import Cell, Contest

WIDTHS = tuple(2**i for i in range(3, 13))
BATCHES = tuple(2**i for i in range(0, 17, 2))
DEPTHS = (1, 2, 4, 8, 16, 32)
BASE = Cell((128, 128, 128), 128, loss="mse")  # what varies in one direction at a time
COLUMNS = 8  # that a kernel's output is padded to a multiple of
ALLOWED = 1.15  # of what padding explains
NEIGHBOURS = (  # widths and batches that one might fear
    *(("width", *pair) for pair in ((45, 46), (16, 17), (63, 65), (127, 129))),
    *(("batch", *pair) for pair in ((255, 256), (256, 257), (255, 257), (127, 129))),
)


def varied(what, value):
    if what == "width":
        return replace(BASE, sizes=(value,) * 3)
    if what == "depth":
        return replace(BASE, sizes=(128,) * (value + 1))
    return replace(BASE, batch=value)


def lines():
    """(what varies, its values) of the plots."""
    return (("width", WIDTHS), ("batch", BATCHES), ("depth", DEPTHS))


def section(what):
    return f"growth by {what}"


def growth(cells, threads):
    """Points of the plots: pybp alone. On one thread also the neighbours, against each other."""
    del cells
    for what, values in lines():
        for value in values:
            yield Contest(section(what), varied(what, value), threads)
    if threads == 1:
        for what, small, large in NEIGHBOURS:
            yield Contest("cliffs", varied(what, large), 1, (("pybp", 1),), varied(what, small))


def padded_flop(cell):
    """FLOP with the output columns of each product padded: of deltas, those are the inputs of the layer."""

    def pad(n):
        return -(-n // COLUMNS) * COLUMNS

    total = 0
    for i, (n_in, n_out) in enumerate(cell.products):
        total += 4 * n_in * pad(n_out) + (2 * n_out * pad(n_in) if i > 0 else 0)
    return cell.batch * total


def cliffs(records):
    """Rows of the table: pair, time per sample of the larger over the smaller, what padding explains, within bounds."""
    for what, small, large in NEIGHBOURS:
        a, b = varied(what, small), varied(what, large)
        record = records.get(Contest("cliffs", b, 1, (), a).key)
        if record is None:
            continue
        rival = figures.rivals(record)[0]
        per_sample = b.batch / a.batch
        best, middle = (1 / value / per_sample for value in figures.ratio(record, rival))
        explained = padded_flop(b) / padded_flop(a) / per_sample
        yield f"{what} {small} → {large}", best, middle, explained, best / explained <= ALLOWED
