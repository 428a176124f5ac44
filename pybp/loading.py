"""Load whatever a file of pybp holds."""

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pybp._core import File
from pybp.errors import FileFormatError
from pybp.io import open_file, read_nets
from pybp.mlp import MLP

__all__ = ["load"]

_ESTIMATORS = ("TabularMLPClassifier", "TabularMLPRegressor")


def load(path: str | os.PathLike[str]) -> Any:
    """Read what `save` wrote. No code in a file is executed.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    MLP, list of MLP, TabularPredictor or estimator
        A net, the nets of an ensemble, a predictor for tables, or the estimator of `pybp.sklearn` that
        was saved (without scikit-learn, its predictor). Its predictions have the same bits as before, and
        so has the further training of an `MLP`.

    Raises
    ------
    FileFormatError
        The file was not written by `save`, or it is damaged.
    OSError
        The file can't be read.
    """
    with open_file(path) as file:
        if file.kind == "tabular":
            return _tabular(file)
        nets = [MLP._of(saved) for saved in read_nets(file)]
        return nets[0] if file.kind == "net" else nets


def _tabular(file: File) -> Any:
    """A predictor, or the estimator that it belongs to; `import pybp` alone loads neither's module."""
    cls = import_module("pybp.tabular").TabularPredictor
    predictor, described = import_module("pybp.tabular.modelfile").read_predictor(file, cls)
    if described is None or find_spec("sklearn") is None:
        return predictor
    if described["class"] not in _ESTIMATORS:
        raise FileFormatError(f"it holds the estimator {described['class']!r:.60}")
    return getattr(import_module("pybp.sklearn"), described["class"])._of(predictor, described)
