"""The base class of `MLP` that makes nets from other formats."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Self

from pybp._common.explain import explained
from pybp._common.types import Array, DType
from pybp.export.keras_models import read_keras
from pybp.export.layer_graph import Plan
from pybp.export.onnx.read import read_onnx
from pybp.export.probe import compare_with
from pybp.export.sklearn_models import read_sklearn
from pybp.export.torch_models import read_torch
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
            The file is damaged, or the model contains something that pybp doesn't have; the message names the
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
    @explained
    def from_torch(cls, module: Any) -> Self:
        """Make a net of a PyTorch module, which may have blocks with skip connections.

        The module is traced by torch.fx in evaluation mode; it is not changed. pybp never opens files of
        PyTorch, which may run code.

        Parameters
        ----------
        module : torch.nn.Module
            A module with one input of shape (samples, features) that consists of Linear, batch norm, layer
            norm, RMS norm, dropout, activations, sums of two branches, and products and sums with parameters.

        Returns
        -------
        MLP
            A net with the weights of the module, in their dtype. For 64 random rows it gives the outputs of
            the module, within 1e-4 (float32) or 1e-10 (float64) of the largest one, or of 1 if that is larger.

        Raises
        ------
        ArgumentError
            The module contains something that pybp doesn't have; the message names it.
        ExportError
            The net computes other outputs than the module.
        """
        return cls._from_model(*read_torch(module), "the module")

    @classmethod
    @explained
    def from_keras(cls, model: Any) -> Self:
        """Make a net of a Keras model, sequential or functional. The model is not changed.

        Parameters
        ----------
        model : keras.Model
            A model with one input that consists of Dense, activations, norms, dropout, noise, Flatten,
            Rescaling, and Add of two branches. pybp never opens files of Keras, which may run code.

        Returns
        -------
        MLP
            A net with the weights of the model. It is compared with it as `from_torch` does.

        Raises
        ------
        ArgumentError
            The model has a layer that pybp doesn't have; the message names it.
        ExportError
            The net computes other outputs than the model.
        """
        return cls._from_model(*read_keras(model), "the model")

    @classmethod
    @explained
    def from_sklearn(cls, estimator: Any) -> Self:
        """Make a net of a fitted MLP of scikit-learn.

        Parameters
        ----------
        estimator : MLPClassifier, MLPRegressor or Pipeline
            In a pipeline, StandardScaler, MinMaxScaler, RobustScaler and MaxAbsScaler may come first; each
            becomes a `Scale` layer.

        Returns
        -------
        MLP
            A net with the estimator's weights, in their dtype. For two classes it gives the probability of
            the second one. It is compared with the estimator as `from_torch` does.

        Raises
        ------
        ExportError
            The net computes other outputs than the estimator.
        StateError
            The estimator is not fitted.
        """
        return cls._from_model(*read_sklearn(estimator), "the estimator")

    @classmethod
    def _from_model(
        cls, plan: Plan, dtype: DType, predict: Callable[[Array], Array], what: str
    ) -> Self:
        net = cls._from_plan(plan, dtype)
        compare_with(net, predict, what)
        return net

    @classmethod
    def _from_plan(cls, plan: Plan, dtype: DType) -> Self:
        net = cls(plan.entries, dtype=dtype, seed=0)
        plan.write_to(net)
        return net
