"""Docstrings that include the parameters of base classes, as ``help()`` shows them."""

import inspect
import re

__all__ = ["add_inherited_parameters"]

_PARAMETERS = re.compile(r"^Parameters\n-+\n((?:.+\n?)+)", re.MULTILINE)
_ENTRY = re.compile(r"^(\w.*?) : .*\n?(?: .*\n?)*", re.MULTILINE)
_HEADING = re.compile(r"^\w.*\n-+$", re.MULTILINE)


def add_inherited_parameters(cls: type) -> None:
    """Append the parameters that base classes document and `cls` does not to its docstring.

    The docstrings are in numpydoc format. Parameters of `cls` come first.
    """
    if cls.__doc__ is None:  # python -OO
        return
    doc = inspect.cleandoc(cls.__doc__) + "\n"
    known = _entries(doc)
    for base in cls.__bases__:
        known = _entries(inspect.cleandoc(base.__doc__ or "")) | known
    own = _entries(doc)
    entries = [*own.values(), *(text for name, text in known.items() if name not in own)]
    if len(entries) > len(own):
        cls.__doc__ = _with_parameters(doc, "".join(f"{entry.rstrip()}\n" for entry in entries))


def _entries(doc: str) -> dict[str, str]:
    """The entries of the section Parameters by name."""
    section = _PARAMETERS.search(doc)
    return {entry[1]: entry[0] for entry in _ENTRY.finditer(section[1])} if section else {}


def _with_parameters(doc: str, entries: str) -> str:
    """`doc` with these entries in the section Parameters, which is added if there is none."""
    if section := _PARAMETERS.search(doc):
        return doc[: section.start(1)] + entries + doc[section.end(1) :]
    heading = _HEADING.search(doc)
    position = heading.start() if heading else len(doc)
    before, after = doc[:position].rstrip("\n"), doc[position:]
    gap = "\n" if after else ""
    return f"{before}\n\nParameters\n----------\n{entries}{gap}{after}"
