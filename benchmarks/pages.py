"""Tables in the documentation that scripts regenerate, between two comments that name them."""

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def table(header, rows):
    """A Markdown table; the first column reads from the left, the others from the right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *rows])


def replace(page, name, text):
    """Put text between `<!-- name -->` and `<!-- end of name -->` of a page in docs/."""
    path = DOCS / page
    before, begin, rest = path.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- end of {name} -->")
    if not begin or not end:
        raise SystemExit(f"{path} has no place for {name}")
    path.write_text(f"{before}{begin}{text}\n{end}{after}", encoding="utf-8")
