"""The repr of a net, and its summary as text and HTML."""

from __future__ import annotations

from dataclasses import dataclass, fields
from html import escape

from pybp._common.specs import Spec, row, spec_classes
from pybp._common.text import aligned
from pybp.layers import Dense, Layer, LayerSpec

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
        parts = [f"[{layers[0].n_in}, {', '.join(_entries(layers))}]"]
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


def _entries(layers: tuple[Layer, ...]) -> list[str]:
    """The layers as code; those of a `Residual` or an `Embedding` make one entry."""
    entries: list[tuple[int, str]] = []  # (index of the entry's last layer, code)
    for index, layer in enumerate(layers):
        if layer.kind == "embedding":
            continue  # the "join" layer makes the entry
        if layer.kind == "join":
            text = _embedding(layers[:index])
        elif layer.kind == "add":
            text = _residual(layers, index, entries)
        else:
            text = _entry(layer)
        entries.append((index, text))
    return [text for _, text in entries]


def _residual(layers: tuple[Layer, ...], index: int, entries: list[tuple[int, str]]) -> str:
    """The residual whose "add" layer is at `index`; its layers' entries are removed from `entries`."""
    before, skip = layers[index].inputs
    projected = layers[before].kind == Dense.name and layers[before].inputs != (before - 1,)
    source = layers[before].inputs[0] if projected else skip
    branch: list[str] = []
    while entries and entries[-1][0] > source:
        branch.insert(0, entries.pop()[1])
    extra = ""
    if projected:
        projection = branch.pop()
        needed = layers[before].n_in != layers[before].n_out
        if projection != f"Dense({layers[before].n_out})":
            extra = f", projection={projection}"
        elif not needed:
            extra = ", projection=True"
    return f"Residual([{', '.join(branch)}]{extra})"


def _embedding(tables: tuple[Layer, ...]) -> str:
    columns = {layer.column: (layer.n_categories, layer.n_out) for layer in tables}
    init = f", init={_short(tables[0].init)}" if tables[0].init.name != "auto" else ""
    return f"Embedding({columns!r}{init})"


def _entry(layer: Layer) -> str:
    """A layer that is an entry of its own, as code."""
    if layer.kind == Dense.name:
        return _dense(layer)
    spec = spec_classes(LayerSpec)[layer.kind]
    if layer.kind == "activation":
        return f"{spec.__name__}({_short(layer.activation)})"
    values: dict[str, object] = dict(
        zip(
            (param["name"] for param in row("layers", layer.kind)["params"]),
            layer.params,
            strict=True,
        )
    )
    own = {field.name for field in fields(spec)}
    values |= {"affine": layer.scale} if "affine" in own else {}
    values |= {"bias": layer.bias} if "bias" in own and layer.scale else {}
    values |= layer.training
    return repr(spec(**values))


def _short(spec: Spec) -> str:
    """The spec as an argument: its name if its parameters are the defaults, else its repr."""
    return repr(spec.name) if spec == type(spec)() else repr(spec)


def _text(spec: Spec) -> str:
    return spec.name if spec == type(spec)() else repr(spec)


def _dense(layer: Layer) -> str:
    parts = [str(layer.n_out)]
    parts += [_short(layer.activation)] if layer.activation.name != "identity" else []
    parts += [f"init={_short(layer.init)}"] if layer.init.name != "auto" else []
    parts += ["bias=False"] if not layer.bias else []
    parts += [f"bias_init={layer.bias_init!r}"] if layer.bias_init else []
    parts += [f"bias_std={layer.bias_std!r}"] if layer.bias_std else []
    parts += [_training(layer)] if layer.training else []
    return f"{Dense.__name__}({', '.join(parts)})"
