"""Copies of the parameters of a net."""

from dataclasses import dataclass

import numpy as np

from pybp._common.types import Array
from pybp.net.network import Network
from pybp.net.state import read, state_arrays

__all__ = ["Parameters"]


@dataclass(frozen=True)
class Parameters:
    """A copy of all that a net has learned, without the optimizer's state."""

    arrays: tuple[tuple[str, int, Array], ...]

    @classmethod
    def of(cls, model: Network) -> "Parameters":
        """Those that the net has now."""
        net = model._net
        return cls(
            tuple(
                (what, place, read(net, what, place, shape))
                for what, place, shape in state_arrays(model.layers, net.get_progress())
                if "_state" not in what
            )
        )

    def write_to(self, model: Network) -> None:
        """Give them to a net of the same layers, rounded to its dtype."""
        for what, place, values in self.arrays:
            model._net.set(what, place, np.ascontiguousarray(values, dtype=model.dtype))

    def in_float64(self) -> "Parameters":
        """The same in float64."""
        return Parameters(
            tuple((what, place, v.astype(np.float64)) for what, place, v in self.arrays)
        )

    def moved(self, target: "Parameters", share: float) -> "Parameters":
        """``self + share (target - self)``, element by element."""
        pairs = zip(self.arrays, target.arrays, strict=True)
        return Parameters(
            tuple((what, place, v + share * (to - v)) for (what, place, v), (_, _, to) in pairs)
        )
