"""Markdown tables for the documentation, and the places in its pages where scripts put them."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def table(header, rows):
    """A Markdown table; the first column is aligned to the left, the others to the right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *rows])


def find(path, name):
    """A page in three parts: up to `<!-- name -->`, from there to `<!-- end of name -->`, and the rest."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    inner, end, after = rest.partition(f"<!-- end of {name} -->")
    if not begin or not end:
        raise SystemExit(f"{path} has no place for {name}")
    return before + begin, inner, end + after


def replace(path, name, text):
    """Put text between `<!-- name -->` and `<!-- end of name -->` of a page."""
    before, _, after = find(path, name)
    path.write_text(f"{before}{text}\n{after}", encoding="utf-8")
