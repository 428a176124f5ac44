"""Specs: small frozen descriptions of what the core has in its registries.

A spec class stands for one registry row. Wherever a spec is taken, its class or its name with the
defaults is taken too.
"""

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pybp import _core
from pybp._common.arguments import real, shown, unknown_name
from pybp.errors import ArgumentError

if TYPE_CHECKING:
    from pybp._core import _Row as Row

__all__ = ["Shown", "Spec", "names", "resolve", "row", "row_names", "row_number"]

S = TypeVar("S", bound="Spec")

_REGISTRIES = ("activations", "initializers", "layers", "losses", "optimizers", "schedules")
_ROWS: dict[str, tuple["Row", ...]] = {which: _core.registry(which) for which in _REGISTRIES}
_NUMBERS = {
    which: {row["name"]: number for number, row in enumerate(rows)} for which, rows in _ROWS.items()
}


@dataclasses.dataclass(frozen=True, repr=False)
class Shown:
    """Base of what is printed as it was written: the class, and what is not a default."""

    def __repr__(self) -> str:
        fields = sorted(dataclasses.fields(self), key=lambda field: bool(field.kw_only))
        values = [(field, getattr(self, field.name)) for field in fields]
        parts = [
            repr(value) if field.default is dataclasses.MISSING else f"{field.name}={value!r}"
            for field, value in values
            if value != field.default
        ]
        return f"{type(self).__name__}({', '.join(parts)})"


@dataclasses.dataclass(frozen=True, repr=False)
class Spec(Shown):
    """Base of all specs: equal if class and parameters are, and printed as written."""

    registry: ClassVar[str]
    name: ClassVar[str]

    @property
    def number(self) -> int:
        """Index of this spec's row in the registry."""
        return _NUMBERS[self.registry][self.name]

    @property
    def row(self) -> "Row":
        """This spec's row in the registry."""
        return _ROWS[self.registry][self.number]

    @property
    def parameters(self) -> tuple[float, ...]:
        """The parameters of this spec's row, in its order, checked against their ranges."""
        found: list[float] = []
        for param in self.row["params"]:
            name, value = param["name"], self._parameter(param["name"])
            several = param["list"] and isinstance(value, tuple)
            values = {f"{name}[{i}]": v for i, v in enumerate(value)} if several else {name: value}
            found += (
                real(
                    one,
                    what,
                    low=param["low"],
                    high=param["high"],
                    low_open=param["low_open"],
                    high_open=param["high_open"],
                )
                for what, one in values.items()
            )
        return tuple(found)

    def _parameter(self, name: str) -> Any:
        """A parameter of the registry row."""
        return getattr(self, name)


def row_names(registry: str) -> list[str]:
    """The names of a registry's rows, in the order of their numbers."""
    return list(_NUMBERS[registry])


def names(base: type[S]) -> dict[str, type[S]]:
    """The spec classes derived from `base`, by the name of their registry row."""
    rows = _NUMBERS[base.registry]
    found: dict[str, type[S]] = {}
    for spec in base.__subclasses__():
        if vars(spec).get("name") in rows:
            found[spec.name] = spec
        found |= names(spec)
    return found


def row_number(registry: str, name: str) -> int:
    """Index of a row in a registry."""
    if name not in _NUMBERS[registry]:
        raise ArgumentError(unknown_name(f"name in {registry},", name, _NUMBERS[registry]))
    return _NUMBERS[registry][name]


def row(registry: str, name: str) -> "Row":
    """A row of a registry."""
    return _ROWS[registry][row_number(registry, name)]


_defaults: dict[type[Spec], Any] = {}


def _default(spec: type[S]) -> S:
    """The one instance with default parameters: specs never change."""
    if spec not in _defaults:
        _defaults[spec] = spec()
    default: S = _defaults[spec]
    return default


def resolve(value: object, base: type[S], what: str) -> S:
    """The spec that an instance, a class or a name stands for."""
    if isinstance(value, type) and issubclass(value, base) and value is not base:
        return _default(value)
    if isinstance(value, base):
        return value
    if isinstance(value, str):
        known = names(base)
        if value in known:
            return _default(known[value])
        raise ArgumentError(unknown_name(what, value, known))
    raise TypeError(f"{what} must be a name or one of pybp.{base.registry}, got {shown(value)}")
