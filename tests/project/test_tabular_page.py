"""The arithmetic of docs/tabular-accuracy.md, on made-up records. Nothing is trained here."""

import sys
from pathlib import Path

import pytest

from project import ROOT


@pytest.fixture
def page(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    pytest.importorskip("matplotlib", reason="the plot needs matplotlib: pip install '.[bench]'")
    import tabular_page

    yield tabular_page
    for name in [*sys.modules]:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == ROOT / "tools":
            del sys.modules[name]


def records(table, model, errors, error="log_loss", **more):
    """A record for each split from 0; None: not measured."""
    shape = {"table": table, "model": model, "rows": 1234, "columns": 5}
    scores = {"log_loss": {"accuracy": 0.5, "auc": 0.75}, "rmse": {"r2": 0.25}}[error]
    return {
        f"{table}, {model}, {split}": shape
        | {"split": split, error: value, "cpu": 3.0 + split, "row": 1e-3, **scores, **more}
        for split, value in enumerate(errors)
        if value is not None
    }


@pytest.fixture
def results(page):
    return page.Results(
        records("a", "pybp", [0.3, 0.5, 0.9])
        | records("a", "CatBoost", [0.5, 0.5])
        | records("a", "XGBoost", [0.4, 0.4], auc=0.8)
        | records("a", "pybp without embeddings", [None, 0.6])
        | records("b", "pybp", [20.0], "rmse")
        | records("b", "CatBoost", [20.0], "rmse")
        | records("b", "XGBoost", [30.0], "rmse")
        | records("only pybp", "pybp", [1.0])
    )


def test_errors_and_ranks(page, results):
    table = page.errors_table(results).splitlines()
    assert table[0] == "| table (rows x columns) | error | splits | pybp | XGBoost | CatBoost |"
    assert table[2] == "| a (1,234 x 5) | log loss | 2 | **0.4000** | **0.4000** | 0.5000 |"
    assert table[3] == "| b (1,234 x 5) | RMSE | 1 | **20.00** | 30.00 | **20.00** |"
    assert table[4:] == ["| mean rank |  |  | 1.50 | 2.25 | 2.25 |"]


def test_scores_times_and_parts(page, results):
    assert "| a | AUC | 0.7500 | **0.8000** | 0.7500 |" in page.scores_table(results)
    assert "| b | R² | **0.2500** | **0.2500** | **0.2500** |" in page.scores_table(results)
    assert "| a | fit, CPU s | 3.50 | 3.50 | 3.50 |" in page.times_table(results)
    assert "| a | one row, ms | 1.00 | 1.00 | 1.00 |" in page.times_table(results)
    table = page.ablation_table(results).splitlines()
    assert (table[0], table[2:]) == ("| error of | without embeddings |", ["| a | +20.0% |"])


def test_the_plot_is_drawn(page, results, tmp_path):
    page.plot(results).savefig(tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 10_000


@pytest.mark.parametrize(("value", "text"), [(0.27188, "0.2719"), (1234567.8, "1,234,568"), (0, "0.000"), (12.3456, "12.35"), (0.0016401, "0.001640")])  # fmt: skip
def test_four_digits(page, value, text):
    assert page.number(value) == text
