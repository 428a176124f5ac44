"""Where the files of the project are, and the tables of its pages."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
TRAJECTORIES = Path(__file__).parent / "trajectories"


def table(page, name):
    """The cells of the rows of the table `name` of a page in docs/."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    text = text.partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0]
    rows = [line.strip("|").split("|") for line in text.split("\n") if line.startswith("|")]
    assert len(rows) > 2, f"{name} is empty"
    return [[cell.strip() for cell in row] for row in rows[2:]]
