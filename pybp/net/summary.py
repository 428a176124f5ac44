"""The repr of a net, and its summary as text and HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from html import escape
from typing import Any

from pybp._common.html import details, document, table
from pybp._common.specs import Spec
from pybp._common.text import aligned
from pybp.activations import Identity
from pybp.initializers import Auto
from pybp.layers import (
    Activation,
    Concat,
    Dense,
    Embedding,
    GroupedDense,
    Layer,
    ParametricActivation,
    Residual,
)
from pybp.layers.entries import list_entries
from pybp.layers.layer import TRAINING
from pybp.layers.specs import LayerSpec
from pybp.net.diagram import diagram
from pybp.net.structure import Part, Placed, structure

__all__ = ["Row", "Summary", "net_repr", "summary"]


_ACTIVATED = ("dense", "grouped_dense", "activation", "parametric_activation")
_INITIALIZED = ("dense", "grouped_dense", "periodic", "embedding")
_MANY = 30  # rows of a table that notebooks fold away


@dataclass(frozen=True)
class Row:
    """A line of a summary: a layer of the net, or the head of a block.

    Attributes
    ----------
    number : int or None
        The layer's number, counted from 1, as in `MLP.layers` and `MLP.trace`; None for the head of
        a block.
    depth : int
        How many blocks it is in.
    name : str
        What it is, as in the list of layers.
    shape : str
        Widths of input and output.
    activation, init : str
        Theirs; empty for a layer without.
    parameters : int
        Number of weights and biases, for the head of a block of all of it.
    training : str
        Training options that differ from the defaults.
    """

    number: int | None
    depth: int
    name: str
    shape: str
    activation: str = ""
    init: str = ""
    parameters: int = 0
    training: str = ""


@dataclass(frozen=True)
class Summary:
    """The layers of a net as a table; text, and HTML with a picture.

    Attributes
    ----------
    code : str
        The call that makes such a net.
    note : str
        Widths, dtype and seed.
    rows : tuple of Row
        One for each layer and for the head of each block.
    footer : str
        How many parameters there are.
    picture : str
        The diagram, as SVG.
    """

    code: str
    note: str
    rows: tuple[Row, ...]
    footer: str
    picture: str = ""

    @property
    def _columns(self) -> tuple[str, ...]:
        columns = ("shape", "activation", "init", "parameters")
        return (*columns, "training") if any(row.training for row in self.rows) else columns

    def _cells(self, row: Row) -> list[str]:
        count = "" if row.number is None else f"{row.parameters:,}"
        cells = [row.shape, row.activation, row.init, count, row.training]
        return cells[: len(self._columns)]

    def __str__(self) -> str:
        digits = max(len(str(row.number)) for row in self.rows if row.number is not None)
        widest = max(len(f"{row.parameters:,}") for row in self.rows if row.number is not None)
        table = [["layer", *self._columns]]
        for row in self.rows:
            number = "" if row.number is None else str(row.number)
            first = f"{number:>{digits}} {'  ' * row.depth}{row.name}"
            shape, activation, init, count, *training = self._cells(row)
            table.append([first, shape, activation, init, f"{count:>{widest}}", *training])
        return "\n".join([self.code, "", *aligned(table, str.ljust), "", self.footer])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        layers = table(
            ["", "layer", *self._columns],
            [
                [
                    "" if row.number is None else str(row.number),
                    row.name,
                    *(cell.replace("->", "\N{RIGHTWARDS ARROW}") for cell in self._cells(row)),
                ]
                for row in self.rows
            ],
            text=(1, 3, 4, 6),
            indents=[row.depth for row in self.rows],
        )
        return document(
            "MLP",
            self.picture,
            details("layers", layers, shown=len(self.rows) <= _MANY),
            details("code", f"<code>{escape(self.code)}</code>"),
            note=f"{self.note}, {self.footer}",
        )


def summary(layers: tuple[Layer, ...], dtype: str, seed: int) -> Summary:
    """The summary of a net."""
    parts, n_in = structure(layers), layers[0].n_in
    total = sum(layer.n_parameters for layer in layers)
    frozen = sum(layer.n_parameters for layer in layers if not layer.trainable)
    return Summary(
        code=net_repr(layers, dtype, seed),
        note=f"{_counted(n_in, 'input')}, {_counted(layers[-1].n_out, 'output')}, {dtype}, seed {seed}",
        rows=tuple(_rows(parts)),
        footer=f"{total:,} parameters" + (f", {frozen:,} of them not trained" if frozen else ""),
        picture=diagram(parts, n_in),
    )


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'s' * (n != 1)}"


def _rows(parts: Sequence[Part], depth: int = 0) -> Iterator[Row]:
    for part in parts:
        if isinstance(part.entry, Residual):
            yield Row(None, depth, "Residual", _widths(part.first.n_in, part.width))
            yield from _rows(part.children, depth + 1)
            *projection, added = part.own
            for placed in projection:
                yield _row(placed, depth + 1, "projection")
            yield _row(added, depth + 1, f"sum with the {'projection' if projection else 'input'}")
        elif isinstance(part.entry, Concat):
            yield Row(None, depth, "Concat", _widths(part.first.n_in, part.width))
            yield from _rows(part.children, depth + 1)
            yield _row(part.own[0], depth + 1, "beside the input")
        elif isinstance(part.entry, Embedding):
            yield Row(None, depth, "Embedding", _widths(part.first.n_in, part.width))
            *tables, joined = part.own
            for placed in tables:
                table = placed[1]
                name = f"column {table.column}, {table.n_categories} categories"
                yield _row(placed, depth + 1, name)
            yield _row(joined, depth + 1, "other columns and vectors")
        else:
            yield _row(part.own[0], depth, _name(part.entry))


def _row(placed: Placed, depth: int, name: str) -> Row:
    index, layer = placed
    one_column = layer.kind == "embedding"
    return Row(
        number=index + 1,
        depth=depth,
        name=name,
        shape=_widths(1 if one_column else layer.n_in, layer.n_out),
        activation=_text(layer.activation) if layer.kind in _ACTIVATED else "",
        init=_text(layer.init) if layer.kind in _INITIALIZED else "",
        parameters=layer.n_parameters,
        training=_training(layer),
    )


def _widths(n_in: int, n_out: int) -> str:
    return str(n_out) if n_in == n_out else f"{n_in} -> {n_out}"


def _name(entry: LayerSpec) -> str:
    """The entry as code, without what has a column of its own."""
    shown = ("n_out", "activation", "init", *TRAINING)
    values = {own.name: (getattr(entry, own.name), own.default) for own in fields(entry)}
    options = [
        f"{name}={value!r}"
        for name, (value, default) in values.items()
        if name not in shown and value != default
    ]
    return type(entry).__name__ + (f"({', '.join(options)})" if options else "")


def _training(layer: Layer) -> str:
    """The layer's training options that differ from the defaults, written as keyword arguments."""
    return ", ".join(f"{name}={value!r}" for name, value in layer.training.items())


