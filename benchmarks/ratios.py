"""The numbers that a record gives: best times, spread, ratios to rivals, and fractions of the peak. Seconds and FLOP."""

from statistics import median, quantiles

from grid import Cell


def times(record, name="pybp"):
    """Seconds of pybp or of a rival, in each sample."""
    if name == "pybp":
        return [sample["pybp"] for sample in record["samples"]]
    return [sample["seconds"] for sample in record["samples"] if sample["rival"] == name]


def spread(values):
    """The interquartile range over the median."""
    if len(values) < 2:
        return 0.0
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return (high - low) / middle


def rivals(record):
    """The rivals that were measured, in the order of the record."""
    present = {sample["rival"] for sample in record["samples"]}
    return [name for name in record["contestants"] if name in present and name != "pybp"]


def ratio(record, rival):
    """The rival's seconds over pybp's: of the best of both, and the median over the samples."""
    samples = [sample for sample in record["samples"] if sample["rival"] == rival]
    pairs = [sample["seconds"] / sample["pybp"] for sample in samples]
    return min(times(record, rival)) / min(times(record)), median(pairs)


def fastest(record, among=None):
    """The rival with the best time; None if there is none."""
    names = [name for name in rivals(record) if among is None or name in among]
    return min(names, key=lambda name: min(times(record, name)), default=None)


def peak_fraction(record):
    """pybp's rate over that of the FMA loop: of the best of both, and the median over the samples."""
    flop, best = Cell.from_dict(record["cell"]).flop, best_peak(record)
    if best == 0:
        return None, None
    rates = [flop / sample["pybp"] / sample["peak"] for sample in record["samples"]]
    return flop / min(times(record)) / best, median(rates)


def rival_peak_fraction(record, rival):
    """The same for a rival, of the best of both."""
    flop, best = Cell.from_dict(record["cell"]).flop, best_peak(record)
    return flop / min(times(record, rival)) / best if best else None


def best_peak(record):
    return max(sample["peak"] for sample in record["samples"])
