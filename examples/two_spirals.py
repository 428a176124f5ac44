"""Two spirals: 193 points on two arms that wind around each other, and 193 others for testing.

A net of sigmoid or tanh units needs very many epochs to separate the arms; a net of rectified units does not.
"""

from _compare import Result, compare, main, peer
from _data import fann, standardized

from pybp import MLP, Adam

EPOCHS, BATCH, LR = 1000, 32, 3e-3
HIDDEN = (64, 64, 64)


def two_spirals() -> Result:
    """2-64-64-64-1, relu against tanh."""
    X, y, X_test, y_test = fann("two-spiral")
    X, X_test = standardized(X, X_test)

    def ours(activation: str, on_training_points: bool, seed: int) -> float:
        net = MLP([2, *HIDDEN, 1], activation=activation, output="sigmoid", seed=seed)
        net.fit(X, y, optimizer=Adam(lr=LR), epochs=EPOCHS, batch_size=BATCH, progress=False)
        at = (X, y) if on_training_points else (X_test, y_test)
        return net.evaluate(*at)["accuracy"]

    theirs = peer(
        "MLPClassifier",
        X,
        y.ravel(),
        X_test,
        y_test.ravel(),
        hidden_layer_sizes=HIDDEN,
        batch_size=BATCH,
        learning_rate_init=LR,
        max_iter=EPOCHS,
    )
    budget = f"2-64-64-64-1, {EPOCHS} epochs of batches of {BATCH}, Adam {LR:g}"
    models = {
        "pybp, relu": lambda seed: ours("relu", False, seed),
        "pybp, relu, training points": lambda seed: ours("relu", True, seed),
        "pybp, tanh": lambda seed: ours("tanh", False, seed),
        "scikit-learn, relu": theirs,
    }
    return compare("two spirals", budget, "accuracy", models)


if __name__ == "__main__":
    main(two_spirals)
