"""pybp itself, called from Python."""

import numpy as np

from peers import Peer
from peers.data import dtype_of
from pybp import MLP


class Pybp(Peer):
    distribution = "pybp"
    usage = "`fit(X, y, epochs=n, metrics=[])`, n such that a call takes about 50 ms; `predict(X)`"
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

    def epochs_per_call(self, cell, steps):
        """About as many as a sample takes, since users do not call `fit` again for each epoch."""
        most = self.most_steps * 16 // steps  # for nets whose rate is far below 100 GFLOP/s
        return max(1, min(64, most, round(0.05 * 100e9 / (steps * cell.flop))))

    def train(self, cell, data):
        net = self.net(cell)

        def epoch():
            net.fit(
                data.X,
                data.y,
                loss=cell.loss,
                optimizer=cell.optimizer,
                epochs=self.epochs_per_call(cell, data.steps),
                batch_size=cell.batch,
                metrics=[],  # only the loss, as the peers
                progress=False,
                threads=self.threads,
            )

        return epoch

    def predict(self, cell, X):
        net, threads = self.net(cell), self.threads
        if cell.batch == 1:  # always on one thread
            row = X[0]
            return lambda: net.predict(row)
        return lambda: net.predict(X, threads=threads)


class PybpOut(Pybp):
    usage = "`predict(X, out=out)`"

    def refuses(self, cell):
        return None if cell.work == "predict" else "only predicts"

    def predict(self, cell, X):
        net, threads = self.net(cell), self.threads
        X = X[0] if cell.batch == 1 else X
        out = np.empty((*X.shape[:-1], cell.sizes[-1]), X.dtype)
        if cell.batch == 1:
            return lambda: net.predict(X, out=out)
        return lambda: net.predict(X, out=out, threads=threads)
