"""The base class of `MLP` that makes nets from other formats."""

from __future__ import annotations

import os
from typing import Self

from pybp._common.explain import explained
from pybp._common.types import DType
from pybp.export.layer_graph import Plan
from pybp.export.onnx.read import read_onnx
from pybp.inspection.methods import Inspection

__all__ = ["Constructors"]


class Constructors(Inspection):
    """Base class of `MLP`: class methods that make nets from models of other libraries."""

    @classmethod
    @explained
    def from_onnx(cls, path: str | os.PathLike[str], *, output: str | None = None) -> Self:
        """Read a net from an ONNX model, such as PyTorch, Keras and skl2onnx write. No code is executed.

        Parameters
        ----------
        path : str or path-like
            The file.
        output : str, optional
            The output of the model to read, if it has several. Default: the probabilities of a classifier.

        Returns
        -------
        MLP
            A net that computes this output, with the parameters of the model, in its dtype. Batch norm is
            a `BatchNorm` layer; scales and shifts by constants are `Scale` layers; dropout is left out.

        Raises
        ------
        FileFormatError
            The file is damaged, or the model has something that is no layer of pybp; the message names the
            node. Subgraphs, functions and data in other files are refused.
        OSError
            The file can't be read.

        Notes
        -----
        The model has one input, of shape (samples, features). It may consist of matrix products, sums,
        scales, norms, embeddings of columns, and all activations of pybp, also where these consist of
        several operators. For a classifier of two classes with one output p, the net computes p, the
        probability of the second class.
        """
        return read_onnx(path, output, cls._from_plan)

    @classmethod
    def _from_plan(cls, plan: Plan, dtype: DType) -> Self:
        net = cls(plan.entries, dtype=dtype, seed=0)
        plan.write_to(net)
        return net
