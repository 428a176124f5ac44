"""Pima diabetes: 8 measurements, a small and noisy data set."""

from _compare import Result, compare, main, peer
from _data import fann, standardized

from pybp import MLP, Adam

EPOCHS, BATCH, LR = 60, 32, 3e-3


def diabetes() -> Result:
    """8-16-2, tanh."""
    X, y, X_test, y_test = fann("diabetes")
    X, X_test = standardized(X, X_test)
    y, y_test = y.argmax(axis=1), y_test.argmax(axis=1)

    def ours(seed: int) -> float:
        net = MLP([8, 16, 2], activation="tanh", output="softmax", seed=seed)
        net.fit(X, y, optimizer=Adam(lr=LR), epochs=EPOCHS, batch_size=BATCH, progress=False)
        return net.evaluate(X_test, y_test)["accuracy"]

    theirs = peer(
        "MLPClassifier",
        X,
        y,
        X_test,
        y_test,
        hidden_layer_sizes=(16,),
        activation="tanh",
        batch_size=BATCH,
        learning_rate_init=LR,
        max_iter=EPOCHS,
    )
    budget = f"8-16-2, tanh, {EPOCHS} epochs of batches of {BATCH}, Adam {LR:g}"
    return compare("diabetes", budget, "accuracy", {"pybp": ours, "scikit-learn": theirs})


if __name__ == "__main__":
    main(diabetes)
