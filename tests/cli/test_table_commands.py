"""train, predict, evaluate, report, show, export, completion."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import pybp
from pybp.cli import main

from written_pages import checked


def rows(n=120, seed=0):
    """A table with an id, a number with missing cells, a category and a date, and what depends on them."""
    random = np.random.default_rng(seed)
    size = random.standard_normal(n)
    found = []
    for i in range(n):
        colour = "red" if size[i] + 0.3 * random.standard_normal() > 0 else "blue"
        shown = "" if i % 11 == 0 else f"{size[i]:.4f}"
        day = f"2024-{1 + i % 12:02}-{1 + i % 28:02}"
        found.append([f"id{i}", shown, "ab"[i % 2], day, colour, f"{3 * size[i] + 1:.4f}"])
    return found


NAMES = ["id", "size", "kind", "day", "colour", "price"]
QUICK = ["--epochs", "5", "--ensemble", "2", "--ignore", "id"]


def write(path, found, names=NAMES):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *found] if names else found)
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with tables, and a model of classes and one of numbers."""
    folder = tmp_path_factory.mktemp("command")
    data = write(folder / "data.csv", rows())
    write(folder / "test.csv", rows(60, seed=1))
    for target, other, model in (("colour", "price", "c.pybp"), ("price", "colour", "n.pybp")):
        ignored = [*QUICK[:-1], f"id,{other}"]
        arguments = ["train", data, "--target", target, *ignored, "-o", str(folder / model)]
        assert main([*arguments, "--quiet"]) == 0
    return folder


def run(*arguments):
    return main([str(argument) for argument in arguments])


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


# ---- train ---------------------------------------------------------------------------------------


def test_train_tells_columns_and_scores(folder, tmp_path, capsys):
    target = tmp_path / "m.pybp"
    assert run("train", folder / "data.csv", "--target", "colour", *QUICK, "-o", target) == 0
    out = capsys.readouterr().out
    lines = [re.split(r"  +", line) for line in out.splitlines()]
    assert ["size", "numbers", "11", "109", "1 number, 1 code"] in lines
    assert ["kind", "categories", "0", "2", "1 code"] in lines
    assert "120 rows; target colour: classification, 2 classes" in out
    scores = {line[0]: line for line in lines if len(line) == 4}
    assert float(scores["log loss"][1]) < float(scores["log loss"][3])
    assert f"{target}: 2 nets" in out


def test_train_gives_the_bits_of_the_library(folder, capsys):
    model = pybp.load(folder / "c.pybp")
    assert isinstance(model, pybp.tabular.TabularPredictor)
    again = folder / "again.pybp"
    data = folder / "data.csv"
    arguments = ["train", data, "--target", "colour", *QUICK[:-1], "id,price", "-o", again]
    assert run(*arguments, "--threads", 1, "--quiet") == 0
    assert capsys.readouterr().out == ""
    for one, other in zip(model.nets, pybp.load(again).nets, strict=True):
        for W, V in zip(one.weights, other.weights, strict=True):
            np.testing.assert_array_equal(W, V)


def test_train_json_report_and_card(folder, tmp_path, capsys):
    paths = [tmp_path / name for name in ("m.pybp", "r.html", "card.md")]
    arguments = [
        "train",
        folder / "data.csv",
        "--target",
        "price",
        *QUICK[:-1],
        "id,colour",
        "-o",
        paths[0],
    ]
    assert run(*arguments, "--report", paths[1], "--card", paths[2], "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["task"] == "regression"
    assert found["rows"] == 120
    assert set(found["scores"]) == {"R²", "RMSE", "MAE"}
    assert found["scores"]["R²"]["low"] < found["scores"]["R²"]["value"]
    page = checked(paths[1])
    assert "Predicted against true" in " ".join(page.text)
    assert "## Evaluation results" in paths[2].read_text()


def test_train_with_validation_rows(folder, tmp_path, capsys):
    arguments = ["--target", "colour", "--valid", folder / "test.csv", *QUICK, "-o", tmp_path / "m"]
    assert run("train", folder / "data.csv", *arguments) == 0
    assert "on the validation rows" in capsys.readouterr().out


def test_train_without_a_header(tmp_path, capsys):
    data = write(tmp_path / "d.csv", rows(), names=None)
    arguments = ["train", data, "--target=-2", "--ignore", "1,6", *QUICK[:-2]]
    assert run(*arguments, "-o", tmp_path / "m.pybp") == 0
    assert "target column_5" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("target", "task"),
    [("whole", "classification"), ("many", "regression"), ("text", "classification")],
)
def test_the_task_follows_from_the_target(tmp_path, capsys, target, task):
    found = [[i, i % 3, i * 7 % 61, "xy"[i % 2]] for i in range(120)]
    data = write(tmp_path / "d.csv", found, ["a", "whole", "many", "text"])
    assert run("train", data, "--target", target, "--epochs", 1, "-o", tmp_path / "m.pybp") == 0
    assert f"target {target}: {task}" in capsys.readouterr().out


