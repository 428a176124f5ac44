"""PyTorch modules for the layers that PyTorch doesn't have; torch is imported when they are first needed."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

from pybp._common.types import Array
from pybp.activations import ActivationFunction

__all__ = ["module_classes"]


@cache
def module_classes(torch: Any) -> SimpleNamespace:
    """The classes of modules, by the names by which `to_torch` calls them."""
    nn = torch.nn

    def parameter(array: Array | None) -> Any:
        return None if array is None else nn.Parameter(torch.from_numpy(array.copy()))

    class PybpResidual(nn.Module):  # type: ignore[misc,name-defined]
        """The sum of a branch and its input, or a projection of that."""

        def __init__(self, branch: Any, projection: Any) -> None:
            super().__init__()
            self.branch, self.projection = branch, projection

        def forward(self, x: Any) -> Any:
            return (x if self.projection is None else self.projection(x)) + self.branch(x)

    class PybpScale(nn.Module):  # type: ignore[misc,name-defined]
        """``weight x + bias``."""

        def __init__(self, weights: Array, biases: Array | None) -> None:
            super().__init__()
            self.n_in = len(weights)
            self.weight, self.bias = parameter(weights), parameter(biases)

        def forward(self, x: Any) -> Any:
            return x * self.weight if self.bias is None else x * self.weight + self.bias

    class PybpGaussianNoise(nn.Module):  # type: ignore[misc,name-defined]
        """Normal noise in training."""

        def __init__(self, std: float) -> None:
            super().__init__()
            self.std = std

        def forward(self, x: Any) -> Any:
            return x + self.std * torch.randn_like(x) if self.training else x

    class PybpParametricActivation(nn.Module):  # type: ignore[misc,name-defined]
        """``x + weight (f(x) - x)``."""

        def __init__(self, function: Any, spec: ActivationFunction, weights: Array) -> None:
            super().__init__()
            self.function, self.spec, self.n_in = function, spec, len(weights)
            self.weight = parameter(weights)

        def forward(self, x: Any) -> Any:
            return x + self.weight * (self.function(x) - x)

    class PybpConcat(nn.Module):  # type: ignore[misc,name-defined]
        """The input and the output of a branch side by side."""

        def __init__(self, branch: Any) -> None:
            super().__init__()
            self.branch = branch

        def forward(self, x: Any) -> Any:
            return torch.cat([x, self.branch(x)], dim=1)

    class PybpGroupedDense(nn.Module):  # type: ignore[misc,name-defined]
        """``weight x + bias`` for each group of inputs."""

        def __init__(self, groups: int, weights: Array, biases: Array | None) -> None:
            super().__init__()
            self.groups, self.n_in = groups, groups * weights.shape[1]
            self.weight, self.bias = parameter(weights), parameter(biases)

        def forward(self, x: Any) -> Any:
            fan = self.weight.shape[1]
            parts = x.reshape(len(x), self.groups, 1, fan)
            matrices = self.weight.reshape(self.groups, -1, fan).transpose(1, 2)
            z = (parts @ matrices).reshape(len(x), -1)
            return z if self.bias is None else z + self.bias

    class PybpPeriodic(nn.Module):  # type: ignore[misc,name-defined]
        """``cos(weight x + bias)`` of the column that each output reads."""

        def __init__(self, n_in: int, columns: list[int], weights: Array, biases: Array) -> None:
            super().__init__()
            self.n_in, self.columns = n_in, columns
            self.weight, self.bias = parameter(weights), parameter(biases)

        def forward(self, x: Any) -> Any:
            return torch.cos(x[:, self.columns] * self.weight[:, 0] + self.bias)

    class PybpEmbedding(nn.Module):  # type: ignore[misc,name-defined]
        """The columns that hold no categories, then the vectors of the others."""

        def __init__(self, n_in: int, tables: dict[int, Array]) -> None:
            super().__init__()
            self.n_in, self.columns = n_in, sorted(tables)
            self.others = [column for column in range(n_in) if column not in tables]
            self.tables = nn.ModuleList(
                nn.Embedding.from_pretrained(torch.from_numpy(tables[c].T.copy()), freeze=False)
                for c in self.columns
            )

        def forward(self, x: Any) -> Any:
            pairs = zip(self.columns, self.tables, strict=True)
            vectors = [table(x[:, column].long()) for column, table in pairs]
            return torch.cat([x[:, self.others], *vectors], dim=1)

    return SimpleNamespace(
        residual=PybpResidual,
        scale=PybpScale,
        noise=PybpGaussianNoise,
        parametric=PybpParametricActivation,
        embedding=PybpEmbedding,
        concat=PybpConcat,
        grouped=PybpGroupedDense,
        periodic=PybpPeriodic,
    )
