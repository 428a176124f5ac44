"""The contestants: one small class each, which uses its library the way that library's documentation recommends for speed.

A class says what it `refuses`; `train` and `predict` prepare the work of a cell and return a function without
arguments that does it once: an epoch of `steps` steps on minibatches drawn anew (or several, where the library takes
several in a call), or one prediction.
"""

import importlib

CONTESTANTS = {
    "pybp": "peers.pybp:Pybp",
    "pybp out=": "peers.pybp:PybpOut",
    "scikit-learn": "peers.sklearn:Sklearn",
    "PyTorch": "peers.torch:Torch",
    "PyTorch compiled": "peers.torch:TorchCompiled",
    "JAX": "peers.jax:Jax",
    "Keras": "peers.keras:Keras",
    "ONNX Runtime": "peers.onnxruntime:OnnxRuntime",
    "ONNX Runtime bound": "peers.onnxruntime:OnnxRuntimeBound",
    "FANN": "peers.fann:Fann",
}


class Peer:
    """A library, in a process of its own, on so many threads."""

    distribution = ""  # whose version is told
    usage = ""  # in a few words, for the report
    most_steps = 64  # of an epoch: as many as amortise what an epoch costs besides

    def __init__(self, threads):
        self.threads = threads

    def version(self):
        from importlib.metadata import version

        return version(self.distribution)

    def epochs_a_call(self, cell, steps):
        """How many epochs of so many steps the function that `train` returns makes."""
        return 1

    def refuses(self, cell):
        """Why it can't take part; None if it can."""
        return

    def train(self, cell, data):
        raise NotImplementedError

    def predict(self, cell, X):
        raise NotImplementedError


def find(name):
    """The class of a contestant. ImportError if its library is not there: it is imported with the module."""
    module, _, attribute = CONTESTANTS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
