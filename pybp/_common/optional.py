"""Optional dependencies, in one place."""

import importlib
import importlib.util
import sys
from types import ModuleType

from pybp.errors import MissingExtraError

__all__ = ["available", "in_notebook", "require"]


def available(module: str) -> bool:
    """Whether `module` is installed."""
    return importlib.util.find_spec(module) is not None


def require(module: str, extra: str, purpose: str) -> ModuleType:
    """The module, or MissingExtraError that says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{purpose} needs {module}, which is not installed: pip install 'pybp[{extra}]'"
        ) from error


def in_notebook() -> bool:
    """Whether this is a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config
