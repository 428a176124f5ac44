"""HTML for notebooks: readable on light and on dark backgrounds, as it takes its colours from them."""

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["details", "document", "table"]

_STYLE = """<style>
.pybp{font:13px/1.5 system-ui,sans-serif;color:inherit;max-width:100%;overflow-x:auto}
.pybp .pybp-head{font-size:14px;margin:2px 0 6px}
.pybp .pybp-dim{opacity:.65}
.pybp .pybp-good{color:#2e8b57}
.pybp .pybp-bad{color:#d9534f}
.pybp table{border-collapse:collapse;border:none;margin:4px 0 8px;font-size:12.5px}
.pybp th,.pybp td{padding:2px 12px 2px 0;border:none;color:inherit;text-align:right;white-space:nowrap;
 font-variant-numeric:tabular-nums;line-height:1.5}
.pybp td.pybp-text,.pybp th.pybp-text{text-align:left}
.pybp thead th{border-bottom:1px solid rgba(127,127,127,.6);font-weight:600}
.pybp tbody tr:hover td{background:rgba(127,127,127,.16)}
.pybp code,.pybp td code{background:none;color:inherit;padding:0;font-size:12px;white-space:pre-wrap}
.pybp summary{cursor:pointer;opacity:.8;margin:4px 0 2px}
.pybp svg text{fill:currentColor;font:12px system-ui,sans-serif}
.pybp svg{display:block;max-width:none}
</style>"""


def document(title: str, *parts: str, note: str = "") -> str:
    """A box with a title and a note beside it, and the parts, which are HTML, below."""
    beside = f' <span class="pybp-dim">{escape(note)}</span>' if note else ""
    head = f'<div class="pybp-head"><b>{escape(title)}</b>{beside}</div>'
    return f'{_STYLE}<div class="pybp">{head}{"".join(parts)}</div>'


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    text: Sequence[int] = (),
    indents: Sequence[int] = (),
) -> str:
    """A table of text: columns in `text` are aligned to the left, the others to the right.

    `indents` says how far the first column of `text` is indented in each row.
    """

    def cells(tag: str, row: Sequence[str], indent: int = 0) -> str:
        made = []
        for place, cell in enumerate(row):
            kind = ' class="pybp-text"' if place in text else ""
            deep = indent and place == text[0]
            shift = f' style="padding-left:{1.3 * indent:.4g}em"' if deep else ""
            made.append(f"<{tag}{kind}{shift}>{escape(cell)}</{tag}>")
        return f"<tr>{''.join(made)}</tr>"

    given = list(rows)
    depths = [*indents, *[0] * (len(given) - len(indents))]
    body = "".join(cells("td", row, depth) for row, depth in zip(given, depths, strict=True))
    return f"<table><thead>{cells('th', head)}</thead><tbody>{body}</tbody></table>"


def details(label: str, *parts: str, shown: bool = False) -> str:
    """Parts, which are HTML, that can be folded away."""
    state = " open" if shown else ""
    return f"<details{state}><summary>{escape(label)}</summary>{''.join(parts)}</details>"
