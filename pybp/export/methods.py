"""The base class of `MLP` that writes nets in other formats."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

from pybp._common.explain import explained
from pybp.export.c import net_to_c
from pybp.export.constructors import Constructors
from pybp.export.onnx.net import net_to_onnx
from pybp.export.state_dict import read_state_dict
from pybp.export.to_torch import net_to_torch

__all__ = ["Export"]


class Export(Constructors):
    """Base class of `MLP`: methods that write a net in other formats."""

    @explained
    def to_onnx(self, path: str | os.PathLike[str], *, check: Any = False) -> None:
        """Write the net as an ONNX model, which predicts without pybp. The net is not changed.

        Parameters
        ----------
        path : str or path-like
            The file. An existing file is replaced atomically.
        check : bool or array-like, shape (n_samples, n_in)
            Rows for which ONNX Runtime must give the outputs of the net, or True for 64 random rows.
            They may differ by 1e-4 (float32) or 1e-10 (float64) of the largest output, or of 1 if that is
            larger. False: nothing is compared, and ONNX Runtime is not needed.

        Raises
        ------
        ArgumentError
            A layer has no form in ONNX, or the model is larger than 2 GB.
        ExportError
            The outputs differ; no file is written.
        MissingExtraError
            `check` needs ONNX Runtime: ``pip install onnxruntime``.
        OSError
            The file can't be written; an existing file is not changed.

        Notes
        -----
        The model has an input ``X`` of shape (N, n_in) and an output ``Y`` of shape (N, n_out), both in
        the net's dtype; opset 18, IR version 8. Batch norm becomes a scale and a shift; dropout and
        noise are left out. X must hold categories where an embedding reads it: ONNX Runtime doesn't
        check them as pybp does.
        """
        net_to_onnx(self, path, check)

    @explained
    def to_c(
        self,
        path: str | os.PathLike[str],
        *,
        name: str = "net",
        dtype: Literal["float32", "float64", "int8"] | None = None,
        X: Any = None,
        input_names: Sequence[Any] | None = None,
        class_names: Sequence[Any] | None = None,
    ) -> None:
        """Write the net as a C99 file and a header that need nothing else. The net is not changed.

        Parameters
        ----------
        path : str or path-like
            The C file, ``net.c``; the header ``net.h`` is written beside it. Existing files are replaced.
        name : str
            The prefix of all names in the file: ``net`` gives ``net_predict``.
        dtype : {"float32", "float64", "int8"}, optional
            Type of parameters and of all computation; default: the net's. In another one they are
            rounded first. "int8": weights and activations become integers of 8 bits. That is for small
            processors, and costs accuracy: docs/export.md.
        X : array-like, shape (n_samples, n_in), optional
            Inputs; the first ones are recorded in the file's self-test, with their outputs. Default:
            random numbers. "int8" needs some hundred typical ones, whose activations decide which
            numbers the integers stand for; it uses 5,000 at most.
        input_names, class_names : sequence, optional
            Names of the inputs and of the classes. The header has an enum and an array of strings of each.

        Raises
        ------
        ArgumentError, ShapeError, TypeError
            An argument is wrong, or a layer has no form in C.
        OSError
            A file can't be written; existing ones are not changed.

        Notes
        -----
        ``net_predict(x, y)`` gives the bits of `predict` with any C99 compiler, at any level of optimisation,
        as long as it keeps to IEEE 754. It allocates nothing and has no state. See docs/export.md.
        """
        net_to_c(self, path, name, dtype, X, input_names, class_names)

    @explained
    def to_torch(self) -> Any:
        """The net as a PyTorch module with copies of its weights, in the net's dtype.

        Returns
        -------
        torch.nn.Module
            A `Sequential` of torch's modules, in evaluation mode; residual blocks, scales, noise, parametric
            activations and embeddings are modules of pybp's own, which need pybp to be unpickled. Options
            that affect training only, such as penalties, are left out.

        Raises
        ------
        MissingExtraError
            PyTorch is not installed.
        """
        return net_to_torch(self)

    @explained
    def read_state_dict(
        self, path: str | os.PathLike[str], names: Sequence[str] | None = None
    ) -> None:
        """Set the parameters to those of a PyTorch module that safetensors wrote.

        Parameters
        ----------
        path : str or path-like
            A file that ``safetensors.torch.save_file(module.state_dict(), path)`` wrote.
        names : list of str, optional
            The names of the modules for the net's layers with parameters, in their order: "fc1" for
            ``fc1.weight``, of shape (n_out, n_in), and ``fc1.bias``. Default: the numbers of a `Sequential`
            in ascending order, as in ``0.weight``.

        Raises
        ------
        ArgumentError, ShapeError
            The file's arrays are not those of the net, which is not changed.
        FileFormatError
            The file is damaged.
        MissingExtraError
            The package `safetensors` is not installed.
        """
        read_state_dict(self, path, names)
