"""Write the table of docs/sklearn-accuracy.md from the results of benchmarks/sklearn_accuracy.py."""

import json
import math
import statistics

from scipy import stats

import pages

RESULTS = pages.ROOT / "benchmarks" / "results" / "sklearn-accuracy.json"
MODELS = ("scikit-learn", "pybp", "tabular")


def difference(ones, others):
    """Mean of the paired differences, and half the width of its 95% interval (Student's t)."""
    paired = [one - other for one, other in zip(ones, others, strict=True)]
    error = statistics.stdev(paired) / math.sqrt(len(paired))
    return statistics.mean(paired), stats.t.ppf(0.975, len(paired) - 1) * error


def shown(mean, width):
    return f"{mean:+.4f} ± {width:.4f}"


def scores(entry, model):
    return [score for score, _ in entry[model]]


def row(name, entry):
    means = {model: statistics.mean(scores(entry, model)) for model in MODELS}
    best = max(MODELS[:2], key=lambda model: means[model])
    seconds = [statistics.median(time for _, time in entry[model]) for model in MODELS]
    return [
        f"{name} ({entry['rows']} x {entry['columns']})",
        *(f"{means[model]:.4f}" for model in MODELS),
        shown(*difference(scores(entry, "pybp"), scores(entry, "scikit-learn"))),
        shown(*difference(scores(entry, "tabular"), scores(entry, best))),
        *(f"{each:.2f}" for each in seconds),
    ]


def overall(entries):
    """The last row: means over the data sets, with intervals over the data sets."""
    means = [[statistics.mean(scores(entry, model)) for entry in entries] for model in MODELS]
    best = [max(pair) for pair in zip(*means[:2], strict=True)]
    return [
        "mean",
        *(f"{statistics.mean(each):.4f}" for each in means),
        shown(*difference(means[1], means[0])),
        shown(*difference(means[2], best)),
        *([""] * len(MODELS)),
    ]


def make_table(results):
    header = ["data (rows x columns)", *MODELS, "pybp - scikit-learn", "tabular - better of both"]
    header += [f"{model}, s" for model in MODELS]
    rows = [row(name, entry) for name, entry in results.items()]
    return pages.table(header, [*rows, overall(list(results.values()))])


def main():
    table = make_table(json.loads(RESULTS.read_text(encoding="utf-8")))
    pages.replace(pages.DOCS / "sklearn-accuracy.md", "table of scores", table)
    print(table)


if __name__ == "__main__":
    main()
