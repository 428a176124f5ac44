"""scikit-learn: MLPClassifier and MLPRegressor. `partial_fit` on all rows is one epoch of shuffled minibatches."""

import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

from peers import Peer


class Sklearn(Peer):
    distribution = "scikit-learn"
    usage = "`partial_fit(X, y)` of `MLPClassifier` or `MLPRegressor`: an epoch in one call; BLAS on as many threads"

    def __init__(self, threads):
        super().__init__(threads)
        threadpool_limits(threads)
        warnings.simplefilter("ignore")

    def model(self, cell):
        kind = MLPClassifier if cell.classifies else MLPRegressor
        extra = {"momentum": 0.0, "nesterovs_momentum": False} if cell.optimizer == "sgd" else {}
        return kind(
            hidden_layer_sizes=cell.sizes[1:-1],
            activation=cell.hidden,
            solver=cell.optimizer,
            alpha=0.0,
            batch_size=cell.batch,
            learning_rate_init=1e-4,
            random_state=0,
            **extra,
        )

    def train(self, cell, data):
        model = self.model(cell)
        if not cell.classifies:
            return lambda: model.partial_fit(data.X, data.y)
        classes = np.arange(cell.sizes[-1])
        return lambda: model.partial_fit(data.X, data.y, classes=classes)

    def predict(self, cell, X):
        model = self.model(cell)
        targets = np.random.default_rng(1).standard_normal((64, cell.sizes[-1])).astype(X.dtype)
        rows = np.random.default_rng(1).standard_normal((64, cell.sizes[0])).astype(X.dtype)
        if cell.classifies:
            model.partial_fit(
                rows, np.arange(64) % cell.sizes[-1], classes=np.arange(cell.sizes[-1])
            )
            return lambda: model.predict_proba(X)
        model.set_params(batch_size=64)
        model.partial_fit(rows, targets)
        return lambda: model.predict(X)
