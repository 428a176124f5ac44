"""The repr of a net, and its summary as text and HTML."""

from __future__ import annotations

from dataclasses import dataclass, fields
from html import escape
from typing import Any

from pybp._common.specs import Spec
from pybp._common.text import aligned
from pybp.activations import Identity
from pybp.initializers import Auto
from pybp.layers import Activation, Dense, Embedding, Layer, Residual
from pybp.layers.entries import list_entries

__all__ = ["Summary", "net_repr", "summary"]

_COLUMNS = ("layer", "shape", "activation", "init", "parameters")


@dataclass(frozen=True)
class Summary:
    """The layers of a net as a table; text and HTML."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    footer: str
    columns: tuple[str, ...] = _COLUMNS

    def __str__(self) -> str:
        lines = aligned([self.columns, *self.rows], str.ljust)
        return "\n".join([self.title, "", *lines, "", self.footer])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in self.rows
        )
        return (
            f"<div><p><code>{escape(self.title)}</code></p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"<p>{escape(self.footer)}</p></div>"
        )


def summary(layers: tuple[Layer, ...], dtype: str, seed: int) -> Summary:
    """The summary of a net."""
    rows: tuple[tuple[str, ...], ...] = tuple(
        (
            f"{index + 1} {layer.kind}",
            _shape(layer, index),
            _text(layer.activation) if layer.kind in ("dense", "activation") else "",
            layer.init.name if layer.kind in ("dense", "embedding") else "",
            f"{layer.n_parameters:,}",
        )
        for index, layer in enumerate(layers)
    )
    columns: tuple[str, ...] = _COLUMNS
    if any(layer.training for layer in layers):
        columns = (*columns, "training")
        rows = tuple((*row, _training(layer)) for row, layer in zip(rows, layers, strict=True))
    total = sum(layer.n_parameters for layer in layers)
    frozen = sum(layer.n_parameters for layer in layers if not layer.trainable)
    footer = f"{total:,} parameters" + (f", {frozen:,} of them not trained" if frozen else "")
    return Summary(net_repr(layers, dtype, seed), rows, footer, columns)


def _training(layer: Layer) -> str:
    """The layer's training options that differ from the defaults, written as keyword arguments."""
    return ", ".join(f"{name}={value!r}" for name, value in layer.training.items())


def _shape(layer: Layer, index: int) -> str:
    """Sizes of input and output; also the layers read, unless it is the previous one."""
    if layer.kind == "embedding":
        return f"column {layer.column}, {layer.n_categories} categories -> {layer.n_out}"
    sizes = f"{layer.n_in} -> {layer.n_out}"
    if layer.inputs == (index - 1,) or layer.kind == "join":
        return sizes
    return f"{sizes}, of {' + '.join(str(source + 1) if source >= 0 else 'x' for source in layer.inputs)}"


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
    if isinstance(entry, Dense):
        return _dense(entry)
    if isinstance(entry, Activation):
        return f"{type(entry).__name__}({_short(entry.activation)})"
    if isinstance(entry, Embedding):
        init = f", init={_short(entry.init)}" if entry.init != Auto() else ""
        return f"{type(entry).__name__}({entry.columns!r}{init})"
    if isinstance(entry, Residual):
        branch = ", ".join(map(_code, entry.layers))
        extra = f", projection={_code(entry.projection)}" if entry.projection != "auto" else ""
        return f"{type(entry).__name__}([{branch}]{extra})"
    return repr(entry)


def _dense(entry: Dense) -> str:
    parts = [str(entry.n_out)]
    parts += [_short(entry.activation)] if entry.activation != Identity() else []
    parts += [f"init={_short(entry.init)}"] if entry.init != Auto() else []
    for own in fields(entry):
        value = getattr(entry, own.name)
        if own.name not in ("n_out", "activation", "init") and value != own.default:
            parts.append(f"{own.name}={value!r}")
    return f"{type(entry).__name__}({', '.join(parts)})"


def _short(spec: Any) -> str:
    """The spec as an argument: its name if its parameters are the defaults, else its repr."""
    return repr(spec.name) if spec == type(spec)() else repr(spec)


def _text(spec: Spec) -> str:
    return spec.name if spec == type(spec)() else repr(spec)
