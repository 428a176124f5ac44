"""Import optional dependencies."""

import importlib
import importlib.util
import sys
from types import ModuleType

from pybp.errors import MissingExtraError

__all__ = ["available", "in_notebook", "require"]

_DISTRIBUTIONS = {"sklearn": "scikit-learn"}
"""Module -> distribution, where their names differ."""


def available(module: str) -> bool:
    """Whether `module` is installed."""
    return importlib.util.find_spec(module) is not None


def require(module: str, purpose: str) -> ModuleType:
    """Import `module`; MissingExtraError says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        raise MissingExtraError(
            f"{purpose} needs {module}, which is not installed: "
            f"pip install {_DISTRIBUTIONS.get(name, name)}"
        ) from error


def in_notebook() -> bool:
    """Whether the code runs in a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config
