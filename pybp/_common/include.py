"""Where the C headers are."""

from pathlib import Path

from pybp.errors import StateError

__all__ = ["get_include"]


def get_include() -> str:
    """The folder of the C headers, for extension modules that use pybp's core.

    Returns
    -------
    str
        The folder of ``pybp.h``, for C programs, and of ``pybp_python.h``, for extension modules;
        Cython finds ``pybp/core.pxd`` by itself.

    Raises
    ------
    StateError
        pybp is used from its source tree, without being installed.
    """
    folder = Path(__file__).parents[1] / "include"
    if not (folder / "pybp.h").is_file():
        raise StateError(f"there are no headers in {folder}: pybp is not installed")
    return str(folder)
