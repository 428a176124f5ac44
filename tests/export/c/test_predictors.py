"""C files of predictors for tables and of estimators: preprocessing, ensembles, names."""

import ctypes
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pybp.errors import ArgumentError, StateError
from pybp.sklearn import MLPClassifier, MLPRegressor, TabularMLPClassifier
from pybp.tabular import CLASSIFICATION, REGRESSION, TabularPredictor

from c_programs import COMPILERS, STRICT, compiled, run, shared_library

ROWS = 8
NASTY = 'a "quoted" */ name\nof two ??/ lines'


def table(rows=160, seed=0):
    """A table with columns of every kind; the first rows have missing values, or unknown categories."""
    rng = np.random.default_rng(seed)
    seconds = rng.integers(-(10**10), 2 * 10**10, rows)
    X = pd.DataFrame(
        {
            "age": rng.normal(40, 10, rows),
            NASTY: np.where(rng.random(rows) < 0.2, np.nan, rng.lognormal(size=rows)),
            "int": rng.choice(["a", 'b"', "c??/", "d*/", "\n"], rows),
            "2 towns": rng.choice([f"town {i}" for i in range(12)], rows).astype(object),
            "größe": rng.choice(["ä", "ö"], rows),
            "when": pd.to_datetime(seconds, unit="s"),
            "duration": pd.to_timedelta(rng.integers(0, 10**6, rows), unit="s"),
            "flag": rng.random(rows) < 0.5,
            "k": pd.Categorical(rng.choice([1, 2, 3], rows)),
            "constant": 1.0,
        }
    )
    X.loc[1, ["when", "duration", "age", "2 towns", "int"]] = [pd.NaT, pd.NaT, np.nan, None, None]
    X.loc[2, "2 towns"] = "an unknown one"
    return X


X = table()
CLASSES = np.digitize(X["age"].fillna(40) + 5 * (X["int"] == "a"), [35, 45]).astype(str)
NUMBERS = X["age"].fillna(40).to_numpy() * 3 + 1000


def fitted(task, y, **recipe):
    settings = CLASSIFICATION if task == "classification" else REGRESSION
    settings = replace(
        settings, epochs=20, hidden_layer_sizes=(16, 16), **({"n_ensemble": 2} | recipe)
    )
    return TabularPredictor(task, settings).fit(X.drop(2), np.delete(y, 2, axis=0), seed=0)


@pytest.fixture(scope="module")
def predictors():
    return {
        "classes": fitted("classification", CLASSES),
        "plain": fitted("classification", CLASSES, n_frequencies=0),
        "numbers": fitted("regression", NUMBERS),
        "two": fitted("regression", np.column_stack([NUMBERS, -NUMBERS]), n_ensemble=1),
        "many": fitted("classification", pd.qcut(NUMBERS, 11, labels=False), n_ensemble=1),
        "quantiles": fitted("regression", NUMBERS, loss="quantile", quantiles=(0.1, 0.5, 0.9)),
        "wide": fitted("regression", NUMBERS, dtype="float64"),
    }


