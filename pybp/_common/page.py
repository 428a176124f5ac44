"""A page of HTML that needs nothing else: its style, and the parts that a report is made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Section", "cards", "figure", "note", "page", "side_by_side", "table", "warning"]

_STYLE = """
:root{color-scheme:light dark;--text:#1c2430;--dim:#5b6675;--back:#fff;--box:#f5f7fa;--rule:#d8dee6;
--c0:#2f6fb5;--c1:#c8651b;--c2:#3f8f5a;--c3:#8a5bb0;--c4:#b23a48;--c5:#6b7785;--heat:47,111,181}
@media (prefers-color-scheme:dark){:root{--text:#e6eaf0;--dim:#9aa6b5;--back:#14181f;--box:#1d232d;
--rule:#37404d;--c0:#6aa8e8;--c1:#f0985a;--c2:#72c48f;--c3:#bd95e0;--c4:#ee7d8a;--c5:#9aa6b5;
--heat:106,168,232}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main,header,nav ul{max-width:1060px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 4px}
h2{font-size:1.3rem;margin:44px 0 8px;padding-top:10px;border-top:1px solid var(--rule)}
h3{font-size:1.02rem;margin:22px 0 4px}
p{max-width:75ch;margin:8px 0}
.dim,figcaption{color:var(--dim)}
nav{position:sticky;top:0;background:var(--back);border-bottom:1px solid var(--rule);margin-top:16px;z-index:1}
nav ul{display:flex;flex-wrap:wrap;gap:2px 16px;list-style:none;padding-top:8px;padding-bottom:8px}
a{color:var(--c0)}
nav a{text-decoration:none}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin:14px 0}
.card{background:var(--box);border-radius:8px;padding:12px 14px}
.card b{display:block;font-size:1.5rem;line-height:1.25;font-variant-numeric:tabular-nums}
.card span{color:var(--dim);font-size:.85rem}
.beside{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(400px,100%),1fr));gap:8px 28px;align-items:start}
figure{margin:12px 0;min-width:0}
figcaption{font-size:.9rem}
figcaption b{color:var(--text)}
svg{display:block;width:100%;max-width:560px;height:auto}
svg text{fill:var(--dim);font:12px system-ui,sans-serif}
.grid{stroke:var(--rule);stroke-width:1}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.dashed{stroke-dasharray:5 4;stroke-width:1.5}
.band{opacity:.22}.bar{opacity:.85}.point{opacity:.5}.error{stroke:var(--text);stroke-width:1.5}
.c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}.c5{stroke:var(--c5)}
.f0{fill:var(--c0)}.f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}.f4{fill:var(--c4)}.f5{fill:var(--c5)}
.wide{overflow-x:auto;margin:8px 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:4px 14px 4px 0;text-align:right;vertical-align:top;border-bottom:1px solid var(--rule)}
th{font-weight:600;white-space:nowrap}
td{white-space:nowrap}
.text{text-align:left;max-width:26em;white-space:normal;overflow-wrap:break-word}
td.heat{padding:6px 12px;border:1px solid var(--back)}
details{margin:6px 0}
summary{cursor:pointer;color:var(--c0);font-size:.9rem}
.warning{border-left:4px solid var(--c1);background:var(--box);padding:8px 14px;max-width:80ch;margin:8px 0}
code,pre{font:.87em ui-monospace,Menlo,Consolas,monospace}
pre{background:var(--box);padding:10px 14px;border-radius:8px;overflow-x:auto}
footer{max-width:1060px;margin:48px auto 28px;padding:0 20px;color:var(--dim);font-size:.85rem}
@media print{nav,summary{display:none}details>*{display:block}body{font-size:11pt}
figure,table,.card{break-inside:avoid}h2,h3{break-after:avoid}:root{color-scheme:light}}
@media (max-width:480px){body{font-size:15px}main,header,nav ul,footer{padding-left:14px;padding-right:14px}nav{position:static}}
"""


@dataclass(frozen=True)
class Section:
    """A part of a page with a heading.

    Attributes
    ----------
    mark : str
        Its id, which links to it use.
    title : str
        The heading.
    parts : tuple of str
        HTML.
    """

    mark: str
    title: str
    parts: tuple[str, ...]

    def html(self) -> str:
        """The section as HTML."""
        body = "".join(self.parts)
        return f'<section id="{self.mark}"><h2>{escape(self.title)}</h2>{body}</section>'


def page(title: str, subtitle: str, sections: Sequence[Section], footer: str) -> str:
    """A whole page. `title`, `subtitle` and `footer` are text."""
    links = "".join(f'<li><a href="#{s.mark}">{escape(s.title)}</a></li>' for s in sections)
    nav = f'<nav aria-label="Sections"><ul>{links}</ul></nav>' if len(sections) > 1 else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f'<header><h1>{escape(title)}</h1><p class="dim">{escape(subtitle)}</p></header>{nav}'
        f"<main>{''.join(s.html() for s in sections)}</main>"
        f"<footer>{escape(footer)}</footer></body></html>\n"
    )


def cards(values: Iterable[tuple[str, str]]) -> str:
    """Large numbers, each with a label."""
    boxes = "".join(
        f'<div class="card"><b>{escape(value)}</b><span>{escape(what)}</span></div>'
        for value, what in values
    )
    return f'<div class="cards">{boxes}</div>'


def figure(svg: str, title: str, caption: str, numbers: str = "") -> str:
    """A picture with its caption, and a table of its numbers that can be unfolded."""
    below = f"<details><summary>The numbers</summary>{numbers}</details>" if numbers else ""
    return (
        f"<figure>{svg}<figcaption><b>{escape(title)}.</b> {escape(caption)}</figcaption>"
        f"{below}</figure>"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, text: Sequence[int] = (0,)) -> str:
    """A table of texts; the columns in `text` are aligned to the left."""

    def cells(tag: str, row: Sequence[str]) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        made = (
            f"<{tag}{scope}{' class=text' if place in text else ''}>{escape(cell)}</{tag}>"
            for place, cell in enumerate(row)
        )
        return f"<tr>{''.join(made)}</tr>"

    body = "".join(cells("td", row) for row in rows)
    return f'<div class="wide"><table><thead>{cells("th", head)}</thead><tbody>{body}</tbody></table></div>'


def heat_table(
    corner: str, head: Sequence[str], names: Sequence[str], values: Sequence[Sequence[float]]
) -> str:
    """A table of counts; the larger a cell's fraction of its row, the darker the cell."""
    rows = []
    for name, row in zip(names, values, strict=True):
        total = sum(row) or 1
        made = "".join(
            f'<td class="heat" style="background:rgba(var(--heat),{0.75 * v / total:.2f})">{v:,.0f}</td>'
            for v in row
        )
        rows.append(f'<tr><th class="text" scope="row">{escape(name)}</th>{made}</tr>')
    top = "".join(f'<th scope="col">{escape(h)}</th>' for h in head)
    return (
        f'<div class="wide"><table><thead><tr><th class="text">{escape(corner)}</th>{top}</tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def side_by_side(*parts: str) -> str:
    """Parts beside each other where there is room."""
    return f'<div class="beside">{"".join(parts)}</div>'


def note(text: str) -> str:
    """A paragraph of text."""
    return f"<p>{escape(text)}</p>"


def warning(text: str) -> str:
    """A paragraph that stands out."""
    return f'<p class="warning">{escape(text)}</p>'