# ---- predict, evaluate, report, show -------------------------------------------------------------


def test_predict_equals_the_library(folder, capsys):
    assert run("predict", folder / "c.pybp", folder / "test.csv", "--proba", "--keep", "id") == 0
    found = table(capsys.readouterr().out)
    model = pybp.tabular.TabularPredictor.load(folder / "c.pybp")
    frame = pybp.tabular.files.read_table(folder / "test.csv")
    inputs = frame.select(["size", "kind", "day"])
    expected = model.predict_proba(inputs)
    assert [row["id"] for row in found] == [f"id{i}" for i in range(60)]
    assert [row["colour"] for row in found] == model.predict(inputs).tolist()
    columns = ["probability of blue", "probability of red"]
    np.testing.assert_array_equal([[float(row[c]) for c in columns] for row in found], expected)


def test_predict_in_batches_of_other_columns(folder, tmp_path, capsys, monkeypatch):
    """The columns stand in another order, one more is there, the target is not."""
    assert run("predict", folder / "n.pybp", folder / "test.csv", "--interval", "0.5") == 0
    expected = capsys.readouterr().out
    shuffled = [[r[3], r[2], "more", r[1]] for r in rows(60, seed=1)]
    path = write(tmp_path / "t.csv", shuffled, ["day", "kind", "other", "size"])
    monkeypatch.setattr("pybp.cli.predict._ROWS", 7)
    assert (
        run("predict", folder / "n.pybp", path, "--interval", "0.5", "-o", tmp_path / "o.csv") == 0
    )
    assert (tmp_path / "o.csv").read_text() == expected
    low, middle, high = (
        np.array([float(r[c]) for r in table(expected)]) for c in ("low", "price", "high")
    )
    assert (low <= middle).all()
    assert (middle <= high).all()


def test_predict_reads_parquet(folder, tmp_path, capsys):
    polars = pytest.importorskip("polars")
    assert run("predict", folder / "c.pybp", folder / "test.csv", "--keep", "id") == 0
    expected = capsys.readouterr().out
    polars.read_csv(folder / "test.csv", try_parse_dates=True).write_parquet(tmp_path / "t.parquet")
    assert run("predict", folder / "c.pybp", tmp_path / "t.parquet", "--keep", "id") == 0
    assert capsys.readouterr().out == expected


def test_evaluate_and_report(folder, tmp_path, capsys):
    assert run("evaluate", folder / "c.pybp", folder / "test.csv", "--json") == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert scores["accuracy"]["value"] > 0.7
    page, note = tmp_path / "r.html", tmp_path / "card.md"
    arguments = ["report", folder / "c.pybp", folder / "test.csv", "-o", page, "--card", note]
    assert run(*arguments) == 0
    text = " ".join(checked(page).text)
    assert "Drift against training" in text
    assert "pybp train" in text
    assert f"{scores['accuracy']['value']:.4g}" in text


def test_rows_of_one_class_are_tested(folder, tmp_path, capsys):
    red = [row for row in rows(60, seed=1) if row[4] == "red"]
    for some in (red, red[:1]):
        test = write(tmp_path / "red.csv", some)
        assert run("evaluate", folder / "c.pybp", test, "--json") == 0
        scores = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["scores"]
        assert scores["ROC AUC"]["value"] is None
        assert 0 <= scores["accuracy"]["value"] <= 1
    assert run("report", folder / "c.pybp", test, "-o", tmp_path / "r.html") == 0


def test_classes_are_compared_as_text(tmp_path, capsys):
    """A file of some classes only may hold numbers where that of training held text."""
    train = [[row[1], "12x"[i % 3]] for i, row in enumerate(rows(60))]
    data = write(tmp_path / "d.csv", train, ["size", "y"])
    model = tmp_path / "m.pybp"
    assert run("train", data, "--target", "y", *QUICK[:-2], "-o", model, "--quiet") == 0
    test = write(tmp_path / "t.csv", [row for row in train if row[1] != "x"], ["size", "y"])
    assert run("evaluate", model, test) == 0
    assert "accuracy" in capsys.readouterr().out


