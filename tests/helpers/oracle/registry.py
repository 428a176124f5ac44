"""The rows of csrc/registry/*.def, read as text."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "csrc" / "registry"

# Registry: macro of a row, and the names of its columns.
COLUMNS = {
    "activations": "PYBP_ACTIVATION: NAME name kind initializer reads formula derivative parameters",
    "losses": "PYBP_LOSS: NAME name links per_output targets formula parameters",
    "optimizers": "PYBP_OPTIMIZER: NAME name class states powers rule parameters",
    "initializers": "PYBP_INITIALIZER: NAME name distribution fan scale rule",
    "layers": "PYBP_LAYER: NAME name reads weights statistics z training text parameters",
    "schedules": "PYBP_SCHEDULE: NAME name class horizon formula parameters",
}


@dataclass(frozen=True)
class Param:
    """A parameter of a row: its default and its allowed range."""

    name: str
    default: float
    low: float
    low_open: bool
    high: float
    high_open: bool
    list: bool = False


@dataclass(frozen=True)
class Row:
    """One registered thing: its name and its columns by name."""

    name: str
    columns: dict[str, str]
    params: list[Param] = field(default_factory=list)


def arguments(text: str) -> list[str]:
    """Split the text between a macro's parentheses at its outer commas."""
    parts, depth, quoted = [""], 0, False
    for i, char in enumerate(text):
        quoted ^= char == '"' and text[i - 1 : i] != "\\"
        depth += 0 if quoted else (char == "(") - (char == ")")
        if char == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def calls(text: str, macro: str) -> list[list[str]]:
    """The arguments of each call of `macro` in C text without comments."""
    found = []
    for match in re.finditer(rf"\b{macro}\s*\(", text):
        depth, end, quoted = 1, match.end(), False
        while depth:
            quoted ^= text[end] == '"' and text[end - 1] != "\\"
            depth += 0 if quoted else (text[end] == "(") - (text[end] == ")")
            end += 1
        found.append(arguments(text[match.end() : end - 1]))
    return found


def number(text: str) -> float:
    """A C constant."""
    return float("inf") if text == "HUGE_VAL" else float(text)


@cache
def rows(which: str) -> tuple[Row, ...]:
    """The rows of a registry, in order."""
    macro, names = COLUMNS[which].split(": ")
    text = re.sub(r"/\*.*?\*/", "", (FOLDER / f"{which}.def").read_text(), flags=re.DOTALL)
    result = []
    for values in calls(text, macro):
        columns = dict(zip(names.split(), (v.strip('"') for v in values), strict=True))
        params = []
        for macro in ("PYBP_PARAM", "PYBP_PARAM_LIST"):
            for name, *bounds in calls(columns.get("parameters", ""), macro):
                default, low, low_open, high, high_open = map(number, bounds)
                several = macro == "PYBP_PARAM_LIST"
                params.append(
                    Param(name, default, low, low_open == 1, high, high_open == 1, several)
                )
        result.append(Row(columns["name"], columns, params))
    return tuple(result)


def row(which: str, name: str) -> Row:
    """A row of a registry."""
    return next(row for row in rows(which) if row.name == name)


def names(which: str) -> list[str]:
    """The names of a registry's rows, in order."""
    return [row.name for row in rows(which)]


def pairs() -> list[tuple[str, str]]:
    """Each (output activation, loss) that go together."""
    return [
        (activation, loss.name)
        for loss in rows("losses")
        for activation in names("activations")
        if loss.columns["links"] in ("ANY", activation.upper())
    ]


def triples() -> list[tuple[str, str, str]]:
    """(hidden activation, output activation, loss): each hidden one once, each pair once."""
    hidden = hidden_activations()
    before_softmax = [(name, "softmax", "cross_entropy") for name in hidden]
    return before_softmax + [("tanh", *pair) for pair in pairs() if pair != before_softmax[0][1:]]


def products() -> list[tuple[str, str, str]]:
    """(hidden activation, output activation, loss): each hidden one with each loss, each pair."""
    usual = [
        (out, loss)
        for out, loss in pairs()
        if out == "identity" or row("losses", loss).columns["links"] != "ANY"
    ]
    behind_tanh = [("tanh", *pair) for pair in pairs() if pair not in usual]
    return [(hidden, *pair) for pair in usual for hidden in hidden_activations()] + behind_tanh


def hidden_activations() -> list[str]:
    """The activations that may stand in any layer."""
    return [row.name for row in rows("activations") if row.columns["kind"] == "ELEMENTWISE"]
