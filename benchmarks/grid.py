"""The grid: which nets, in which precision, trained how, against whom. Arithmetic only; nothing runs here."""

from dataclasses import asdict, dataclass, replace

TRAIN, PREDICT = "train", "predict"
RIVALS = ("scikit-learn", "PyTorch", "PyTorch compiled", "JAX", "Keras", "FANN")  # in training
RUNTIMES = ("ONNX Runtime", "ONNX Runtime bound")  # in inference
CORE = "pybp_bench"  # the C benchmark, as a rival of the Python package
EPOCH_SECONDS = 0.3  # of an epoch, if a core gives 60 GFLOP/s
EPOCH_BYTES = 16e6  # of inputs, at most: minibatches come from the near caches, for everyone


@dataclass(frozen=True)
class Cell:
    """One piece of work: steps of training on minibatches of `batch` rows, or predictions of `batch` rows."""

    sizes: tuple[int, ...]
    batch: int
    work: str = TRAIN
    dtype: str = "f32"
    optimizer: str = "adam"
    hidden: str = "relu"
    loss: str = (
        "cross_entropy"  # with a softmax output; "mse" and "squared_error" with a linear one
    )

    @property
    def net(self):
        same = len(set(self.sizes)) == 1
        text = f"{self.sizes[0]}x{len(self.sizes) - 1}" if same else "-".join(map(str, self.sizes))
        return text if self.hidden == "relu" else f"{text} {self.hidden}"

    @property
    def name(self):
        rows = (
            f"B{self.batch}"
            if self.work == TRAIN
            else f"{self.batch:,} rows".replace("1 rows", "1 row")
        )
        return f"{self.net} {rows}"

    @property
    def key(self):
        return f"{self.work} {self.dtype} {self.name} {self.optimizer if self.work == TRAIN else ''}".strip()

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
        """Of one step or prediction, without padding: of a step, the first layer's delta needs no product."""
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
        """Steps of an epoch: enough that its set-up counts for little, and `most` at most."""
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
    """One cell, pybp on so many threads, and its rivals: peers as (name, threads), who may have another cell."""

    section: str
    cell: Cell
    threads: int
    rivals: tuple[tuple[str, int], ...] = ()
    beside: Cell | None = None

    @property
    def key(self):
        beside = f" beside {self.beside.name}" if self.beside else ""
        return f"{self.section}: {self.cell.key}{beside}, {self.threads} thread{'s' * (self.threads > 1)}"


TINY = Cell((2, 8, 2), 4)
FLAT = Cell((64,) * 5, 32, loss="mse")
SQUARE = Cell((256,) * 5, 128, loss="mse")
MNIST = Cell((784, 128, 10), 128)
CURVE = Cell((4, 32, 16, 4), 10_000, hidden="tanh", loss="squared_error")
BIG = Cell((1024, 2048, 2048, 1024), 256, loss="mse")
CELLS = (
    TINY,
    Cell((8, 32, 32, 2), 32),
    Cell((30, 100, 2), 200),
    Cell((64, 128, 64, 10), 128),
    MNIST,
    Cell((784, 512, 512, 10), 128),
    BIG,
    replace(BIG, batch=32),
    SQUARE,
    FLAT,
    CURVE,
)
QUICK = (TINY, Cell((30, 100, 2), 200), MNIST, FLAT)
DTYPES_AND_OPTIMIZERS = (("f32", "adam"), ("f32", "sgd"), ("f64", "adam"), ("f64", "sgd"))


def training(cells, threads):
    """Against the peers, on the same number of threads: on one, in both precisions, with both optimizers."""
    peers = tuple((name, threads) for name in RIVALS)
    for dtype, optimizer in DTYPES_AND_OPTIMIZERS if threads == 1 else DTYPES_AND_OPTIMIZERS[:1]:
        for cell in cells:
            alone = (dtype, optimizer) == ("f64", "sgd")
            cell = replace(cell, dtype=dtype, optimizer=optimizer)
            yield Contest("training", cell, threads, () if alone else peers)


def scaling(cells, threads):
    """Against pybp itself, on one thread."""
    if threads > 1:
        for cell in cells:
            yield Contest("scaling", cell, threads, (("pybp", 1),))


def inference(cells, threads):
    """One row of a small net, and 10,000 rows of two."""
    del cells
    runtimes = tuple((name, threads) for name in (*RUNTIMES, "PyTorch", "JAX"))
    row = replace(FLAT, work=PREDICT, batch=1)
    if threads == 1:
        own = (("pybp out=", 1), (CORE, 1))
        yield Contest("inference", row, 1, (*own, *runtimes, ("scikit-learn", 1), ("FANN", 1)))
    for cell in (MNIST, FLAT):
        yield Contest("inference", replace(cell, work=PREDICT, batch=10_000), threads, runtimes)


def overhead(cells, threads):
    """What Python costs: `fit` against the same steps from C."""
    if threads == 1:
        for cell in cells:
            yield Contest("overhead", cell, 1, ((CORE, 1),))
