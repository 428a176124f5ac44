"""How nets look: repr, summary, and HTML for notebooks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from pybp.layers import Dense, Layer
from pybp.specs import Spec

__all__ = ["Summary", "aligned", "net_repr", "summary"]

Justify = Callable[[str, int], str]

_COLUMNS = ("layer", "shape", "activation", "init", "parameters")


def aligned(table: Sequence[Sequence[str]], justify: Justify = str.rjust) -> list[str]:
    """The lines of a table whose columns stand below each other."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(justify, line, widths)).rstrip() for line in table]


@dataclass(frozen=True)
class Summary:
    """The layers of a net as a table, in text and in HTML."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    footer: str

    def __str__(self) -> str:
        lines = aligned([_COLUMNS, *self.rows], str.ljust)
        return "\n".join([self.title, "", *lines, "", self.footer])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in _COLUMNS)
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
    rows = tuple(
        (
            f"{number} dense",
            f"{layer.n_in} -> {layer.n_out}",
            _text(layer.activation),
            layer.init.name,
            f"{layer.n_parameters:,}",
        )
        for number, layer in enumerate(layers, start=1)
    )
    total = sum(layer.n_parameters for layer in layers)
    return Summary(net_repr(layers, dtype, seed), rows, f"{total:,} parameters")


def net_repr(layers: tuple[Layer, ...], dtype: str, seed: int) -> str:
    """The call that makes such a net, in the short form where that says it all."""
    activations = {layer.activation for layer in layers[:-1]}
    inits = {layer.init for layer in layers}
    plain = all(layer.bias and layer.bias_init == 0 for layer in layers)
    if plain and len(activations) <= 1 and len(inits) == 1:
        parts = [repr([layers[0].n_in, *(layer.n_out for layer in layers)])]
        parts += [f"activation={_short(activation)}" for activation in activations]
        parts += [f"output={_short(layers[-1].activation)}"]
        parts += [f"init={_short(init)}" for init in inits if init.name != "auto"]
    else:
        parts = [f"[{layers[0].n_in}, {', '.join(map(_dense, layers))}]"]
    return f"MLP({', '.join([*parts, f'dtype={dtype!r}', f'seed={seed}'])})"


def _short(spec: Spec) -> str:
    """What stands for the spec in a call: its name, where that says it all."""
    return repr(spec.name) if spec == type(spec)() else repr(spec)


def _text(spec: Spec) -> str:
    return spec.name if spec == type(spec)() else repr(spec)


def _dense(layer: Layer) -> str:
    parts = [str(layer.n_out), _short(layer.activation)]
    parts += [f"init={_short(layer.init)}"] if layer.init.name != "auto" else []
    parts += ["bias=False"] if not layer.bias else []
    parts += [f"bias_init={layer.bias_init!r}"] if layer.bias_init else []
    return f"{Dense.__name__}({', '.join(parts)})"
