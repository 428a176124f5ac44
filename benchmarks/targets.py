"""What pybp sets out to reach, and whether a run reached it. A target without a record in the run is not measured."""

from dataclasses import dataclass, replace

import figures
from grid import BIG, CELLS, CORE, CURVE, FLAT, MNIST, PREDICT, RIVALS, SQUARE, Cell, Contest
from interleave import core_job

LIBXSMM = {
    SQUARE: 0.83,
    FLAT: 0.71,
}  # shares of peak that its authors' MLP sample reached on Zen 3, with SGD
RATE = 100e9  # FLOP/s of the core that bounds in seconds are told for
WIDE = 5e6  # FLOP of a step from which two threads are to pay
LONG = 50e-6  # seconds of a step from which overheads are told as shares
BIG_MNIST = Cell((784, 512, 512, 10), 128)
PEERS = tuple(name for name in RIVALS if name != "FANN")


@dataclass(frozen=True)
class Target:
    """One row: `best` and `median` as measured, in the words of the bound, and whether `best` keeps it."""

    what: str
    bound: str
    best: str = ""
    median: str = ""
    met: bool | None = None
    note: str = ""


class Book:
    """The records of a run, by section and cell."""

    def __init__(self, run):
        self.records, self.core = run["records"], run["core"].get("1") or {}

    def get(self, section, cell, threads=1):
        return self.records.get(Contest(section, cell, threads).key)

    def element(self, name):
        """Cycles an element of a function in f32."""
        for job in self.core.get("jobs", ()):
            if (job["group"], job["dtype"], job["name"]) == ("element", "f32", name):
                return job["value"]
        return None

    def step(self, cell):
        """pybp_bench's seconds of a step, best and median, as shares of the peak of its run."""
        for job in self.core.get("jobs", ()):
            if f"{job['group']} {job['dtype']} {job['name']}" == core_job(cell):
                peak = self.core["peak_flops"][cell.dtype]
                return [
                    cell.flop / job[which] / peak for which in ("seconds_best", "seconds_median")
                ]
        return None


def judged(what, bound, values, show, keeps, note=""):
    best, middle = values
    return Target(what, bound, show(best), show(middle), keeps(best), note)


def at_least(what, record, bound, values, show, note=""):
    text = f"≥ {show(bound)}"
    if record is None:
        return Target(what, text)
    return judged(what, text, values(record), show, lambda best: best >= bound, note)


def percent(value):
    return f"{100 * value:.1f}%"


def factor(value):
    return f"{value:.2f}x"


def microseconds(value):
    return f"{1e6 * value:.2f} µs"


def with_(cell, dtype="f32", optimizer="adam"):
    return replace(cell, dtype=dtype, optimizer=optimizer)


def shares(book):
    bounds = (
        (with_(SQUARE, optimizer="sgd"), 0.90),
        (SQUARE, 0.88),
        (with_(SQUARE, "f64", "sgd"), 0.85),
        (with_(SQUARE, "f64"), 0.80),
        (BIG_MNIST, 0.86),
        (MNIST, 0.86),
        (BIG, 0.82),
        (with_(FLAT, optimizer="sgd"), 0.80),
        (FLAT, 0.68),
        (Cell((30, 100, 2), 200), 0.58),
    )
    for cell, bound in bounds:
        what = f"{cell.name}, {cell.dtype}, {cell.optimizer}: share of peak, from C"
        through_fit = book.get("training", cell)
        note = f"through `fit`: {percent(figures.share(through_fit)[0])}" if through_fit else ""
        yield at_least(what, book.step(cell), bound, lambda shares: shares, percent, note)


def curve(book):
    """The small net of SimpleChains.jl's benchmark: seconds as if the core gave 100 GFLOP/s."""
    record = book.get("training", CURVE)
    what = f"{CURVE.name}, full batch, squared error: one epoch at 100 GFLOP/s"
    if record is None:
        yield Target(what, "≤ 1.0 ms")
    else:
        seconds = [CURVE.flop / (value * RATE) for value in figures.share(record)]
        yield judged(what, "≤ 1.0 ms", seconds, lambda s: f"{1e3 * s:.3f} ms", lambda s: s <= 1e-3)
    names = [
        name
        for name in ("PyTorch", "PyTorch compiled")
        if record and name in figures.rivals(record)
    ]
    faster = figures.fastest(record, names) if names else None
    yield at_least(
        f"{CURVE.name}: against PyTorch",
        record if faster else None,
        5,
        lambda r: figures.ratio(r, faster),
        factor,
        faster or "",
    )
    scaling = book.get("scaling", CURVE, 2)
    yield at_least(f"{CURVE.name}: 2 threads against 1", scaling, 1.7, alone, factor)


