"""The grid: which nets are measured, in which precision, with which optimizer, and against what. Nothing runs here.

The measured libraries other than pybp are its peers. A contest measures one cell with pybp and with its rivals: peers,
or pybp itself on one thread, or `pybp_bench`, the benchmark in C.
"""

import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
TRAIN, PREDICT = "train", "predict"
TRAINING_PEERS = ("scikit-learn", "PyTorch", "PyTorch compiled", "JAX", "Keras", "FANN")
RUNTIMES = ("ONNX Runtime", "ONNX Runtime bound")  # peers in inference only
CORE = "pybp_bench"
EPOCH_SECONDS = 0.3  # length of an epoch on a core that reaches 60 GFLOP/s
EPOCH_BYTES = 16e6  # of inputs at most, so that minibatches come from the near caches
ROW = re.compile(r'^BENCH_CELL\("[^"]+", (\d+), (\w+), (\w+), ([01]), ([\d, ]+)\)$', re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """One piece of work: training steps on minibatches of `batch` rows, or predictions of `batch` rows."""

    sizes: tuple[int, ...]
    batch: int
    work: str = TRAIN
    dtype: str = "f32"
    optimizer: str = "adam"
    hidden: str = "relu"
    loss: str = "cross_entropy"  # with a softmax output; the other losses with a linear one

    @property
    def net(self):
        same = len(set(self.sizes)) == 1
        text = f"{self.sizes[0]}x{len(self.sizes) - 1}" if same else "-".join(map(str, self.sizes))
        return text if self.hidden == "relu" else f"{text} {self.hidden}"

    @property
    def name(self):
        if self.work == TRAIN:
            return f"{self.net} B{self.batch}"
        return f"{self.net} {self.batch:,} row{'s' * (self.batch > 1)}"

    @property
    def key(self):
        optimizer = f" {self.optimizer}" if self.work == TRAIN else ""
        return f"{self.work} {self.dtype} {self.name}{optimizer}"

    @property
    def classifies(self):
        return self.loss == "cross_entropy"

    @property
    def parameters(self):
        return sum((n_in + 1) * n_out for n_in, n_out in self.products)

    @property
    def products(self):
        return list(zip(self.sizes, self.sizes[1:], strict=False))

    @property
    def flop(self):
        """Of a step or prediction, without padding. In a step, the first layer needs no product for its inputs' deltas."""
        first, others = (4, 6) if self.work == TRAIN else (2, 2)
        counts = [n_in * n_out for n_in, n_out in self.products]
        return self.batch * (first * counts[0] + others * sum(counts[1:]))

    @property
    def itemsize(self):
        return 4 if self.dtype == "f32" else 8

    @property
    def full_batch(self):
        """Whether an epoch is one step."""
        return self.batch >= 10_000

    def steps(self, most, least):
        """Steps in an epoch: enough that the cost per epoch is small, and `most` at most."""
        if self.full_batch:
            return 1
        wanted = EPOCH_SECONDS * 60e9 / self.flop
        room = EPOCH_BYTES / (self.batch * self.sizes[0] * self.itemsize)
        return int(min(max(least, min(wanted, room)), most))

    def as_dict(self):
        return asdict(self)

    @classmethod
    def from_dict(cls, fields):
        return cls(**{**fields, "sizes": tuple(fields["sizes"])})


@dataclass(frozen=True)
class Contest:
    """A cell that pybp does on so many threads, and its rivals as (name, threads); they may do another cell."""

    section: str
    cell: Cell
    threads: int
    rivals: tuple[tuple[str, int], ...] = ()
    rival_cell: Cell | None = None

    @property
    def key(self):
        other = f" against {self.rival_cell.name}" if self.rival_cell else ""
        return f"{self.section}: {self.cell.key}{other}, {threads_text(self.threads)}"


def threads_text(threads):
    return f"{threads} thread{'s' * (threads > 1)}"


def read_cells():
    """(cell, whether predictions are measured, too) for each row of cells.def."""
    text = (ROOT / "csrc" / "bench" / "cells.def").read_text(encoding="utf-8")
    for batch, hidden, loss, predicted, sizes in ROW.findall(text):
        widths = tuple(map(int, sizes.split(",")))
        cell = Cell(widths, int(batch), hidden=hidden.lower(), loss=loss.lower())
        yield cell, predicted == "1"


CELLS = tuple(cell for cell, _ in read_cells())
PREDICTED = tuple(cell for cell, predicted in read_cells() if predicted)
BY_NAME = {cell.name: cell for cell in CELLS}
MNIST = BY_NAME["784-128-10 B128"]
FLAT = BY_NAME["64x4 B32"]
BIG = BY_NAME["1024-2048-2048-1024 B256"]
QUICK = (BY_NAME["2-8-2 B4"], BY_NAME["30-100-2 B200"], MNIST, FLAT)
DTYPES_AND_OPTIMIZERS = (("f32", "adam"), ("f32", "sgd"), ("f64", "adam"), ("f64", "sgd"))


def training(cells, threads):
    """Against the peers on the same number of threads; on one thread in both precisions and with both optimizers."""
    peers = tuple((name, threads) for name in TRAINING_PEERS)
    for dtype, optimizer in DTYPES_AND_OPTIMIZERS if threads == 1 else DTYPES_AND_OPTIMIZERS[:1]:
        for cell in cells:
            alone = (dtype, optimizer) == ("f64", "sgd")
            cell = replace(cell, dtype=dtype, optimizer=optimizer)
            yield Contest("training", cell, threads, () if alone else peers)


def scaling(cells, threads):
    """Against pybp itself on one thread."""
    if threads > 1:
        for cell in cells:
            yield Contest("scaling", cell, threads, (("pybp", 1),))


def inference(cells, threads):
    """One row of a small net, and 10,000 rows of two nets."""
    del cells
    runtimes = tuple((name, threads) for name in (*RUNTIMES, "PyTorch", "JAX"))
    row = replace(FLAT, work=PREDICT, batch=1)
    if threads == 1:
        own = (("pybp out=", 1), (CORE, 1))
        yield Contest("inference", row, 1, (*own, *runtimes, ("scikit-learn", 1), ("FANN", 1)))
    for cell in PREDICTED:
        yield Contest("inference", replace(cell, work=PREDICT, batch=10_000), threads, runtimes)


def overhead(cells, threads):
    """The cost of Python: `fit` against the same steps from C."""
    if threads == 1:
        for cell in cells:
            yield Contest("overhead", cell, 1, ((CORE, 1),))
