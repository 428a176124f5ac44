"""pybp itself, from Python."""

import numpy as np

from peers import Peer
from peers.data import dtype_of
from pybp import MLP


class Pybp(Peer):
    distribution = "pybp"
    usage = "`fit(X, y, epochs=1)`, of full batches `epochs=16`; `predict(X)`"
    most_steps = 8192

    def net(self, cell):
        output = "softmax" if cell.classifies else "identity"
        return MLP(
            list(cell.sizes),
            activation=cell.hidden,
            output=output,
            dtype=dtype_of(cell).name,
            seed=0,
        )

    def epochs_a_call(self, cell):
        """An epoch of one step would measure what a call of `fit` costs; nobody calls it for each of them."""
        return 16 if cell.full_batch else 1

    def train(self, cell, data):
        net = self.net(cell)

        def epoch():
            net.fit(
                data.X,
                data.y,
                loss=cell.loss,
                optimizer=cell.optimizer,
                epochs=self.epochs_a_call(cell),
                batch_size=cell.batch,
                progress=False,
                threads=self.threads,
            )

        return epoch

    def threads_argument(self, cell):
        """One row is predicted in one thread in any case; the argument would only cost time."""
        return {} if cell.batch == 1 else {"threads": self.threads}

    def predict(self, cell, X):
        net, arguments = self.net(cell), self.threads_argument(cell)
        X = X[0] if cell.batch == 1 else X
        return lambda: net.predict(X, **arguments)


class PybpOut(Pybp):
    usage = "`predict(X, out=out)`"

    def refuses(self, cell):
        return None if cell.work == "predict" else "only predicts"

    def predict(self, cell, X):
        net, arguments = self.net(cell), self.threads_argument(cell)
        X = X[0] if cell.batch == 1 else X
        out = np.empty((*X.shape[:-1], cell.sizes[-1]), X.dtype)
        return lambda: net.predict(X, out=out, **arguments)