def alone(record):
    return figures.ratio(record, "pybp, 1 thread")


FACTORS = (20, 8, 4, 2.5, 2.2, 1.9, 1.5, 2)  # of CELLS, in order


def against(book, record, what, bound):
    faster = None if record is None else figures.fastest(record, PEERS)
    if not faster:
        return Target(what, f"≥ {factor(bound)}")
    note, share = faster, figures.rival_share(record, faster)
    if share and bound * share > 1:  # even a program at the peak would miss it
        note = f"{faster} is at {percent(share)} of peak: {factor(1 / share)} is the most there is"
    return at_least(what, record, bound, lambda r: figures.ratio(r, faster), factor, note)


def factors(book, threads):
    for cell, bound in zip(CELLS, FACTORS, strict=False):
        what = f"{cell.name}, f32, adam, {threads} thread{'s' * (threads > 1)}: against the fastest peer"
        yield against(book, book.get("training", cell, threads), what, bound)


def everywhere(book):
    """One row for each cell in f64, and with SGD."""
    for dtype, optimizer in (("f64", "adam"), ("f32", "sgd")):
        for cell in CELLS[: len(FACTORS)]:
            cell = with_(cell, dtype, optimizer)
            what = f"{cell.name}, {dtype}, {optimizer}: against the fastest peer"
            yield against(book, book.get("training", cell), what, 1.4)


def scaling(book):
    for cell in CELLS:
        bound = 1.8 if cell.flop > WIDE else 0.95
        if cell != CURVE:
            what = f"{cell.name}: 2 threads against 1"
            yield at_least(what, book.get("scaling", cell, 2), bound, alone, factor)


def overheads(book):
    for cell in CELLS:
        record = book.get("overhead", cell)
        what = f"{cell.name}: `fit` over the C step"
        if record is None:
            yield Target(what, "≤ 1% or 0.3 µs")
            continue
        core = min(figures.times(record, CORE))
        best, middle = (1 / value - 1 for value in figures.ratio(record, CORE))
        if core >= LONG:
            yield judged(what, "≤ 1%", (best, middle), percent, lambda extra: extra <= 0.01)
        else:
            extra = best * core, middle * core
            yield judged(what, "≤ 0.3 µs", extra, microseconds, lambda extra: extra <= 0.3e-6)


def inference(book):
    row = replace(FLAT, work=PREDICT, batch=1)
    record = book.get("inference", row)
    ways = (
        (CORE, "from C", 0.9e-6),
        ("pybp out=", "`predict(x, out=out)`", 1.3e-6),
        ("pybp", "`predict(x)`", 1.7e-6),
    )
    for name, way, bound in ways:
        what, text = f"64x4, one row, {way}", f"≤ {1e6 * bound:.1f} µs"
        values = figures.times(record, name) if record else []
        if not values:
            yield Target(what, text)
            continue
        middle = sorted(values)[len(values) // 2]
        yield judged(what, text, (min(values), middle), microseconds, lambda s, b=bound: s <= b)
    for cell, bound in ((MNIST, 0.85), (FLAT, 0.80)):
        cell = replace(cell, work=PREDICT, batch=10_000)
        record = book.get("inference", cell)
        what = f"predict {cell.name}"
        yield at_least(f"{what}: share of peak", record, bound, figures.share, percent)
        faster = (
            None
            if record is None
            else figures.fastest(record, ("ONNX Runtime", "ONNX Runtime bound"))
        )
        yield at_least(
            f"{what}: against ONNX Runtime",
            record if faster else None,
            1.5,
            lambda r, f=faster: figures.ratio(r, f),
            factor,
            faster or "",
        )


def elements(book):
    for name, bound in (("tanh", 2.4), ("exp", 1.6), ("sigmoid", 2.0), ("log", 2.0)):
        found = book.element(f"activation {name}") or book.element(f"function {name}")
        what, text = f"{name}, f32: cycles an element", f"≤ {bound}"
        if found is None:
            yield Target(what, text)
        else:
            yield Target(what, text, f"{found:.2f}", "", found <= bound, "pybp_bench")


def libxsmm(book):
    for cell, bound in LIBXSMM.items():
        cell = with_(cell, optimizer="sgd")
        what = f"{cell.name}, f32, sgd: share of peak, ahead of libxsmm-dnn's"
        yield at_least(
            what, book.get("training", cell), bound, figures.share, percent, "its figure is quoted"
        )


def targets(run):
    """All rows, in the order in which the report shows them."""
    book = Book(run)
    rows = [*shares(book), *curve(book), *factors(book, 1), *everywhere(book), *scaling(book)]
    return [
        *rows,
        *factors(book, 2),
        *overheads(book),
        *inference(book),
        *elements(book),
        *libxsmm(book),
    ]
