"""C text: names, strings, comments, arrays of numbers."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pybp._common.arguments import shown
from pybp._common.types import Array
from pybp.errors import ArgumentError

__all__ = ["KEYWORDS", "array", "checked_name", "comment", "enumerators", "number", "string"]

KEYWORDS = frozenset(
    [
        "alignas",
        "alignof",
        "and",
        "and_eq",
        "asm",
        "auto",
        "bitand",
        "bitor",
        "bool",
        "break",
        "case",
        "catch",
        "char",
        "char16_t",
        "char32_t",
        "char8_t",
        "class",
        "compl",
        "concept",
        "const",
        "const_cast",
        "consteval",
        "constexpr",
        "constinit",
        "continue",
        "co_await",
        "co_return",
        "co_yield",
        "decltype",
        "default",
        "delete",
        "do",
        "double",
        "dynamic_cast",
        "else",
        "enum",
        "explicit",
        "export",
        "extern",
        "false",
        "float",
        "for",
        "friend",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "mutable",
        "namespace",
        "new",
        "noexcept",
        "not",
        "not_eq",
        "nullptr",
        "operator",
        "or",
        "or_eq",
        "private",
        "protected",
        "public",
        "register",
        "reinterpret_cast",
        "requires",
        "restrict",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "static_assert",
        "static_cast",
        "struct",
        "switch",
        "template",
        "this",
        "thread_local",
        "throw",
        "true",
        "try",
        "typedef",
        "typeid",
        "typename",
        "typeof",
        "typeof_unqual",
        "union",
        "unsigned",
        "using",
        "virtual",
        "void",
        "volatile",
        "wchar_t",
        "while",
        "xor",
        "xor_eq",
    ]
)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")
_WIDTH = 116
_LONG = 120  # characters of a name in a comment


def checked_name(name: Any) -> str:
    """The prefix of all names in a file: an identifier in C and C++, at most 31 characters long."""
    if not isinstance(name, str):
        raise TypeError(f"name must be a str, got {shown(name)}")
    if not _IDENTIFIER.fullmatch(name) or "__" in name or name in KEYWORDS:
        raise ArgumentError(
            "name must be an identifier of C that begins with a letter, is no keyword, has no two "
            f"underscores in a row and at most 31 characters, got {shown(name)}"
        )
    return name


def enumerators(prefix: str, names: Sequence[object]) -> list[str]:
    """An identifier for each name: ``PREFIX_AGE``; different ones for different places in the list."""
    found: list[str] = []
    taken: set[str] = set()
    for index, name in enumerate(names):
        text = unicodedata.normalize("NFKD", str(name)).encode("ascii", "ignore").decode()
        text = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").upper()[:60]
        chosen = f"{prefix}_{text}" if text else f"{prefix}_{index}"
        while chosen in taken:
            chosen += f"_{index}"
        taken.add(chosen)
        found.append(chosen)
    return found


def string(text: str) -> str:
    """A string literal: UTF-8, all but plain letters as octal numbers, so that nothing ends it early."""
    pieces = []
    for byte in text.encode("utf-8", "surrogatepass"):
        character = chr(byte)
        plain = 32 <= byte < 127 and character not in '"\\?'
        pieces.append(character if plain else f"\\{byte:03o}")
    return '"' + "".join(pieces) + '"'


def comment(text: object) -> str:
    """Text that may stand in a comment: one line of printable ASCII that doesn't end the comment."""
    plain = ascii(str(text))[1:-1].replace("*/", "* /").replace("/*", "/ *")
    plain = re.sub(r"\?(?=\?)", "? ", plain)  # no trigraphs
    return plain if len(plain) <= _LONG else plain[: _LONG - 4] + " ..."


def number(value: float, dtype: str) -> str:
    """A floating-point literal with exactly this value."""
    suffix = "f" if dtype == "float32" else ""
    if not np.isfinite(value):
        text = "NAN" if np.isnan(value) else "INFINITY" if value > 0 else "-INFINITY"
        return text if dtype == "float32" else f"(double){text}"
    if value == int(value) and abs(value) < 10**6:
        return f"{'-' if np.signbit(value) else ''}{abs(int(value))}.0{suffix}"
    mantissa, exponent = float(value).hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.')}p{exponent}{suffix}"


def array(declaration: str, values: Array, dtype: str) -> str:
    """``static const <declaration> = {...};`` with all values in C order."""
    flat = values.ravel().tolist()
    integers = values.dtype.kind in "iu"
    texts = map(str, flat) if integers else (number(value, dtype) for value in flat)
    return f"static const {declaration} = {{\n{_lines(texts)}\n}};"


def _lines(texts: Iterable[str]) -> str:
    lines, line = [], "   "
    for text in texts:
        if len(line) + len(text) + 2 > _WIDTH:
            lines.append(line)
            line = "   "
        line += f" {text},"
    return "\n".join([*lines, line])
