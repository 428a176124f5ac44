"""The command ``pybp``: a demonstration, and what this machine offers."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pybp
from pybp import _core
from pybp.callbacks import Callback
from pybp.datasets import load_digits, train_test_split
from pybp.errors import PybpError
from pybp.mlp import MLP
from pybp.optimizers import Adam

__all__ = ["main"]

EPOCHS = 30
GOAL = 0.97  # accuracy on the digits held out


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (the process's own if None); return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.command(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\npybp: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except PybpError as error:
        print(f"pybp: error: {error}", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pybp", description="Multilayer perceptrons, trained by backpropagation."
    )
    parser.add_argument("--version", action="version", version=f"pybp {pybp.__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser(
        "demo",
        help="train a classifier of handwritten digits",
        description="Train a net on 1,438 handwritten digits and test it on 359 others. "
        f"The exit code is 0 if it gets {GOAL:.0%} of these right and its gradients are correct.",
    )
    demo.add_argument("--epochs", type=_count, default=EPOCHS, help="default: %(default)s")
    demo.add_argument("--seed", type=_seed, default=0, help="of the weights (default: %(default)s)")
    demo.add_argument("--threads", type=_count, help="default: as `pybp info` says")
    demo.set_defaults(command=_demo)

    info = commands.add_parser(
        "info",
        help="show version, instruction sets and threads",
        description="Show the version, the instruction sets and the number of threads, and why.",
    )
    info.set_defaults(command=_info)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 upward")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 2^64 - 1")
    return int(text)


# ---- info ----------------------------------------------------------------------------------------


def _info(arguments: argparse.Namespace) -> int:
    threads, why = _core.default_threads()
    compiled = [
        name if _core.isa_usable(name) else f"{name} (not on this CPU)"
        for name in _core.isa_compiled()
    ]
    rows = {
        "pybp": pybp.__version__,
        "kernels": f"{_core.isa()} ({_core.isa_reason()})",
        "compiled in": ", ".join(compiled),
        "threads": f"{threads} ({why})",
        "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "NumPy": np.__version__,
    }
    for name, value in rows.items():
        print(f"{name:<12} {value}")
    return 0


# ---- demo ----------------------------------------------------------------------------------------


def _demo(arguments: argparse.Namespace) -> int:
    screen = Screen()
    threads, why = _core.default_threads()
    if arguments.threads is not None:
        threads, why = arguments.threads, "--threads"
    X, y = load_digits()
    X_train, X_test, y_train, y_test = train_test_split(X, y, seed=1)
    net = MLP([64, 256, 10], activation="relu", output="softmax", seed=arguments.seed)

    print(
        f"{screen.bold(f'pybp {pybp.__version__}')}   {_core.isa()} kernels ({_core.isa_reason()}), "
        f"{_plural(threads, 'thread')} ({why})"
    )
    print(
        f"\n{len(X):,} handwritten digits of 8 x 8 pixels: "
        f"{len(X_train):,} to learn from, {len(X_test)} held out\n\n{net.summary()}\n"
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
    accurate = right >= GOAL * len(y_test)
    check = net.check_gradients(X_train[:32], y_train[:32])
    rate = arguments.epochs * len(X_train) / seconds
    print(
        f"\n{screen.mark(accurate)} {right / len(y_test):.1%} of the held-out digits right, "
        f"{len(y_test) - right} wrong; the goal is {GOAL:.0%}"
        f"\n{screen.mark(check.ok)} gradients against central differences in {check.checked} "
        f"places: largest relative error {check.max_relative_error:.1e}"
        f"\n  {rate:,.0f} samples a second: "
        f"{_plural(arguments.epochs, 'epoch')} in {seconds:.2f} s, evaluation included"
        f"\n\nThe hardest of the held-out digits:\n\n{hardest(X_test, y_test, outputs, screen)}"
    )
    if not accurate:
        print("\npybp: the accuracy is below the goal; more epochs may help", file=sys.stderr)
    if not check.ok:
        print("\npybp: the gradients are wrong", file=sys.stderr)
    return 0 if accurate and check.ok else 1


class EpochTable(Callback):
    """Prints a row for each epoch, with a bar as long as its loss."""

    def __init__(self, screen: "Screen") -> None:
        self.screen = screen
        self.first_loss = 0.0

    def on_fit_begin(self, net: MLP) -> None:
        """Print the head of the table."""
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
    X: NDArray[Any], y: NDArray[np.int64], outputs: NDArray[Any], screen: "Screen", count: int = 4
) -> str:
    """Draw, side by side, the digits whose right answer got the least probability."""
    chosen = np.argsort(outputs[np.arange(len(y)), y], kind="stable")[:count]
    drawings = [screen.drawing(image.reshape(8, 8)) for image in X[chosen]]
    answers = outputs.argmax(axis=1)
    captions = [f"{y[i]}, seen as {answers[i]}" for i in chosen]
    lines = ["   ".join(parts) for parts in zip(*drawings, strict=True)]
    lines.append("   ".join(f"{caption:^16}" for caption in captions))
    return "\n".join(line.rstrip() for line in lines)


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Screen:
    """Standard output: colours where it is a terminal, ASCII where it knows nothing else."""

    def __init__(self) -> None:
        self.colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        try:
            "█░✓".encode(sys.stdout.encoding or "ascii")
            self.shades, self.full, self.good, self.bad = " ░▒▓█", "█", "✓", "✗"
        except UnicodeEncodeError:
            self.shades, self.full, self.good, self.bad = " .:*#", "#", "ok", "FAILED"

    def bold(self, text: str) -> str:
        """A title."""
        return self._coloured("1", text)

    def mark(self, good: bool) -> str:
        """A tick or a cross."""
        return self._coloured("32", self.good) if good else self._coloured("31", self.bad)

    def bar(self, share: float, width: int = 36) -> str:
        """A bar of that share of its full width."""
        return self._coloured("36", self.full * round(min(share, 1) * width))

    def drawing(self, image: NDArray[Any]) -> list[str]:
        """The lines of an image with pixels from 0 to 1; each is two characters wide."""
        darkest = len(self.shades) - 1
        return ["".join(2 * self.shades[round(p * darkest)] for p in row) for row in image.tolist()]

    def _coloured(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colours and text else text