def net_repr(layers: tuple[Layer, ...], dtype: str, seed: int) -> str:
    """The call of `MLP` that makes such a net, in the shortest form."""
    activations = {layer.activation for layer in layers[:-1]}
    inits = {layer.init for layer in layers}
    only_numbers = all(layer == _from_number(layer, index) for index, layer in enumerate(layers))
    if only_numbers and len(activations) <= 1 and len(inits) == 1:
        parts = [repr([layers[0].n_in, *(layer.n_out for layer in layers)])]
        parts += [f"activation={_short(activation)}" for activation in activations]
        parts += [f"output={_short(layers[-1].activation)}"]
        parts += [f"init={_short(init)}" for init in inits if init.name != "auto"]
    else:
        parts = [f"[{layers[0].n_in}, {', '.join(map(_code, list_entries(layers)))}]"]
    return f"MLP({', '.join([*parts, f'dtype={dtype!r}', f'seed={seed}'])})"


def _from_number(layer: Layer, index: int) -> Layer:
    """The dense layer that a plain number in the list of layers would make at this position."""
    return Layer(
        Dense.name,
        layer.n_in,
        layer.n_out,
        inputs=(index - 1,),
        activation=layer.activation,
        init=layer.init,
        bias=True,
    )


def _code(entry: object) -> str:
    """An entry of a list of layers as code, in the shortest form."""
    if isinstance(entry, Dense | GroupedDense):
        return _dense(entry)
    if isinstance(entry, Activation | ParametricActivation):
        options = [_short(entry.activation), *_options(entry)]
        return f"{type(entry).__name__}({', '.join(options)})"
    if isinstance(entry, Embedding):
        init = f", init={_short(entry.init)}" if entry.init != Auto() else ""
        return f"{type(entry).__name__}({entry.columns!r}{init})"
    if isinstance(entry, Concat):
        return f"{type(entry).__name__}([{', '.join(map(_code, entry.layers))}])"
    if isinstance(entry, Residual):
        branch = ", ".join(map(_code, entry.layers))
        extra = f", projection={_code(entry.projection)}" if entry.projection != "auto" else ""
        return f"{type(entry).__name__}([{branch}]{extra})"
    return repr(entry)


def _dense(entry: Dense | GroupedDense) -> str:
    parts = [str(entry.n_out)] if isinstance(entry, Dense) else [f"{entry.n_in}, {entry.n_out}"]
    parts += [_short(entry.activation)] if entry.activation != Identity() else []
    parts += [f"init={_short(entry.init)}"] if entry.init != Auto() else []
    return f"{type(entry).__name__}({', '.join([*parts, *_options(entry)])})"


def _options(entry: LayerSpec) -> list[str]:
    """The options of an entry that differ from their defaults, as arguments."""
    return [
        f"{own.name}={getattr(entry, own.name)!r}"
        for own in fields(entry)
        if own.name not in ("n_in", "n_out", "activation", "init")
        and getattr(entry, own.name) != own.default
    ]


def _short(spec: Any) -> str:
    """The spec as an argument: its name if its parameters are the defaults, else its repr."""
    return repr(spec.name) if spec == type(spec)() else repr(spec)


def _text(spec: Spec) -> str:
    return spec.name if spec == type(spec)() else repr(spec)
