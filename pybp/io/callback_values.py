"""The states of callbacks, as JSON values and arrays."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp._core import File
from pybp.errors import ArgumentError, FileFormatError
from pybp.io.safetensors import DTYPES
from pybp.net.callback_states import CallbackState, CallbackStates

__all__ = ["callback_arrays", "decode", "decode_states", "encode", "encode_states"]

_FLOAT = "$float"
"""The key of {"$float": "inf"}: JSON has neither infinity nor NaN."""
_FIELDS = {"class", "number", "behind", "values"}


def encode_states(states: CallbackStates) -> dict[str, Any] | None:
    """The states without their arrays, as JSON values; None if there are none."""
    if not states.states:
        return None
    return {
        "epoch": states.epoch,
        "logs": encode(states.logs, "the logs"),
        "states": [
            {
                "class": state.name,
                "number": state.number,
                "behind": state.behind,
                "values": encode(
                    {n: v for n, v in state.values.items() if not isinstance(v, np.ndarray)},
                    f"the state of {state.name}",
                ),
            }
            for state in states
        ],
    }


def callback_arrays(states: CallbackStates) -> Iterator[tuple[str, Array]]:
    """The arrays of the states, by their names in a file."""
    for index, state in enumerate(states):
        for name, value in state.values.items():
            if isinstance(value, np.ndarray):
                if value.dtype.name not in DTYPES:
                    raise ArgumentError(
                        f"the state of {state.name} has {name!r} of {value.dtype}; a file can "
                        f"hold {', '.join(DTYPES)}"
                    )
                yield f"callbacks.{index}.{name}", value


def decode_states(given: object, file: File) -> CallbackStates:
    """The states of a description, with their arrays."""
    if given is None:
        return CallbackStates()
    if not isinstance(given, dict) or set(given) != {"epoch", "logs", "states"}:
        raise FileFormatError("its callbacks don't have the fields epoch, logs and states")
    if type(given["epoch"]) is not int or not isinstance(given["states"], list):
        raise FileFormatError("its callbacks have no epoch and states")
    logs = decode(given["logs"])
    if not isinstance(logs, dict) or any(type(value) is not float for value in logs.values()):
        raise FileFormatError("the logs of its callbacks are not numbers")
    arrays: dict[int, dict[str, Array]] = {}
    for name in file.arrays:
        if name.startswith("callbacks."):
            index, _, key = name.removeprefix("callbacks.").partition(".")
            arrays.setdefault(_index(index), {})[key] = file.read(name)
    states = tuple(
        _decode_state(state, arrays.pop(index, {})) for index, state in enumerate(given["states"])
    )
    if arrays:
        raise FileFormatError(f"it has arrays of {len(arrays)} callbacks that it doesn't have")
    return CallbackStates(states, given["epoch"], logs)


def _index(text: str) -> int:
    if not text.isdecimal() or len(text) > 9 or text != str(int(text)):
        raise FileFormatError(f"it has arrays of the callback {text!r:.40}")
    return int(text)


def _decode_state(given: object, arrays: dict[str, Array]) -> CallbackState:
    if not isinstance(given, dict) or set(given) != _FIELDS:
        raise FileFormatError(f"a callback doesn't have the fields {sorted(_FIELDS)}")
    values = decode(given["values"])
    types = [type(given[name]) for name in ("class", "number", "behind")]
    if types != [str, int, bool] or not isinstance(values, dict) or values.keys() & arrays.keys():
        raise FileFormatError(f"the state of {given['class']!r:.60} is not described")
    return CallbackState(given["class"], given["number"], given["behind"], values | arrays)


# ---- values ----------------------------------------------------------------------------------


def encode(value: object, where: str) -> Any:
    """A plain value as a JSON value."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {_FLOAT: repr(value)}
    if isinstance(value, list | tuple):
        return [encode(item, where) for item in value]
    if isinstance(value, Mapping) and _FLOAT not in value and all(map(_is_text, value)):
        return {name: encode(item, where) for name, item in value.items()}
    raise ArgumentError(
        f"{where} holds {value!r:.60} ({type(value).__name__}); a file can hold None, numbers, "
        "strings, lists and dicts of these, and arrays beside them"
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def decode(value: Any) -> Any:
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _FLOAT not in value:
        return {name: decode(item) for name, item in value.items()}
    if len(value) != 1 or value[_FLOAT] not in ("inf", "-inf", "nan"):
        raise FileFormatError(f"{value!r:.60} is no number")
    return float(value[_FLOAT])
