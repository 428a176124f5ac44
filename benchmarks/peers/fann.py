"""FANN, a plain C library, through ctypes (Debian: libfann2). It has no Adam, no ReLU, no softmax and no minibatches.

So it does gradient descent (`FANN_TRAIN_BATCH`) on one batch, with its stepwise linear sigmoid, which its manual
recommends for speed. One call of `fann_train_epoch` is a step; all of it runs in C, so ctypes costs little.
"""

import ctypes
import ctypes.util

from peers import Peer
from peers.data import inputs, make

MOST_FLOP = 2e8  # of a step: more would take seconds
TRAIN_BATCH = 1  # enum fann_train_enum
LINEAR, SIGMOID_SYMMETRIC, SIGMOID_SYMMETRIC_STEPWISE = 0, 5, 6  # enum fann_activationfunc_enum

FOUND = ctypes.util.find_library("fann")
if FOUND is None:
    raise ImportError("libfann is not installed")
FLOATS = ctypes.CDLL(ctypes.util.find_library("floatfann") or FOUND)
ROW = ctypes.CFUNCTYPE(
    None,
    ctypes.c_uint,
    ctypes.c_uint,
    ctypes.c_uint,
    ctypes.POINTER(ctypes.c_float),
    ctypes.POINTER(ctypes.c_float),
)


class Fann(Peer):
    usage = "`fann_train_epoch` by batch gradient descent on one fixed batch, stepwise sigmoids; `fann_run`"

    def __init__(self, threads):
        super().__init__(threads)
        FLOATS.fann_create_standard_array.restype = ctypes.c_void_p
        FLOATS.fann_create_train_from_callback.restype = ctypes.c_void_p
        FLOATS.fann_train_epoch.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        FLOATS.fann_train_epoch.restype = ctypes.c_float
        FLOATS.fann_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p]

    def version(self):
        return FLOATS._name

    def refuses(self, cell):
        if self.threads > 1:
            return "has one thread"
        if cell.dtype != "f32":
            return "float only"
        if cell.work == "train" and cell.optimizer != "sgd":
            return "has no Adam"
        return f"more than {MOST_FLOP:.0e} FLOP" if cell.flop > MOST_FLOP else None

    def net(self, cell):
        sizes = (ctypes.c_uint * len(cell.sizes))(*cell.sizes)
        net = FLOATS.fann_create_standard_array(len(sizes), sizes)
        handle = ctypes.c_void_p(net)
        FLOATS.fann_set_activation_function_hidden(handle, SIGMOID_SYMMETRIC_STEPWISE)
        FLOATS.fann_set_activation_function_output(handle, LINEAR)
        FLOATS.fann_set_training_algorithm(handle, TRAIN_BATCH)
        FLOATS.fann_set_learning_rate(handle, ctypes.c_float(1e-6))
        return handle

    def train(self, cell, data):
        net, X = self.net(cell), make(cell, 1).X

        @ROW
        def fill(i, n_in, n_out, x, y):
            for j in range(n_in):
                x[j] = X[i, j]
            for j in range(n_out):
                y[j] = float(j == i % n_out)

        sizes = cell.batch, cell.sizes[0], cell.sizes[-1]
        rows = FLOATS.fann_create_train_from_callback(*sizes, fill)

        def epoch():
            for _ in range(data.steps):
                FLOATS.fann_train_epoch(net, rows)

        return epoch

    def predict(self, cell, X):
        net, row = self.net(cell), inputs(cell, 1)
        at = row.ctypes.data

        def run(keep=row):
            FLOATS.fann_run(net, at)

        return run
