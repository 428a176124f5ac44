"""Set the ``__module__`` of public objects to the package that users import them from."""

from collections.abc import Iterable
from types import FunctionType
from typing import Any

__all__ = ["set_public_module"]


def set_public_module(namespace: dict[str, Any], names: Iterable[str] | None = None) -> None:
    """Set ``__module__`` of public classes and functions to the package that exports them.

    Pickles and documentation then name the public path and do not depend on the defining file.

    Parameters
    ----------
    namespace : dict
        The ``globals()`` of the exporting package.
    names : iterable of str, optional
        The names to set; default: those of ``__all__``.
    """
    for name in namespace["__all__"] if names is None else names:
        exported = namespace[name]
        own = isinstance(exported, type | FunctionType)
        if own and exported.__module__.startswith("pybp."):
            exported.__module__ = namespace["__name__"]
