"""Thyroid function: 21 findings and 3 diagnoses, of which the normal one covers 92.7% of the rows."""

from _compare import Result, compare, main, peer
from _data import fann, standardized

from pybp import MLP, Adam

EPOCHS, BATCH, LR = 60, 64, 2e-3


def thyroid() -> Result:
    """21-64-32-3."""
    X, y, X_test, y_test = fann("thyroid")
    X, X_test = standardized(X, X_test)
    y, y_test = y.argmax(axis=1), y_test.argmax(axis=1)

    def ours(seed: int) -> float:
        net = MLP([21, 64, 32, 3], output="softmax", seed=seed)
        net.fit(X, y, optimizer=Adam(lr=LR), epochs=EPOCHS, batch_size=BATCH, progress=False)
        return net.evaluate(X_test, y_test)["accuracy"]

    theirs = peer(
        "MLPClassifier",
        X,
        y,
        X_test,
        y_test,
        hidden_layer_sizes=(64, 32),
        batch_size=BATCH,
        learning_rate_init=LR,
        max_iter=EPOCHS,
    )
    budget = f"21-64-32-3, {EPOCHS} epochs of batches of {BATCH}, Adam {LR:g}"
    return compare("thyroid", budget, "accuracy", {"pybp": ours, "scikit-learn": theirs})


if __name__ == "__main__":
    main(thyroid)
