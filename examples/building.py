"""Energy use of a building: electricity, hot water and cold water, predicted from time and weather."""

from _compare import Result, compare, main, peer
from _data import fann, standardized

from pybp import MLP, Adam

EPOCHS, BATCH, LR = 100, 32, 3e-3


def building() -> Result:
    """14-32-16-3."""
    X, y, X_test, y_test = fann("building")
    X, X_test = standardized(X, X_test)

    def ours(activation: str, seed: int) -> float:
        net = MLP([14, 32, 16, 3], activation=activation, seed=seed)
        net.fit(X, y, optimizer=Adam(lr=LR), epochs=EPOCHS, batch_size=BATCH, progress=False)
        return net.evaluate(X_test, y_test, metrics=["r2"])["r2"]

    theirs = peer(
        "MLPRegressor",
        X,
        y,
        X_test,
        y_test,
        hidden_layer_sizes=(32, 16),
        batch_size=BATCH,
        learning_rate_init=LR,
        max_iter=EPOCHS,
    )
    budget = f"14-32-16-3, {EPOCHS} epochs of batches of {BATCH}, Adam {LR:g}"
    return compare(
        "building",
        budget,
        "R2",
        {
            "pybp": lambda seed: ours("relu", seed),
            "pybp, silu": lambda seed: ours("silu", seed),
            "scikit-learn": theirs,
        },
    )


if __name__ == "__main__":
    main(building)
