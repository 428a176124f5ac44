"""Numbers and tables as text."""

from collections.abc import Callable, Sequence

__all__ = ["aligned", "formatted", "shortened"]

Justify = Callable[[str, int], str]


def aligned(table: Sequence[Sequence[str]], justify: Justify = str.rjust) -> list[str]:
    """The lines of a table with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(justify, line, widths)).rstrip() for line in table]


def formatted(logs: dict[str, float]) -> str:
    """Loss and metrics in one line."""
    return "  ".join(f"{name} {value:.4g}" for name, value in logs.items())


def shortened(value: float) -> str:
    """A number with four significant digits, or with thousands separated where it is large."""
    if 10_000 <= abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.4g}"