@pytest.fixture(scope="module")
def exported(predictors, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for name, predictor in predictors.items():
        predictor.to_c(folder / f"{name}.c", name=name, X=X)
    predictors["plain"].to_c(folder / "small.c", name="small", X=X, dtype="int8")
    return folder


@pytest.fixture(scope="module", params=COMPILERS)
def library(exported, predictors, request):
    names = [*predictors, "small"]
    define = [f"-D{name.upper()}_SELF_TEST" for name in names]
    sources = [exported / f"{name}.c" for name in names]
    return shared_library(request.param, sources, exported, *define)


@pytest.mark.parametrize("name", ["classes", "numbers", "two", "many", "quantiles", "wide"])
def test_rows_give_the_bits_of_predict(library, predictors, exported, name):
    """The recorded outputs are those of the predictor, and the self-test compares them with C's."""
    predictor = predictors[name]
    classes = predictor.task == "classification"
    wanted = (predictor.predict_proba if classes else predictor.predict)(X.iloc[:ROWS])
    assert len(np.unique(wanted.round(6), axis=0)) == ROWS  # it has learned something
    text = (exported / f"{name}.c").read_text()
    recorded = text.split("double wanted[] = {")[1].split("}")[0].replace(",", " ").split()
    numbers = np.array(
        [float.fromhex(number) if "x" in number else float(number) for number in recorded]
    )
    np.testing.assert_array_equal(numbers, wanted.ravel())
    assert library.self_test(name) == 0


def test_all_rows_are_prepared_alike(library, predictors):
    """A struct made by ctypes, with other rows than the recorded ones."""

    class Row(ctypes.Structure):
        _fields_ = [
            *(("age", ctypes.c_double), ("nasty", ctypes.c_double), ("int", ctypes.c_char_p)),
            *(("towns", ctypes.c_char_p), ("size", ctypes.c_char_p), ("when", ctypes.c_int64)),
            *(("duration", ctypes.c_int64), ("flag", ctypes.c_double), ("k", ctypes.c_double)),
        ]

    def text(value):
        return value.encode() if isinstance(value, str) else None

    def time(value):
        return (
            -(2**63)
            if pd.isna(value)
            else int(np.datetime64(value, "us").view("i8"))
            if isinstance(value, pd.Timestamp)
            else value.value // 1000
        )

    far = [
        pd.Timestamp(year, month, day)
        for year in (1700, 1900, 2000, 2100)
        for month, day in ((2, 28), (3, 1), (12, 31))
    ]
    Z = table(seed=1)
    Z["when"] = [*far, *Z["when"][len(far) :]]
    wanted = predictors["numbers"].preprocess(Z)
    for row, inputs in zip(Z.itertuples(index=False), wanted, strict=True):
        age, nasty, letter, town, size, when, duration, flag, k, _ = row
        texts = (text(letter), text(town), text(size))
        given = Row(age, nasty, *texts, time(when), time(duration), flag, k)
        x = np.empty(len(inputs), np.float32)
        library._library.numbers_prepare(ctypes.byref(given), ctypes.c_void_p(x.ctypes.data))
        np.testing.assert_array_equal(x, inputs)


def test_int8(library, predictors, exported):
    assert library.self_test("small") == 0
    inputs = predictors["plain"].preprocess(X)
    found = library.predict("small", inputs, 3)
    wanted = np.mean([net.predict(inputs) for net in predictors["plain"].nets], axis=0)
    assert abs(found - wanted).max() < 0.1


def test_names_are_made_identifiers(exported):
    header = (exported / "classes.h").read_text()
    fields = re.search(r"struct classes_row \{\n(.*?)\};", header, re.DOTALL)[1]
    names = re.findall(r"(\w+); /\*", fields)
    assert names == [
        *("age", "a_quoted_name_of_two_lines", "column_int", "column_2_towns", "gr_e", "when"),
        *("duration", "flag", "k"),
    ]
    assert all(line.count("*/") == 1 and "??" not in line for line in fields.splitlines())
    assert re.findall(r"(CLASSES_CLASS_\w+),", header) == [f"CLASSES_CLASS_{c}" for c in "012"]


def test_columns_named_like_macros_and_new_keywords(tmp_path):
    """gcc defines linux and unix as 1 unless it is told to be strict."""
    if not (shutil.which("gcc") and shutil.which("g++")):
        pytest.skip("no gcc and g++ here")
    names = ["linux", "unix", "i386", "errno", "stdin", "co_await", "char8_t", "consteval"]
    recipe = replace(REGRESSION, epochs=1, n_ensemble=1, hidden_layer_sizes=(4,))
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(40, len(names))), columns=names)
    model = TabularPredictor("regression", recipe).fit(table, NUMBERS[:40], seed=0)
    model.to_c(tmp_path / "model.c", name="model", X=table)
    run([compiled(["gcc"], [tmp_path / "model.c"], tmp_path / "test", "-DMODEL_MAIN")])
    source = tmp_path / "all.cpp"
    source.write_text('#include <errno.h>\n#include <stdio.h>\n#include "model.h"\n')
    run(["g++", "-std=c++20", "-fsyntax-only", source])


