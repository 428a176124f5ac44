"""Handwritten digits of 8 x 8 pixels, the data set that comes with pybp."""

from _compare import Result, compare, main, peer

from pybp import MLP, Adam
from pybp.datasets import load_digits, train_test_split

EPOCHS, BATCH, LR = 30, 32, 1e-3


def digits() -> Result:
    """64-256-10, cross-entropy."""
    X, X_test, y, y_test = train_test_split(*load_digits(), seed=1)

    def ours(seed: int) -> float:
        net = MLP([64, 256, 10], output="softmax", seed=seed)
        net.fit(X, y, optimizer=Adam(lr=LR), epochs=EPOCHS, batch_size=BATCH, progress=False)
        return net.evaluate(X_test, y_test)["accuracy"]

    theirs = peer(
        "MLPClassifier",
        X,
        y,
        X_test,
        y_test,
        hidden_layer_sizes=(256,),
        batch_size=BATCH,
        learning_rate_init=LR,
        max_iter=EPOCHS,
    )
    budget = f"64-256-10, {EPOCHS} epochs of batches of {BATCH}, Adam {LR:g}"
    return compare("digits", budget, "accuracy", {"pybp": ours, "scikit-learn": theirs})


if __name__ == "__main__":
    main(digits)
