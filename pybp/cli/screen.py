"""Format text for standard output."""

import os
import sys
from typing import IO, Any

from numpy.typing import NDArray

__all__ = ["Screen", "complain", "plural", "silence"]


def complain(text: str) -> None:
    """Write to standard error, if it is there; the exit code says the same."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"{text.rstrip()}\n")
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def silence(stream: IO[str]) -> None:
    """Let what can't be written go nowhere; Python tries it again at exit, with an exit code of its own."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def plural(number: int, noun: str) -> str:
    """A number and a noun, as in "2 threads"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Screen:
    """Standard output: colours on a terminal, and ASCII where its encoding has no block characters."""

    def __init__(self) -> None:
        self.colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        try:
            "█░✓".encode(sys.stdout.encoding or "ascii")
            self.shades, self.full, self.good, self.bad = " ░▒▓█", "█", "✓", "✗"
        except UnicodeEncodeError:
            self.shades, self.full, self.good, self.bad = " .:*#", "#", "ok", "FAILED"

    def bold(self, text: str) -> str:
        """`text` in bold."""
        return self._coloured("1", text)

    def mark(self, good: bool) -> str:
        """A tick if `good`, else a cross."""
        return self._coloured("32", self.good) if good else self._coloured("31", self.bad)

    def bar(self, fraction: float, width: int = 36) -> str:
        """A bar whose length is this fraction of `width`."""
        return self._coloured("36", self.full * round(min(fraction, 1) * width))

    def drawing(self, image: NDArray[Any]) -> list[str]:
        """The lines of an image with pixels from 0 to 1; each pixel is two characters wide."""
        darkest = len(self.shades) - 1
        return ["".join(2 * self.shades[round(p * darkest)] for p in row) for row in image.tolist()]

    def _coloured(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colours and text else text
