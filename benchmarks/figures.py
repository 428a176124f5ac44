"""What a record of turns says: best, median and spread, ratios of neighbours, and the share of peak. Seconds and FLOP."""

from statistics import median, quantiles

from grid import Cell


def times(record, name="pybp"):
    """Seconds of pybp's turns, or of a rival's."""
    if name == "pybp":
        return [turn["pybp"] for turn in record["turns"]]
    return [turn["seconds"] for turn in record["turns"] if turn["rival"] == name]


def spread(values):
    """The interquartile range over the median."""
    if len(values) < 2:
        return 0.0
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return (high - low) / middle


def rivals(record):
    """Those that took part, in the order of the record."""
    present = {turn["rival"] for turn in record["turns"]}
    return [name for name in record["contestants"] if name in present and name != "pybp"]


def ratio(record, rival):
    """How many times longer the rival takes: the best of both, and the median over neighbours in time."""
    pairs = [t["seconds"] / t["pybp"] for t in record["turns"] if t["rival"] == rival]
    return min(times(record, rival)) / min(times(record)), median(pairs)


def fastest(record, among=None):
    """The rival with the best time; None if there is none."""
    names = [name for name in rivals(record) if among is None or name in among]
    return min(names, key=lambda name: min(times(record, name)), default=None)


def share(record):
    """Of what the FMA loop reaches: the best of both, and the median over neighbours in time."""
    flop = Cell.from_dict(record["cell"]).flop
    best = max(turn["peak"] for turn in record["turns"])
    if best == 0:
        return None, None
    near = median(flop / turn["pybp"] / turn["peak"] for turn in record["turns"])
    return flop / min(times(record)) / best, near


def rival_share(record, rival):
    """The same of a rival, best of both."""
    flop = Cell.from_dict(record["cell"]).flop
    best = max(turn["peak"] for turn in record["turns"])
    return flop / min(times(record, rival)) / best if best else None
