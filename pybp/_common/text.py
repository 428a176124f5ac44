"""Numbers and tables as text."""

from collections.abc import Callable, Sequence

__all__ = ["aligned", "formatted"]

Justify = Callable[[str, int], str]


def aligned(table: Sequence[Sequence[str]], justify: Justify = str.rjust) -> list[str]:
    """The lines of a table with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(justify, line, widths)).rstrip() for line in table]


def formatted(logs: dict[str, float]) -> str:
    """Loss and metrics in one line."""
    return "  ".join(f"{name} {value:.4g}" for name, value in logs.items())
