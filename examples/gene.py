"""Splice junctions in DNA: 120 bits for 60 nucleotides, 3 classes. Dropout reduces overfitting."""

from _compare import Result, compare, main, peer
from _data import fann

from pybp import MLP, Adam, Dense, Dropout

EPOCHS, BATCH, LR = 30, 32, 1e-3


def gene() -> Result:
    """120-64-3."""
    X, y, X_test, y_test = fann("gene")
    y, y_test = y.argmax(axis=1), y_test.argmax(axis=1)

    def ours(rate: float, seed: int) -> float:
        layers = [120, Dense(64, "relu"), Dropout(rate), 3]
        net = MLP(layers, output="softmax", seed=seed)
        net.fit(X, y, optimizer=Adam(lr=LR), epochs=EPOCHS, batch_size=BATCH, progress=False)
        return net.evaluate(X_test, y_test)["accuracy"]

    theirs = peer(
        "MLPClassifier",
        X,
        y,
        X_test,
        y_test,
        hidden_layer_sizes=(64,),
        batch_size=BATCH,
        learning_rate_init=LR,
        max_iter=EPOCHS,
    )
    budget = f"120-64-3, {EPOCHS} epochs of batches of {BATCH}, Adam {LR:g}"
    return compare(
        "gene",
        budget,
        "accuracy",
        {
            "pybp": lambda seed: ours(0.0, seed),
            "pybp, dropout 0.5": lambda seed: ours(0.5, seed),
            "scikit-learn": theirs,
        },
    )


if __name__ == "__main__":
    main(gene)
