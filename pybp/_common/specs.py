"""Specs: small immutable objects that stand for a row of the core's registries, with its parameters.

Each spec class stands for one row. An argument that accepts a spec also accepts its class or its
name; both mean the spec with default parameters.
"""

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pybp import _core
from pybp._common.arguments import real, shown, unknown_name
from pybp._common.docstrings import add_inherited_parameters
from pybp.errors import ArgumentError

if TYPE_CHECKING:
    from pybp._core import _Row as Row

__all__ = ["ShortRepr", "Spec", "resolve", "row", "row_names", "row_number", "spec_classes"]

S = TypeVar("S", bound="Spec")

_REGISTRIES = ("activations", "initializers", "layers", "losses", "optimizers", "schedules")
_ROWS: dict[str, tuple["Row", ...]] = {which: _core.registry(which) for which in _REGISTRIES}
_NUMBERS = {
    which: {row["name"]: number for number, row in enumerate(rows)} for which, rows in _ROWS.items()
}


@dataclasses.dataclass(frozen=True, repr=False)
class ShortRepr:
    """Base class of dataclasses whose repr leaves out fields that have their default value."""

    def __repr__(self) -> str:
        fields = sorted(dataclasses.fields(self), key=lambda field: bool(field.kw_only))
        values = [(field, getattr(self, field.name)) for field in fields]
        parts = [
            repr(value) if field.default is dataclasses.MISSING else f"{field.name}={value!r}"
            for field, value in values
            if value != field.default
        ]
        return f"{type(self).__name__}({', '.join(parts)})"


_classes: dict[type["Spec"], Any] = {}  # cache of spec_classes, cleared when a class is added


@dataclasses.dataclass(frozen=True, repr=False)
class Spec(ShortRepr):
    """Base class of all specs. Specs are equal if their classes and parameters are."""

    registry: ClassVar[str]
    name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        add_inherited_parameters(cls)
        _classes.clear()

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
        """The values of the row's parameters, in its order, checked against their ranges."""
        checked: list[float] = []
        for param in self.row["params"]:
            name, value = param["name"], self._parameter(param["name"])
            is_list = param["list"] and isinstance(value, tuple)
            values = {f"{name}[{i}]": v for i, v in enumerate(value)} if is_list else {name: value}
            checked += (
                real(
                    number,
                    label,
                    low=param["low"],
                    high=param["high"],
                    low_open=param["low_open"],
                    high_open=param["high_open"],
                )
                for label, number in values.items()
            )
        return tuple(checked)

    def _parameter(self, name: str) -> Any:
        """The value of a parameter of the row; overridden where it is not the attribute `name`."""
        return getattr(self, name)


def row_names(registry: str) -> list[str]:
    """The names of a registry's rows, ordered by number."""
    return list(_NUMBERS[registry])


def spec_classes(base: type[S]) -> dict[str, type[S]]:
    """The spec classes derived from `base`, by the name of their row."""
    if base not in _classes:
        rows = _NUMBERS[base.registry]
        classes: dict[str, type[S]] = {}
        for spec in base.__subclasses__():
            if vars(spec).get("name") in rows:
                classes[spec.name] = spec
            classes |= spec_classes(spec)
        _classes[base] = classes
    found: dict[str, type[S]] = _classes[base]
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
    """The instance with default parameters; one suffices, as specs are immutable."""
    if spec not in _defaults:
        _defaults[spec] = spec()
    default: S = _defaults[spec]
    return default


def resolve(value: object, base: type[S], what: str) -> S:
    """The spec for an instance, a class or a name of a spec."""
    if isinstance(value, type) and issubclass(value, base) and value is not base:
        return _default(value)
    if isinstance(value, base):
        return value
    if isinstance(value, str):
        known = spec_classes(base)
        if value in known:
            return _default(known[value])
        raise ArgumentError(unknown_name(what, value, known))
    raise TypeError(f"{what} must be a name or one of pybp.{base.registry}, got {shown(value)}")
