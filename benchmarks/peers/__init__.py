"""The contestants: one small class each, which uses its library as that library's documentation recommends for speed.

`refuses` says why a class cannot do a cell. `train` and `predict` prepare the work of a cell and return a function
without arguments that does it once: an epoch of `steps` steps on newly shuffled minibatches (or several epochs, where
the library takes several in a call), or one prediction.
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
    """A library in its own process, on so many threads."""

    distribution = ""  # name of the installed package
    usage = ""  # in a few words, for the report
    most_steps = 64  # of an epoch: so many that the cost per epoch is small

    def __init__(self, threads):
        self.threads = threads

    def version(self):
        from importlib.metadata import version

        return version(self.distribution)

    def epochs_per_call(self, cell, steps):
        """The number of epochs of so many steps in one call of the function that `train` returns."""
        return 1

    def refuses(self, cell):
        """Why it cannot do a cell; None if it can."""
        return

    def train(self, cell, data):
        raise NotImplementedError

    def predict(self, cell, X):
        raise NotImplementedError


def find(name):
    """The class of a contestant. Importing its module raises ImportError if the library is not installed."""
    module, _, attribute = CONTESTANTS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
