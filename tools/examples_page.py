"""Run all examples and write docs/examples.md."""

import sys

import pages

sys.path.append(str(pages.ROOT / "examples"))

from _compare import SEEDS
from _data import NoDataError
from building import building
from diabetes import diabetes
from digits import digits
from gene import gene
from mnist10k import mnist
from thyroid import thyroid
from two_spirals import two_spirals

EXAMPLES = (digits, mnist, thyroid, gene, diabetes, building, two_spirals)
PAGE = pages.DOCS / "examples.md"
HEADING = f"""# Examples

Real data sets. scikit-learn's MLP has the same layers, epochs, minibatches and learning rate as pybp; scores are means over
{len(SEEDS)} seeds: accuracies, and R² for building. `python tools/examples_page.py` runs the scripts in
[examples](../examples) and writes this page; each script can also be run on its own. digits comes with pybp. The others are
read from the directory that the environment variable `PYBP_DATA` names (`mnist10k.npz` and the sets of the FANN library,
`fann/*.train` and `fann/*.test`).

| data | net and training | model | test score |
|---|---|---|---|
"""


def main():
    """Run the examples whose data are available."""
    lines = []
    for example in EXAMPLES:
        try:
            result = example()
        except NoDataError as missing:
            print(f"{example.__name__} skipped: {missing}")
            continue
        print(result, flush=True)
        lines += [
            f"| {result.name} | {result.budget} | {model} | {score:.4f} |"
            for model, score in result.scores.items()
        ]
    PAGE.write_text(HEADING + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
