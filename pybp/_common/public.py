"""Public names: each object says where users import it from."""

from collections.abc import Iterable
from typing import Any

__all__ = ["set_public_module"]


def set_public_module(namespace: dict[str, Any], names: Iterable[str] | None = None) -> None:
    """Set ``__module__`` of public classes and functions to the package that exports them.

    Pickles and documentation then name the public path, whichever file defines the object.

    Parameters
    ----------
    namespace : dict
        The ``globals()`` of the exporting package.
    names : iterable of str, optional
        The names to set; those of ``__all__`` if not given.
    """
    for name in namespace["__all__"] if names is None else names:
        exported = namespace[name]
        if getattr(exported, "__module__", "").startswith("pybp."):
            exported.__module__ = namespace["__name__"]
