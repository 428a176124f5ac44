"""docs/numerics.md: its tables list what there is, and say what the tests assert."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def table(name):
    """The cells of the rows of a generated table."""
    page = (ROOT / "docs/numerics.md").read_text(encoding="utf-8")
    text = page.partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0]
    rows = [line.strip("|").split("|") for line in text.split("\n") if line.startswith("|")]
    assert len(rows) > 2, f"{name} is empty"
    return [[cell.strip() for cell in row] for row in rows[2:]]


def defined_functions():
    """Functions of one argument that vmath offers; its helpers have names of their dtype."""
    sources = (ROOT / "csrc/simd").glob("vmath*.h")
    define = re.compile(r"^PYBP_INLINE vec v_(\w+)\(vec \w+\)", re.MULTILINE)
    return {name for path in sources for name in define.findall(path.read_text(encoding="utf-8"))}


def test_the_ulp_table_lists_the_functions_of_vmath():
    assert {row[0].strip("`") for row in table("ulp table")} == defined_functions()


def test_no_error_is_above_its_bound():
    for _, *errors, bound in table("ulp table"):
        assert all(0.5 <= float(error) <= float(bound) for error in errors)


def test_the_accuracy_table_is_filled():
    for _, weights, nudged, loss, output, accuracy in table("accuracy table"):
        assert all(0 < float(cell) < 0.1 for cell in (weights, nudged, loss, output))
        single, exact = (float(cell.strip(" %")) for cell in accuracy.split(","))
        assert abs(single - exact) < 1
