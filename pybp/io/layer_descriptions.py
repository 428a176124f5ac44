"""The layers of a net as JSON values, in each format of pybp's files."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from pybp.errors import ArgumentError, FileFormatError, PybpError
from pybp.layers import Layer
from pybp.layers.entries import remake_layers

__all__ = ["describe_layers", "parse_layers"]

_MAX_LAYERS = 2**14
_WITH_N_OUT = (
    "dense",
    "grouped_dense",
    "periodic",
    "embedding",
)  # of the others the width follows from what they read
_READS_INPUT = ("embedding", "join")
_FORMAT_1 = {
    *("kind", "n_in", "n_out", "inputs", "params", "activation", "activation_params", "init"),
    *("init_value", "scale", "bias", "bias_init", "bias_std", "column", "n_categories", "l1", "l2"),
    *("lr_factor", "bias_lr_factor", "max_norm", "trainable", "parametrization"),
}


def describe_layers(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """The layers in format 2: only fields that differ from the default and can't be derived."""
    if len(layers) > _MAX_LAYERS:
        raise ArgumentError(f"a file holds {_MAX_LAYERS} layers at most, the net has {len(layers)}")
    return [_shortened(layer, index) for index, layer in enumerate(layers)]


def parse_layers(given: object, file_format: int, n_in: object) -> tuple[Layer, ...]:
    """The layers of a description, which must be exactly the one that pybp writes for them.

    Parameters
    ----------
    given : JSON value
        The description.
    file_format : {1, 2}
        The number of the format.
    n_in : JSON value
        The net's number of inputs; in format 1 the layers say it.
    """
    if not isinstance(given, list) or not 0 < len(given) <= _MAX_LAYERS:
        raise FileFormatError(f"it has no list of 1 to {_MAX_LAYERS} layers")
    for index, entry in enumerate(given):
        if not isinstance(entry, dict):
            raise FileFormatError(f"layer {index} has no description")
        if file_format == 1 and set(entry) != _FORMAT_1:
            raise FileFormatError(f"layer {index} doesn't have the fields {sorted(_FORMAT_1)}")
    where = "a layer"
    try:
        found = []
        defaults = _defaults()  # format 1 lacks the fields that came after it
        old = [defaults | entry for entry in given] if file_format == 1 else []
        for index, entry in enumerate(old or _completed(given, n_in)):
            where = f"layer {index}"
            found.append(Layer.from_description(entry))
        where = "a layer"
        layers = remake_layers(found)
    except PybpError:
        raise
    except Exception as error:  # whatever values of wrong types lead to
        raise FileFormatError(f"{where} can't be made: {error!r:.200}") from error
    again: Callable[[Layer, int], dict[str, Any]] = _format_1 if file_format == 1 else _shortened
    for index, (entry, layer) in enumerate(zip(given, layers, strict=True)):
        if _text(entry) != _text(again(layer, index)):
            raise FileFormatError(f"layer {index} can't be described by {_text(entry):.300}")
    return layers


def _text(value: object) -> str:
    """A text that is different for different values, also for 1, 1.0 and true."""
    return json.dumps(value, sort_keys=True)


def _format_1(layer: Layer, index: int) -> dict[str, Any]:
    description = layer.description
    return {name: description[name] for name in _FORMAT_1}


# ---- format 2: the shortest description ------------------------------------------------------


@cache
def _defaults() -> dict[str, Any]:
    """The fields of a description that may be left out, with the values that they then have."""
    values = Layer("", 1, 1, ()).description
    for name in ("kind", "n_in", "n_out", "inputs"):
        del values[name]
    return values


def _shortened(layer: Layer, index: int) -> dict[str, Any]:
    defaults, values = _defaults(), layer.description
    short: dict[str, Any] = {"kind": layer.kind}
    if layer.kind in _WITH_N_OUT:
        short["n_out"] = layer.n_out
    if layer.kind not in _READS_INPUT and layer.inputs != (index - 1,):
        short["inputs"] = list(layer.inputs)
    for name, default in defaults.items():
        if repr(values[name]) != repr(default):  # 0.0 and -0.0 differ
            short[name] = values[name]
    return short


def _completed(given: Sequence[dict[str, Any]], n_in: object) -> list[dict[str, Any]]:
    """Full descriptions: defaults, inputs and widths added."""
    if type(n_in) is not int:
        raise FileFormatError(f"n_in is {n_in!r:.40}; expected a whole number")
    widths: list[int] = []  # of the outputs so far
    complete = []
    for index, entry in enumerate(given):
        kind = entry.get("kind")
        if kind == "join" and any(before.get("kind") != "embedding" for before in given[:index]):
            raise FileFormatError(f"layer {index}, a join, doesn't follow embeddings only")
        inputs = [index - 1, *range(index)] if kind == "join" else entry.get("inputs", [index - 1])
        if kind == "embedding":
            inputs, width = [-1], n_in
        elif kind == "join":
            inputs, width = [-1, *range(index)], n_in - index + sum(widths)
        else:
            width = _width_read(inputs, widths, n_in, index)
        beside = _width_read(inputs[1:], widths, n_in, index) if kind == "concat" else 0
        n_out = entry.get("n_out") if kind in _WITH_N_OUT else width + beside
        if type(n_out) is not int:
            raise FileFormatError(f"layer {index} has n_out {n_out!r:.40}")
        widths.append(n_out)
        complete.append({**_defaults(), **entry, "inputs": inputs, "n_in": width, "n_out": n_out})
    return complete


def _width_read(inputs: object, widths: Sequence[int], n_in: int, index: int) -> int:
    """The width of what the layer reads."""
    if isinstance(inputs, list) and inputs:
        first = inputs[0]
        if type(first) is int and -1 <= first < len(widths):
            return widths[first] if first >= 0 else n_in
    raise FileFormatError(f"layer {index} can't read {inputs!r:.60}")
