"""Copies of the parameters of a net."""

from dataclasses import dataclass

import numpy as np

from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.net.network import Network
from pybp.net.state import read, state_arrays

__all__ = ["Parameters"]


@dataclass(frozen=True)
class Parameters:
    """A copy of the parameters and running statistics of a net."""

    arrays: tuple[tuple[str, int, Array], ...]

    @classmethod
    def copy_from(cls, model: Network) -> "Parameters":
        """Copy those of `model`."""
        net = model._net
        return cls(
            tuple(
                (what, index, read(net, what, index, shape))
                for what, index, shape in state_arrays(model.layers, net.get_progress())
                if "_state" not in what
            )
        )

    @classmethod
    def from_flat(cls, model: Network, flat: Array) -> "Parameters":
        """Those of `model` that `flat` gave."""
        own = cls.copy_from(model)
        if not isinstance(flat, np.ndarray) or flat.shape != own.flat.shape:
            raise ArgumentError(
                f"the net has {own.flat.size} parameters and statistics, not so many"
            )
        ends = np.cumsum([values.size for _, _, values in own.arrays])[:-1]
        parts = zip(own.arrays, np.split(flat, ends), strict=True)
        return cls(tuple((w, index, part.reshape(v.shape)) for (w, index, v), part in parts))

    @property
    def flat(self) -> Array:
        """All of them in one vector."""
        return np.concatenate([values.ravel() for _, _, values in self.arrays] or [np.zeros(0)])

    def in_net(self, model: Network) -> bool:
        """Whether `model` has these, rounded to its dtype."""
        return np.array_equal(self.flat.astype(model.dtype), Parameters.copy_from(model).flat)

    def write_to(self, model: Network) -> None:
        """Write them to a net of the same layers, rounded to its dtype."""
        model._net.set_arrays(
            [
                (what, index, np.ascontiguousarray(values, dtype=model.dtype))
                for what, index, values in self.arrays
            ]
        )

    def are_finite(self) -> bool:
        """Whether there is no NaN or infinity among them."""
        return all(np.isfinite(values).all() for _, _, values in self.arrays)

    def in_float64(self) -> "Parameters":
        """A copy in float64."""
        return Parameters(
            tuple((what, index, v.astype(np.float64)) for what, index, v in self.arrays)
        )

    def interpolate(self, target: "Parameters", fraction: float) -> "Parameters":
        """``self + fraction * (target - self)``, element by element."""
        pairs = zip(self.arrays, target.arrays, strict=True)
        return Parameters(
            tuple((what, index, v + fraction * (to - v)) for (what, index, v), (_, _, to) in pairs)
        )
