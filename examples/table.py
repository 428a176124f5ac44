"""Run all examples and write docs/examples.md."""

from pathlib import Path

from _compare import SEEDS, Result
from _data import NoDataError
from building import building
from diabetes import diabetes
from digits import digits
from gene import gene
from mnist10k import mnist
from thyroid import thyroid
from two_spirals import two_spirals

EXAMPLES = (digits, mnist, thyroid, gene, diabetes, building, two_spirals)
PAGE = Path(__file__).parent.parent / "docs" / "examples.md"
HEADING = f"""# Examples

Real data sets, and scikit-learn's MLP with the same layers, epochs, minibatches and learning rate beside pybp; means over
{len(SEEDS)} seeds. Accuracies, or R² for building. `python examples/table.py` writes this page; each script runs by
itself too. digits comes with pybp; the others are read from the directory that the environment variable
`PYBP_DATA` names (`mnist10k.npz` and the sets of the FANN library, `fann/*.train` and `fann/*.test`).

| data | net and training | way | test score |
|---|---|---|---|
"""


def rows(result: Result) -> list[str]:
    """The table's lines for an example."""
    return [
        f"| {result.name} | {result.budget} | {way} | {score:.4f} |"
        for way, score in result.ways.items()
    ]


def main() -> None:
    """Run those whose data are here."""
    lines: list[str] = []
    for example in EXAMPLES:
        try:
            result = example()
        except NoDataError as missing:
            print(f"{example.__name__} skipped: {missing}")
            continue
        print(result, flush=True)
        lines += rows(result)
    PAGE.write_text(HEADING + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
