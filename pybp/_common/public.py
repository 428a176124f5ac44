"""Prepare public names: module, signatures, error messages, completion."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType
from typing import Any

from pybp._common.explain import explained

__all__ = ["publish"]


def publish(namespace: dict[str, Any], names: Iterable[str] | None = None) -> None:
    """Prepare the public names of a module or package.

    - ``__module__`` of classes and functions becomes the public module, so that pickles and documentation
      do not depend on the file that defines them.
    - Calls with wrong arguments raise errors that suggest the right ones.
    - Signatures show aliases of types by name.
    - ``dir()``, and so completion, shows only ``__all__``.

    Parameters
    ----------
    namespace : dict
        The ``globals()`` of the module.
    names : iterable of str, optional
        The names to prepare; default: those of ``__all__``.
    """
    for name in namespace["__all__"] if names is None else names:
        exported = namespace[name]
        own = isinstance(exported, type | FunctionType)
        if not (own and exported.__module__.startswith("pybp.")):
            continue
        exported.__module__ = namespace["__name__"]
        for function in _functions(exported):
            _unquote(function)
        if isinstance(exported, type) and isinstance(vars(exported).get("__init__"), FunctionType):
            exported.__init__ = explained(vars(exported)["__init__"])  # type: ignore[misc]
        elif isinstance(exported, FunctionType):
            namespace[name] = explained(exported)
    public = list(namespace["__all__"])
    namespace["__dir__"] = lambda: public


class _Annotation(str):
    """An annotation that signatures show without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _unquote(function: Callable[..., Any]) -> None:
    function.__annotations__ = {
        name: _Annotation(value) if isinstance(value, str) else value
        for name, value in function.__annotations__.items()
    }


_prepared: set[type] = set()


def _functions(exported: Any) -> Iterator[Callable[..., Any]]:
    """The function itself; for a class, its methods and the getters of its properties, if they are new."""
    if isinstance(exported, FunctionType):
        yield inspect.unwrap(exported)
    elif isinstance(exported, type):
        for base in set(exported.__mro__) - _prepared:
            _prepared.add(base)
            if base.__module__.startswith("pybp"):
                for member in vars(base).values():
                    function = getattr(member, "fget", getattr(member, "__func__", member))
                    if isinstance(function, FunctionType):
                        yield inspect.unwrap(function)
