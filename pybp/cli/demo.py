"""``pybp demo``: train a classifier of handwritten digits."""

import argparse
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pybp
from pybp import _core
from pybp.callbacks import Callback
from pybp.cli.arguments import count, seed
from pybp.cli.screen import Screen, complain, plural
from pybp.datasets import load_digits, train_test_split
from pybp.mlp import MLP
from pybp.optimizers import Adam

__all__ = ["EPOCHS", "GOAL", "add_demo"]

EPOCHS = 30
GOAL = 0.97  # accuracy on the held-out digits


def add_demo(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "demo",
        help="train a classifier of handwritten digits",
        description="Train a net on 1,438 handwritten digits and test it on 359 others. "
        f"The exit code is 0 if it gets {GOAL:.0%} of these right and its gradients are correct.",
        epilog="example:\n  pybp demo --epochs 10\n",
    )
    parser.add_argument("--epochs", type=count, default=EPOCHS, help="default: %(default)s")
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        help="seed of the net's random numbers (default: %(default)s)",
    )
    parser.add_argument("--threads", type=count, help="default: the number that `pybp info` shows")
    parser.set_defaults(command=demo)


def demo(arguments: argparse.Namespace) -> int:
    """Train, test and check the gradients; return the exit code."""
    screen = Screen()
    threads, why = _core.default_threads()
    if arguments.threads is not None:
        threads, why = arguments.threads, "--threads"
    X, y = load_digits()
    X_train, X_test, y_train, y_test = train_test_split(X, y, seed=1)
    net = MLP([64, 256, 10], activation="relu", output="softmax", seed=arguments.seed)

    print(
        f"{screen.bold(f'pybp {pybp.__version__}')}   {_core.isa()} kernels ({_core.isa_reason()}), "
        f"{plural(threads, 'thread')} ({why})"
    )
    print(
        f"\n{len(X):,} handwritten digits of 8 x 8 pixels: "
        f"{len(X_train):,} for training, {len(X_test)} held out\n\n{net.summary()}\n"
    )

    begin = time.perf_counter()
    net.fit(
        X_train,
        y_train,
        optimizer=Adam(lr=0.002),
        epochs=arguments.epochs,
        validation_data=(X_test, y_test),
        callbacks=[EpochTable(screen)],
        progress=False,
        threads=threads,
    )
    seconds = time.perf_counter() - begin

    outputs = net.predict(X_test)
    right = int(np.count_nonzero(outputs.argmax(axis=1) == y_test))
    reached = right >= GOAL * len(y_test)
    check = net.check_gradients(X_train[:32], y_train[:32])
    rate = arguments.epochs * len(X_train) / seconds
    print(
        f"\n{screen.mark(reached)} {right / len(y_test):.1%} of the held-out digits right, "
        f"{len(y_test) - right} wrong; the goal is {GOAL:.0%}"
        f"\n{screen.mark(check.ok)} gradients against central differences in {check.checked} "
        f"places: largest relative error {check.max_relative_error:.1e}"
        f"\n  {rate:,.0f} samples a second: "
        f"{plural(arguments.epochs, 'epoch')} in {seconds:.2f} s, evaluation included"
        f"\n\nThe hardest of the held-out digits:\n\n{hardest(X_test, y_test, outputs, screen)}"
    )
    if not reached:
        complain("\npybp: the accuracy is below the goal; more epochs may help")
    if not check.ok:
        complain("\npybp: the gradients are wrong")
    return 0 if reached and check.ok else 1


class EpochTable(Callback):
    """Prints a row for each epoch; the length of its bar shows the loss."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.first_loss = 0.0

    def on_fit_begin(self, net: MLP) -> None:
        """Print the heading of the table."""
        print(self.screen.bold("epoch      loss  accuracy  held out"), flush=True)

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Print the row."""
        self.first_loss = self.first_loss or logs["loss"]
        row = (
            f"{epoch:5}  {logs['loss']:8.4f}  {logs['accuracy']:8.1%}  {logs['val_accuracy']:8.1%}"
            f"  {self.screen.bar(logs['loss'] / self.first_loss)}"
        )
        print(row.rstrip(), flush=True)


def hardest(
    X: NDArray[Any], y: NDArray[np.int64], outputs: NDArray[Any], screen: Screen, count: int = 4
) -> str:
    """Drawings of the digits whose correct class has the lowest predicted probability."""
    chosen = np.argsort(outputs[np.arange(len(y)), y], kind="stable")[:count]
    drawings = [screen.drawing(image.reshape(8, 8)) for image in X[chosen]]
    answers = outputs.argmax(axis=1)
    captions = [f"{y[i]}, taken for {answers[i]}" for i in chosen]
    lines = ["   ".join(parts) for parts in zip(*drawings, strict=True)]
    lines.append("   ".join(f"{caption:^16}" for caption in captions))
    return "\n".join(line.rstrip() for line in lines)
