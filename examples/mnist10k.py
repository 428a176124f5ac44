"""MNIST, its 10,000 test images only: 8,000 for training, 2,000 for testing."""

from _compare import Result, compare, main, peer
from _data import mnist10k

from pybp import MLP, Adam, Dense, Dropout

EPOCHS, BATCH, LR = 20, 32, 1e-3


def mnist() -> Result:
    """784-128-10."""
    X, y, X_test, y_test = mnist10k()

    def ours(rate: float, seed: int) -> float:
        net = MLP([784, Dense(128, "relu"), Dropout(rate), 10], output="softmax", seed=seed)
        net.fit(X, y, optimizer=Adam(lr=LR), epochs=EPOCHS, batch_size=BATCH, progress=False)
        return net.evaluate(X_test, y_test)["accuracy"]

    theirs = peer(
        "MLPClassifier",
        X,
        y,
        X_test,
        y_test,
        hidden_layer_sizes=(128,),
        batch_size=BATCH,
        learning_rate_init=LR,
        max_iter=EPOCHS,
    )
    budget = f"784-128-10, {EPOCHS} epochs of batches of {BATCH}, Adam {LR:g}"
    return compare(
        "MNIST-10k",
        budget,
        "accuracy",
        {
            "pybp": lambda seed: ours(0.0, seed),
            "pybp, dropout 0.3": lambda seed: ours(0.3, seed),
            "scikit-learn": theirs,
        },
    )


if __name__ == "__main__":
    main(mnist)