def test_show(folder, capsys):
    assert run("show", folder / "c.pybp") == 0
    out = capsys.readouterr().out
    assert re.search(r"classes +blue, red", out)
    assert re.search(r"trained on +data.csv, 120 rows", out)
    assert run("show", folder / "n.pybp", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["nets"] == 2
    assert {"name": "day", "holds": "times"} in found["columns"]


def test_export_to_onnx_predicts_the_same(folder, tmp_path, capsys):
    onnxruntime = pytest.importorskip("onnxruntime")
    target, data = tmp_path / "m.onnx", folder / "test.csv"
    assert run("export", folder / "c.pybp", "--to", "onnx", "-o", target, "--data", data) == 0
    assert run("predict", folder / "c.pybp", data, "--proba") == 0
    expected = table(capsys.readouterr().out)
    model = pybp.tabular.TabularPredictor.load(folder / "c.pybp")
    inputs = model.onnx_inputs(pybp.tabular.files.read_table(data).select(["size", "kind", "day"]))
    session = onnxruntime.InferenceSession(target)
    labels, found = session.run(["label", "probabilities"], inputs)
    assert labels.tolist() == [row["colour"] for row in expected]
    names = ["probability of blue", "probability of red"]
    exact = [[float(row[name]) for name in names] for row in expected]
    np.testing.assert_allclose(found, exact, atol=1e-5)


def passes_its_own_test(source, folder, prefix):
    compiler = shutil.which("gcc") or pytest.skip("gcc is needed")
    program = folder / "m"
    define = f"-D{prefix}_MAIN"
    subprocess.run([compiler, "-std=c99", define, source, "-lm", "-o", program], check=True)
    subprocess.run([program], check=True)


def test_export_to_c_compiles_and_passes_its_own_test(folder, tmp_path):
    target, data = tmp_path / "m.c", folder / "test.csv"
    assert run("export", folder / "c.pybp", "--to", "c", "-o", target, "--data", data) == 0
    passes_its_own_test(target, tmp_path, "NET")


def test_export_to_int8_of_plain_numbers(folder, tmp_path, capsys):
    target, data, plain = tmp_path / "m.c", folder / "test.csv", tmp_path / "plain.pybp"
    options = [*QUICK, "--plain-numbers", "--quiet"]
    assert run("train", folder / "data.csv", "--target", "colour", *options, "-o", plain) == 0
    form = ("--to", "c-int8", "-o", target, "--data", data, "--name", "small")
    assert run("export", plain, *form) == 0
    passes_its_own_test(target, tmp_path, "SMALL")
    assert run("export", folder / "c.pybp", *form, "--force") == 1
    assert "pybp train --plain-numbers" in capsys.readouterr().err


def test_standard_input_and_output(folder):
    data = (folder / "test.csv").read_bytes()
    command = [sys.executable, "-P", "-m", "pybp", "predict", str(folder / "c.pybp"), "-"]
    found = subprocess.run(command, input=data, capture_output=True, check=True)
    assert found.stdout.startswith(b"colour\n")
    assert found.stdout.count(b"\n") == 61


# ---- errors --------------------------------------------------------------------------------------


def error_of(capsys, *arguments):
    """The line that tells the error, and the exit code."""
    try:
        code = run(*arguments)
    except SystemExit as stopped:
        code = stopped.code
    captured = capsys.readouterr()
    assert captured.out == "" or "rows; target" in captured.out
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1, lines
    return code, lines[0]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "data.csv", "--target", "color"], 1, "no column 'color'; did you mean 'colour'"),
        (["train", "data.csv", "--target", "id"], 1, "has 120 classes in 120 rows, as an id"),
        (["train", "none.csv", "--target", "x"], 1, "none.csv: No such file"),
        (["train", "data.csv", "--target", "price", "--task", "regresion"], 2, "invalid choice"),
        (["train", "data.csv", "--target", "colour", "--task", "regression"], 1, "no numbers"),
        (["train", "data.csv", "--target", "colour", "--ignroe", "id"], 2, "did you mean --ignore"),
        (["train", "data.csv", "--target", "colour", "--seed", "-1"], 2, "whole number from 0"),
        (["train", "data.csv", "--target", "colour", "--metric", "acuracy"], 1, "'accuracy'"),
        (["train", "data.csv", "--target", "colour", "-o", "c.pybp"], 1, "c.pybp exists; --force"),
        (["train", "data.csv", "--target", "colour", "-o", "no/c"], 1, "doesn't exist"),
        (["train", "data.csv", "--target", "colour", "--weight", "kind"], 1, "must hold numbers"),
        (["predict", "c.pybp", "few.csv"], 1, "lacks the columns ['kind', 'day']"),
        (["predict", "c.pybp", "wrong.csv"], 1, "row 2: column 'size' should hold numbers"),
        (["predict", "c.pybp", "test.csv", "--interval", "0.9"], 1, "--proba gives their"),
        (["predict", "n.pybp", "test.csv", "--proba"], 1, "have no probabilities"),
        (["predict", "n.pybp", "test.csv", "--keep", "ids"], 1, "lacks the columns 'ids'"),
        (["predict", "data.csv", "test.csv"], 1, "is not a file of pybp"),
        (["evaluate", "c.pybp", "few.csv"], 1, "no column 'colour'"),
        (["export", "c.pybp", "--to", "c-int8", "-o", "x.c"], 1, "needs --data"),
        (["export", "c.pybp", "--to", "c", "-o", "c.pybp"], 1, "exists; --force"),
        (["export", "c.pybp", "--to", "c", "-o", "x.c", "--name", "1"], 1, "name"),
        (["export", "c.pybp", "--to", "onnx", "-o", "x.onnx", "--name", "x"], 1, "--name"),
        (["export", "c.pybp", "--to", "pmml", "-o", "x"], 2, "invalid choice"),
        (["show", "net.pybp"], 1, "it holds 'net'"),
        (["shwo"], 2, "invalid choice"),
        (["train", "data.csv", "--target", "colour", "--folds", "1"], 2, "whole number >= 2"),
        (["train", "data.csv", "--target", "colour", "--folds", "999"], 1, "999 of 120 rows"),
        (["train", "data.csv", "--target", "colour", "-o", "-"], 1, "not standard output"),
        (["train", "data.csv", "--target", "colour", "-o", "m", "--card", "./m"], 1, "two files"),
        (["report", "c.pybp", "test.csv", "-o", "m", "--card", "m"], 1, "two files"),
        (["export", "c.pybp", "--to", "onnx", "-o", "-"], 1, "not standard output"),
        (["evaluate", "c.pybp", "other.csv"], 1, "'green' (str), but the model's classes are blue"),
    ],
)
def test_errors_are_one_line(folder, monkeypatch, capsys, arguments, code, message):
    monkeypatch.chdir(folder)
    write(folder / "few.csv", [["1", "2"]], ["size", "x"])
    write(
        folder / "wrong.csv",
        [["1", "a", "2024-01-01"], ["big", "a", "2024-01-01"]],
        ["size", "kind", "day"],
    )
    write(folder / "other.csv", [[*rows(1)[0][:4], "green", "1"]])
    pybp.MLP([2, 1]).save(folder / "net.pybp")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    found = error_of(capsys, *arguments)
    assert (found[0], message in found[1]) == (code, True), found
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x,y\n1,\n2,?\n", "all values of the target 'y' are missing"),
        ("x,y\n1,a\n2,a\n", "the target 'y' is 'a' in all rows"),
        ("y\na\nb\n", "no column is left"),
        ("x,y\n1,a\n2\n", "line 3: 1 cells"),
        ("x,y\n", "no rows"),
        ("", "is empty"),
    ],
)
def test_tables_that_teach_nothing(tmp_path, capsys, content, message):
    (tmp_path / "d.csv").write_text(content)
    code, line = error_of(
        capsys, "train", tmp_path / "d.csv", "--target", "y", "-o", tmp_path / "m"
    )
    assert (code, message in line) == (1, True), line
    assert [path.name for path in tmp_path.iterdir()] == ["d.csv"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell, capsys):
    assert run("completion", shell) == 0
    out = capsys.readouterr().out
    assert "evaluate" in out
    assert ("-l proba" if shell == "fish" else "--proba") in out
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=out, text=True, check=True)


def test_each_command_shows_an_example(capsys):
    for command in (
        "train",
        "predict",
        "evaluate",
        "report",
        "show",
        "export",
        "completion",
        "demo",
    ):
        with pytest.raises(SystemExit):
            run(command, "--help")
        assert re.search(r"examples?:\n", capsys.readouterr().out)
