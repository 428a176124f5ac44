"""How far a long float32 training strays from float64; writes the table in docs/numerics.md.

    python benchmarks/accuracy.py

Both start from the same weights (rounded) and see the same rows in the same order. The third training,
in float64 from weights changed by half a unit in float32's last place, tells how much of the difference
is the problem's own: whatever rounding does once, training may amplify.
"""

import argparse

import numpy as np
import pages

from pybp import MLP, SGD, Adam
from pybp.datasets import load_digits, train_test_split

CASES = {
    "tanh, SGD with momentum": ("tanh", lambda: SGD(lr=0.01, momentum=0.9)),
    "tanh, Adam": ("tanh", lambda: Adam(lr=0.001)),
    "relu, SGD with momentum": ("relu", lambda: SGD(lr=0.01, momentum=0.9)),
    "relu, Adam": ("relu", lambda: Adam(lr=0.001)),
}
HALF_UNIT = 2.0**-25


def net(activation, dtype):
    return MLP([64, 64, 32, 10], activation=activation, output="softmax", dtype=dtype, seed=0)


def nudged(exact):
    """A copy whose weights are a rounding to float32 away, at most, each its own way."""
    rng, other = np.random.default_rng(0), exact.copy()
    other.weights = [W * (1 + rng.uniform(-HALF_UNIT, HALF_UNIT, W.shape)) for W in exact.weights]
    return other


def distance(one, exact):
    """Relative, over all weights."""
    pairs = list(zip(one.weights, exact.weights, strict=True))
    apart = sum(float(np.sum((W.astype(float) - V) ** 2)) for W, V in pairs)
    return (apart / sum(float(np.sum(V**2)) for _, V in pairs)) ** 0.5


def compare(activation, optimizer, epochs):
    X_train, X_test, y_train, y_test = train_test_split(*load_digits(), seed=1)
    nets = [net(activation, "float32"), net(activation, "float64")]
    nets.append(nudged(nets[1]))
    losses = [
        each.fit(X_train / 16, y_train, optimizer=optimizer(), epochs=epochs).history["loss"][-1]
        for each in nets
    ]
    single, exact, other = nets
    right = [each.evaluate(X_test / 16, y_test)["accuracy"] for each in (single, exact)]
    return [
        f"{distance(single, exact):.0e}",
        f"{distance(other, exact):.0e}",
        f"{abs(losses[0] - losses[1]) / losses[1]:.0e}",
        f"{float(np.max(np.abs(single.predict(X_test / 16) - exact.predict(X_test / 16)))):.0e}",
        f"{right[0]:.1%}, {right[1]:.1%}",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=200, help="default: %(default)s")
    epochs = parser.parse_args().epochs
    rows = [[name, *compare(*case, epochs)] for name, case in CASES.items()]
    header = [f"{epochs} epochs", "weights", "nudged", "loss", "output", "test accuracy"]
    table = pages.table(header, rows)
    pages.replace("numerics.md", "accuracy table", table)
    print(table)


if __name__ == "__main__":
    main()