@pytest.mark.parametrize("compiler", COMPILERS)
def test_no_warnings(exported, compiler, tmp_path):
    define = ["-DCLASSES_MAIN", "-fsanitize=undefined", "-fno-sanitize-recover=all"]
    run([compiled([compiler], [exported / "classes.c"], tmp_path / "x", *STRICT, *define)])


def test_header_is_cpp(exported, tmp_path):
    if not shutil.which("g++"):
        pytest.skip("no g++ here")
    source = tmp_path / "all.cpp"
    source.write_text(f'#include "{exported}/classes.h"\n#include "{exported}/two.h"\n')
    run(["g++", "-std=c++17", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", source])


def test_the_self_test_sees_a_changed_median(exported, tmp_path):
    if not shutil.which("gcc"):
        pytest.skip("no gcc here")
    text = (exported / "numbers.c").read_text()
    text, n = re.subn(r"(numbers_medians\[\d+\] = \{\n\s*)[^,]+", r"\g<1>39.0", text)
    assert n == 1
    (tmp_path / "numbers.c").write_text(text)
    shutil.copy(exported / "numbers.h", tmp_path)
    program = compiled(["gcc"], [tmp_path / "numbers.c"], tmp_path / "x", "-DNUMBERS_MAIN")
    with pytest.raises(AssertionError):
        run([program])


# ---- estimators --------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_estimators(tmp_path):
    numbers = X[["age", "k"]].fillna(0).astype(float).rename(columns={"k": NASTY})
    classifier = MLPClassifier(hidden_layer_sizes=(5,), max_iter=2, random_state=0).fit(
        numbers, CLASSES
    )
    regressor = MLPRegressor(hidden_layer_sizes=(5,), max_iter=2, random_state=0).fit(
        numbers, NUMBERS
    )
    for estimator, name in ((classifier, "c"), (regressor, "r")):
        estimator.to_c(tmp_path / f"{name}.c", name=name, X=numbers)
        header = (tmp_path / f"{name}.h").read_text()
        assert re.findall(r"[CR]_INPUT_\w+", header) == [
            f"{name.upper()}_INPUT_{n}" for n in ("AGE", "A_QUOTED_NAME_OF_TWO_LINES")
        ]
        assert ("CLASS_0" in header) == (name == "c")
    tabular = TabularMLPClassifier(epochs=1, n_ensemble=1, hidden_layer_sizes=(4,)).fit(X, CLASSES)
    tabular.to_c(tmp_path / "t.c", name="t", X=X)
    tabular.to_c(tmp_path / "d.c", name="d", X=X, dtype="float64")  # more exact than the estimator
    functions = shared_library(
        "gcc",
        [tmp_path / f"{n}.c" for n in "crtd"],
        tmp_path,
        *[f"-D{n}_SELF_TEST" for n in "CRTD"],
    )
    assert [functions.self_test(name) for name in "crtd"] == [0, 0, 0, 0]
    given = numbers.to_numpy(np.float32)
    found = functions.predict("c", given.astype(classifier.net_.dtype), 3)
    np.testing.assert_array_equal(found, classifier.net_.predict(given))


# ---- what is refused ---------------------------------------------------------------------------


def test_without_a_fit(tmp_path):
    with pytest.raises(StateError):
        TabularPredictor("regression").to_c(tmp_path / "net.c")


@pytest.mark.parametrize(
    "categories", [["a", 1.5, "b"], [2**53 + 1, 2**60 + 1, 3], ["a\0b", "a", "b"]]
)
def test_categories_that_c_cannot_hold(tmp_path, categories):
    values = pd.DataFrame({"odd": pd.Series(categories * 20, dtype=object)})
    recipe = replace(CLASSIFICATION, epochs=1, n_ensemble=1, hidden_layer_sizes=(4,))
    predictor = TabularPredictor("classification", recipe)
    predictor.fit(values, [0, 1, 0] * 20, categorical_features=[0], seed=0)
    with pytest.raises(ArgumentError, match="categor"):
        predictor.to_c(tmp_path / "net.c")
    assert list(tmp_path.iterdir()) == []
