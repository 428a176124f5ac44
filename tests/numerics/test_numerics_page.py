"""docs/numerics.md: its tables list what there is, and say what the tests assert."""

import re

from project import ROOT, table


def defined_functions():
    """Functions of one argument that vmath offers; its helpers have names of their dtype."""
    sources = (ROOT / "csrc/simd").glob("vmath*.h")
    define = re.compile(r"^PYBP_INLINE vec v_(\w+)\(vec \w+\)", re.MULTILINE)
    return {name for path in sources for name in define.findall(path.read_text(encoding="utf-8"))}


def test_the_ulp_table_lists_the_functions_of_vmath():
    assert {row[0].strip("`") for row in table("numerics.md", "ulp table")} == defined_functions()


def test_no_error_is_above_its_bound():
    for _, *errors, bound in table("numerics.md", "ulp table"):
        assert all(0.5 <= float(error) <= float(bound) for error in errors)


def test_the_accuracy_table_is_filled():
    for _, weights, perturbed, loss, output, accuracy in table("numerics.md", "accuracy table"):
        assert all(0 < float(cell) < 0.1 for cell in (weights, perturbed, loss, output))
        single, exact = (float(cell.strip(" %")) for cell in accuracy.split(","))
        assert abs(single - exact) < 1
