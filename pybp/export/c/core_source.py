"""Functions of the core as C text for one dtype, so that exported programs compute what the core computes."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from pybp._common.types import DTypeName

__all__ = ["functions", "needed"]

_HERE = Path(__file__).parent
# Later files replace functions of the same name of earlier ones.
_CORE = (
    "simd/scalar.h",
    "simd/vmath_coef.h",
    "simd/vmath_body.inc.h",
    "kernels/activation.inc.h",
)
_OWN = ("verbs.inc.h", "layers.inc.h", "integers.inc.h", "prepare.inc.h")

_WORDS = {
    "float32": {
        "real": "float",
        "vec": "float",
        "f32_v": "float",
        "f32_m": "int",
        "REAL_FMA": "fmaf",
        "REAL_SQRT": "sqrtf",
        "REAL_MIN": "FLT_MIN",
        "REAL_TINY": "0x1p-63",
        "REAL_INF": "INFINITY",
        "REAL_NAN": "NAN",
        "LANES": "16",
    },
    "float64": {
        "real": "double",
        "vec": "double",
        "f64_v": "double",
        "f64_m": "int",
        "REAL_FMA": "fma",
        "REAL_SQRT": "sqrt",
        "REAL_MIN": "DBL_MIN",
        "REAL_TINY": "0x1p-511",
        "REAL_INF": "(double)INFINITY",
        "REAL_NAN": "(double)NAN",
        "LANES": "8",
    },
}
_SAME = {"mask": "int", "PYBP_INLINE": "static inline"}

_COMMENT = r"(?:/\*(?:(?!\*/).)*\*/\n)?"
_FUNCTION = re.compile(
    rf"^{_COMMENT}static [^;{{}}=]*?\b(\w+)\((?:[^;{{}}]*)\)\s*(?:{{[^\n]*}}[^\n]*|\n?{{\n.*?^}})$",
    re.MULTILINE | re.DOTALL,
)
_CONSTANTS = re.compile(r"^static const (\w+) ([^;(]*);", re.MULTILINE)
_CONSTANT = re.compile(r"(\w+)(\[\d+\])? = (\{[^}]*\}|[^,;]+)")


@cache
def functions(prefix: str, dtype: DTypeName) -> dict[str, str]:
    """The C text of each constant and function by its name, in an order in which C can compile them.

    Names begin with `prefix` and an underscore: ``exp`` of the core is ``net_exp``.
    """
    found: dict[str, str] = {}
    for path in (*map(_core_file, _CORE), *(_HERE / "parts" / name for name in _OWN)):
        text = _translated(path.read_text(encoding="utf-8"), prefix, dtype)
        found |= dict(_constants(text, prefix)) | dict(_definitions(text, prefix))
    return _ordered(found)


def _core_file(name: str) -> Path:
    """A source file of the core: in the installed package, or in the source tree."""
    installed = _HERE / "core" / Path(name).name
    return installed if installed.is_file() else _HERE.parents[2] / "csrc" / name


def _constants(text: str, prefix: str) -> Iterator[tuple[str, str]]:
    for statement in _CONSTANTS.finditer(text):
        for name, size, value in _CONSTANT.findall(statement[2]):
            if name.startswith(f"{prefix}_"):
                yield name, f"static const {statement[1]} {name}{size} = {value};"


def _definitions(text: str, prefix: str) -> Iterator[tuple[str, str]]:
    for found in _FUNCTION.finditer(text):
        if found[1].startswith(f"{prefix}_"):
            yield found[1], found[0]


def _translated(text: str, prefix: str, dtype: DTypeName) -> str:
    """C text with the core's macros replaced by what they stand for."""
    macros = dict(re.findall(r"^#define (\w+) (REAL_C\(.*\))$", text, re.MULTILINE))
    text = _without_calls_of_set1(re.sub(r"^#.*(?:\\\n.*)*\n", _kept_directive, text, flags=re.M))
    words = {**macros, **_WORDS[dtype], **_SAME}
    text = re.sub(r"\b[A-Za-z_]\w*\b", lambda word: words.get(word[0], word[0]), text)
    text = text.replace("v_zero()", "REAL_C(0.0)")
    text = re.sub(r"REAL_C\(([^()]*)\)", r"\1f" if dtype == "float32" else r"\1", text)
    text = re.sub(r"VMATH_COUNT\(REAL\((\w+)\)\)", _count(prefix), text)
    text = re.sub(r"\bREAL\((\w+)\)", rf"{prefix}_\1", text)
    own = "f32" if dtype == "float32" else "f64"
    text = re.sub(rf"\b(?:v|{own})_(\w+)", rf"{prefix}_\1", text)
    return re.sub(r"\bNET_(\w+)", rf"{prefix.upper()}_\1", text)


def _kept_directive(found: re.Match[str]) -> str:
    """Directives of the own parts stay."""
    return found[0] if re.match(r"#(?:ifdef|ifndef|else|endif)\b", found[0]) else ""


def _count(prefix: str) -> str:
    return rf"(int)(sizeof({prefix}_\1) / sizeof({prefix}_\1)[0])"


def _without_calls_of_set1(text: str) -> str:
    """v_set1(x) is x where a vector has one element."""
    while (start := text.find("v_set1(")) >= 0:
        inside = start + len("v_set1(")
        depth, end = 1, inside
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        argument = text[inside : end - 1]
        argument = {"0": "REAL_C(0.0)", "1": "REAL_C(1.0)"}.get(argument, argument)
        text = text[:start] + argument + text[end:]
    return text


def _ordered(found: dict[str, str]) -> dict[str, str]:
    """Each definition after those that it uses."""
    ordered: dict[str, str] = {}

    def add(name: str) -> None:
        if name not in ordered:
            for used in _used(found[name], found):
                if used != name:
                    add(used)
            ordered[name] = found[name]

    for name in found:
        add(name)
    return ordered


def _used(text: str, found: Iterable[str]) -> list[str]:
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)  # without comments
    return [word for word in dict.fromkeys(re.findall(r"\w+", code)) if word in found]


def needed(text: str, found: dict[str, str]) -> dict[str, str]:
    """Those that `text` uses, directly or through others."""
    wanted, todo = set(), _used(text, found)
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            todo += _used(found[name], found)
    return {name: definition for name, definition in found.items() if name in wanted}
