from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, Required, TypedDict, TypeVar, final

import numpy as np
import numpy.typing as npt

_Array = npt.NDArray[Any]
_Out = TypeVar("_Out", bound=_Array)
_OptionalOut = TypeVar("_OptionalOut", bound=_Array | None)
_Loss = tuple[int, tuple[float, ...]]
_Optimizer = tuple[int, tuple[float, ...], float, float, bool, float]
_Progress = tuple[int, int, int, int, tuple[float, float, float], int]
_Sums = tuple[float, int, int, int, float, float]

_Layer = TypedDict(
    "_Layer",
    {
        "kind": Required[int],
        "n_out": Required[int],
        "from": int,
        "skip": int,
        "params": tuple[float, ...],
        "groups": int,
        "columns": tuple[int, ...],
        "column": int,
        "n_categories": int,
        "activation": int,
        "activation_params": tuple[float, ...],
        "no_bias": bool,
        "no_scale": bool,
        "init": int,
        "init_value": float,
        "bias_init": float,
        "bias_std": float,
        "parametrization": int,
        "l1": float,
        "l2": float,
        "has_lr_factors": bool,
        "lr_factor": float,
        "bias_lr_factor": float,
        "max_norm": float,
        "frozen": bool,
    },
    total=False,
)

class _Csr(Protocol):
    @property
    def csr(self) -> tuple[_Array, _Array, _Array, int]: ...

_Inputs = _Array | _Csr

MAX_LOSS_PARAMS: Final[int]

class _Param(TypedDict):
    name: str
    default: float
    low: float
    high: float
    low_open: bool
    high_open: bool
    list: bool

class _Row(TypedDict):
    name: str
    label: str
    text: str
    params: tuple[_Param, ...]

functions: Final[object]  # a capsule

def registry(which: str) -> tuple[_Row, ...]: ...
def version() -> str: ...
def isa() -> str: ...
def isa_reason() -> str: ...
def isa_compiled() -> tuple[str, ...]: ...
def isa_usable(name: str) -> bool: ...
def isa_select(name: str | None) -> None: ...
def default_threads() -> tuple[int, str]: ...
def activate(
    kind: int,
    params: tuple[float, ...],
    z: _Array,
    out: _Array | None,
    derivative: _Array | None,
) -> None: ...
def find_nonfinite(x: _Inputs, dtype: np.dtype[Any]) -> tuple[int, int] | None: ...
def metric_value(
    metric: str, target: _Array, prediction: _Array, weights: _Array | None
) -> float: ...
def schedule_rates(
    kind: int,
    lr: float,
    params: tuple[float, ...],
    milestones: _Array,
    first: int,
    horizon: int,
    out: _Array,
) -> None: ...

@final
class File:
    kind: Final[str]
    description: Final[str]
    n_nets: Final[int]
    arrays: Final[dict[str, tuple[np.dtype[Any], tuple[int, ...]]]]
    def __init__(self, descriptor: int) -> None: ...
    def read(self, name: str) -> _Array: ...
    def net(self, index: int) -> Net: ...

@final
class TrainOptions:
    def __new__(
        cls,
        *,
        loss: _Loss,
        reduction: str,
        optimizer: _Optimizer | None,
        batch_size: int,
        threads: int,
        accumulate: int = 1,
        drop_last: bool = False,
        shuffle: bool = False,
        part: bool = False,
        penalty_per_weight: bool = False,
        count_correct: bool = False,
    ) -> TrainOptions: ...

@final
class _Exclusive:
    def __enter__(self) -> bool: ...
    def __exit__(self, *exception: object) -> None: ...

@final
class Net:
    dtype: Final[np.dtype[Any]]
    isa: Final[str]
    n_parameters: Final[int]
    def __init__(
        self, dtype: str, n_in: int, layers: Sequence[_Layer], seed: int, zeroed: bool = False
    ) -> None: ...
    def exclusive(self) -> _Exclusive: ...
    def handle(self) -> object: ...
    def copy(self) -> Net: ...
    def get(self, what: str, layer: int, out: _Out) -> _Out: ...
    def set(self, what: str, layer: int, values: _Array) -> None: ...
    def set_arrays(self, arrays: list[tuple[str, int, _Array]]) -> None: ...
    def penalty(self) -> float: ...
    def get_flat(self, what: str, out: _Out) -> _Out: ...
    def set_flat(self, what: str, values: _Array) -> None: ...
    def poke(self, layer: int, row: int, column: int, value: float) -> float: ...
    def get_progress(self) -> _Progress: ...
    def set_progress(self, progress: _Progress) -> None: ...
    def order(self, out: _Array) -> None: ...
    def initialize(self, x: _Inputs, unit_variance: bool, combined_biases: bool) -> None: ...
    def try_predict(self, x: object, out: object, threads: int = 0) -> _Array | None: ...
    def predict(self, x: _Inputs, out: _Out, threads: int) -> _Out: ...
    def evaluate(
        self,
        x: _Inputs,
        y: _Array,
        weights: _Array | None,
        loss: _Loss,
        reduction: str,
        threads: int,
    ) -> tuple[float, int]: ...
    def forward(
        self, x: _Inputs, keep: bool, out: _OptionalOut, threads: int, training: bool = False
    ) -> _OptionalOut: ...
    def backward(self, dl_da: _Array, dx: _OptionalOut, threads: int) -> _OptionalOut: ...
    def backward_loss(
        self,
        y: _Array,
        weights: _Array | None,
        loss: _Loss,
        reduction: str,
        dx: _Array | None,
        threads: int,
    ) -> float: ...
    def jacobian(self, x: _Inputs, out: _Out) -> _Out: ...
    def step(self, optimizer: _Optimizer, lr: float, threads: int) -> None: ...
    def reset_optimizer(self) -> None: ...
    def train(
        self,
        options: TrainOptions,
        x: _Inputs,
        y: _Array,
        weights: _Array | None,
        rates: _Array,
        weight_decay: _Array | None = None,
        dropout: _Array | None = None,
        *,
        epochs: int = 1,
        first_step: int = 0,
        n_steps: int = 0,
        before: _Sums | None = None,
        on_step: Callable[[int, float], object] | None = None,
        on_epoch: Callable[[_Sums], object] | None = None,
    ) -> _Sums: ...
    def gradient(
        self, options: TrainOptions, x: _Inputs, y: _Array, weights: _Array | None
    ) -> tuple[float, int]: ...
