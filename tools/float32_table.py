"""Measure how far a long float32 training ends from a float64 one, and write the table in docs/numerics.md.

    python tools/float32_table.py

Both start from the same weights, rounded to float32, and see the same rows in the same order. A third training, in
float64, starts from weights changed by at most half a unit in the last place of float32. Its distance shows how much of
the difference comes from the problem: training may amplify a single rounding error at the start.
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


def make_net(activation, dtype):
    return MLP([64, 64, 32, 10], activation=activation, output="softmax", dtype=dtype, seed=0)


def perturbed(exact):
    """A copy whose weights each differ by a random relative change of at most half a unit of float32."""
    rng, other = np.random.default_rng(0), exact.copy()
    other.weights = [W * (1 + rng.uniform(-HALF_UNIT, HALF_UNIT, W.shape)) for W in exact.weights]
    return other


def distance(net, exact):
    """Euclidean distance of all weights, relative to the length of the exact ones."""
    pairs = list(zip(net.weights, exact.weights, strict=True))
    squares = sum(float(np.sum((W.astype(float) - V) ** 2)) for W, V in pairs)
    return (squares / sum(float(np.sum(V**2)) for _, V in pairs)) ** 0.5


def compare(activation, optimizer, epochs):
    X_train, X_test, y_train, y_test = train_test_split(*load_digits(), seed=1)
    nets = [make_net(activation, "float32"), make_net(activation, "float64")]
    nets.append(perturbed(nets[1]))
    losses = [
        net.fit(X_train / 16, y_train, optimizer=optimizer(), epochs=epochs).history["loss"][-1]
        for net in nets
    ]
    single, exact, other = nets
    scores = [net.evaluate(X_test / 16, y_test)["accuracy"] for net in (single, exact)]
    return [
        f"{distance(single, exact):.0e}",
        f"{distance(other, exact):.0e}",
        f"{abs(losses[0] - losses[1]) / losses[1]:.0e}",
        f"{float(np.max(np.abs(single.predict(X_test / 16) - exact.predict(X_test / 16)))):.0e}",
        f"{scores[0]:.1%}, {scores[1]:.1%}",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=200, help="default: %(default)s")
    epochs = parser.parse_args().epochs
    rows = [[name, *compare(*case, epochs)] for name, case in CASES.items()]
    header = [f"{epochs} epochs", "weights", "perturbed", "loss", "output", "test accuracy"]
    table = pages.table(header, rows)
    pages.replace(pages.DOCS / "numerics.md", "accuracy table", table)
    print(table)


if __name__ == "__main__":
    main()
