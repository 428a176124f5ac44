"""Write the tables and the plot of docs/tabular-accuracy.md from the results of benchmarks/tabular.py."""

import argparse
import json
import math
import statistics
from pathlib import Path

from matplotlib.figure import Figure

import pages

RESULTS = pages.ROOT / "benchmarks" / "results" / "tabular.json"
PAGE = pages.DOCS / "tabular-accuracy.md"
MODELS = ["pybp", "HistGradientBoosting", "LightGBM", "XGBoost", "CatBoost"]
WITHOUT = "pybp without "


class Results:
    """The records of a run, for each table those of the splits that all compared models have."""

    def __init__(self, records):
        self.records = list(records.values())
        self.tables = list(dict.fromkeys(record["table"] for record in self.records))
        found = {record["model"] for record in self.records}
        self.models = [model for model in MODELS if model in found]
        self.without = sorted(model for model in found if model.startswith(WITHOUT))

    def shape(self, table):
        one = next(record for record in self.records if record["table"] == table)
        return f"{table} ({one['rows']:,} x {one['columns']})"

    def splits(self, table, models):
        """The splits of a table that all these models have."""
        of_model = {model: set() for model in models}
        for record in self.records:
            if record["table"] == table and record["model"] in of_model:
                of_model[record["model"]].add(record["split"])
        return sorted(set.intersection(*of_model.values()))

    def values(self, table, model, name, splits):
        """What a model measured on these splits of a table."""
        found = {
            record["split"]: record.get(name)
            for record in self.records
            if record["table"] == table and record["model"] == model
        }
        return [found[split] for split in splits]

    def error(self, table):
        """The name of a table's error: it is what is compared."""
        return "log_loss" if self.is_classification(table) else "rmse"

    def is_classification(self, table):
        return any(r["table"] == table and "log_loss" in r for r in self.records)

    def means(self, table, name):
        """Model -> mean over the splits that all models have; empty if there is none."""
        splits = self.splits(table, self.models)
        if not splits:
            return {}
        return {m: statistics.mean(self.values(table, m, name, splits)) for m in self.models}


def number(value):
    """Four significant digits."""
    digits = 4 - 1 - math.floor(math.log10(abs(value))) if value else 3
    return f"{value:,.{max(0, digits)}f}"


def marked(means, best):
    """Cells with the best one bold."""
    return [f"**{number(v)}**" if v == best else number(v) for v in means.values()]


def errors_table(results):
    """Log loss and RMSE, and the mean rank."""
    rows, ranks = [], {model: [] for model in results.models}
    for table in results.tables:
        means = results.means(table, results.error(table))
        if not means:
            continue
        name = "log loss" if results.is_classification(table) else "RMSE"
        splits = len(results.splits(table, results.models))
        rows.append([results.shape(table), name, str(splits), *marked(means, min(means.values()))])
        for model, mean in means.items():
            better = sum(other < mean for other in means.values())
            equal = sum(other == mean for other in means.values())
            ranks[model].append(better + (equal + 1) / 2)
    means = {model: statistics.mean(found) for model, found in ranks.items()}
    rows.append(["mean rank", "", "", *(f"{mean:.2f}" for mean in means.values())])
    return pages.table(["table (rows x columns)", "error", "splits", *results.models], rows)


def scores_table(results):
    """Accuracy and AUC, or R²."""
    rows = []
    for table in results.tables:
        names = {"accuracy": "accuracy", "auc": "AUC"}
        for key, name in (names if results.is_classification(table) else {"r2": "R²"}).items():
            means = results.means(table, key)
            if means:
                rows.append([table, name, *marked(means, max(means.values()))])
    return pages.table(["table", "score", *results.models], rows)


def times_table(results):
    """CPU seconds of fit, and milliseconds of the prediction of a row: medians over the splits."""
    rows = []
    for table in results.tables:
        splits = results.splits(table, results.models)
        if not splits:
            continue
        for key, name, factor in (("cpu", "fit, CPU s", 1), ("row", "one row, ms", 1e3)):
            cells = [
                f"{factor * statistics.median(results.values(table, model, key, splits)):.2f}"
                for model in results.models
            ]
            rows.append([table, name, *cells])
    return pages.table(["table", "time", *results.models], rows)


def ablation_table(results):
    """By how much the error changes without a part of the recipe."""
    rows = []
    for table in results.tables:
        cells = []
        for model in results.without:
            splits = results.splits(table, ["pybp", model])
            if splits:
                pair = [
                    statistics.mean(results.values(table, m, results.error(table), splits))
                    for m in (model, "pybp")
                ]
                cells.append(f"{100 * (pair[0] / pair[1] - 1):+.1f}%")
            else:
                cells.append("")
        if any(cells):
            rows.append([table, *cells])
    header = [model.removeprefix("pybp ") for model in results.without]
    return pages.table(["error of", *header], rows) if rows else "Not measured."


def plot(results):
    """Each model's error over the best of the table, and the CPU seconds of fit."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    tables = [table for table in results.tables if results.splits(table, results.models)]
    markers = dict(zip(results.models, "os^vD", strict=False))
    for model in results.models:
        means = [results.means(table, results.error(table)) for table in tables]
        ratios = [found[model] / min(found.values()) for found in means]
        seconds = [
            statistics.median(
                results.values(table, model, "cpu", results.splits(table, results.models))
            )
            for table in tables
        ]
        style = {"marker": markers[model], "linestyle": "", "markersize": 6, "alpha": 0.8}
        left.plot(ratios, range(len(tables)), label=model, **style)
        right.plot(seconds, range(len(tables)), **style)
    left.set(xlabel="error / least error of the table", yticks=range(len(tables)), xscale="log")
    left.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    left.set_xticks([], minor=True)
    left.set_yticklabels(tables)
    left.invert_yaxis()
    right.set(xlabel="CPU seconds of fit", xscale="log")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(results.models), frameon=False)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, default=RESULTS, help="file of the results")
    options = parser.parse_args()
    run = json.loads(options.json.read_text(encoding="utf-8"))
    results = Results(run["records"])
    machine = run["machine"]
    pages.replace(PAGE, "machine", f"{machine['cpu']} ({machine['cpu_family']}), {machine['date']}")
    pages.replace(PAGE, "table of errors", errors_table(results))
    pages.replace(PAGE, "table of scores", scores_table(results))
    pages.replace(PAGE, "table of times", times_table(results))
    pages.replace(PAGE, "table of parts", ablation_table(results))
    plot(results).savefig(pages.DOCS / "tabular-accuracy.png", dpi=110)


if __name__ == "__main__":
    main()
