"""Columns of every kind, in every container, beside docs/preprocessing.md in plain Python."""

import datetime
import decimal
import json

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("polars")

import pandas as pd
import polars as pl
from described_table import inputs_of

from pybp.errors import ArgumentError
from pybp.tabular import InputLayout, Preprocessing

UTC = datetime.UTC
START = datetime.datetime(2019, 12, 30, 22, 15, 0, 123456)


def missing_sometimes(values, every):
    return [None if i % every == 1 else value for i, value in enumerate(values)]


ROWS = 120
RANDOM = np.random.default_rng(0)
CELLS = {
    "number": (RANDOM.normal(size=ROWS) * 1e3).tolist(),
    "gaps": missing_sometimes(RANDOM.normal(size=ROWS).tolist(), 5),
    "count": RANDOM.integers(-9, 2**62, ROWS).tolist(),
    "price": [decimal.Decimal(int(n)) / 100 for n in RANDOM.integers(0, 9999, ROWS)],
    "when": [START + datetime.timedelta(hours=31.7 * i, microseconds=i) for i in range(ROWS)],
    "day": missing_sometimes(
        [datetime.date(1967, 12, 28) + datetime.timedelta(days=37 * i) for i in range(ROWS)], 7
    ),
    "length": missing_sometimes(
        [datetime.timedelta(seconds=int(n), microseconds=5) for n in RANDOM.integers(-9e6, 9e6, ROWS)],
        4,
    ),
    "clock": [datetime.time(i % 24, 59, 7, 500 * i) for i in range(ROWS)],
    "flag": missing_sometimes([i % 3 == 0 for i in range(ROWS)], 6),
    "size": [["S", "M", "L"][i % 3] for i in RANDOM.integers(0, 3, ROWS)],
    "town": missing_sometimes([f"town {i}" for i in RANDOM.integers(0, 25, ROWS)], 9),
    "plain town": [f"town {i % 12}" for i in range(ROWS)],
}  # fmt: skip
KINDS = {
    **dict.fromkeys(["number", "gaps", "count", "price"], "numbers"),
    **{"when": "times", "day": "times", "length": "durations", "clock": "durations"},
    **dict.fromkeys(["flag", "size", "town", "plain town"], "categories"),
}


def frame(**dtypes):
    objects = {name: pd.Series(values, dtype=object) for name, values in CELLS.items()}
    return pd.DataFrame({name: values.astype(dtypes.get(name)) if name in dtypes else values
                         for name, values in objects.items()})  # fmt: skip


def containers():
    pandas = {"number": float, "gaps": float, "count": "int64", "when": "M8[us]"}
    pandas |= {"day": "M8[s]", "length": "m8[us]", "flag": "boolean", "size": "category"}
    found = {
        "objects": frame(),
        "dtypes": frame(**pandas, town="string"),
        "nullable": frame(gaps="Float64", count="Int64", town="category"),
        "array": frame().to_numpy(),
        "list": list(zip(*CELLS.values(), strict=True)),
        "polars": pl.DataFrame(CELLS),
        "polars categories": pl.DataFrame(CELLS).with_columns(
            pl.col("town").cast(pl.Categorical), pl.col("size").cast(pl.Enum(["L", "S", "M", "XL"]))
        ),
    }
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return found
    table = pl.DataFrame(CELLS).to_arrow()
    return found | {"Arrow": table.to_pandas(types_mapper=pd.ArrowDtype)}


CONTAINERS = pytest.mark.parametrize("X", containers().values(), ids=containers())


def as_table(X):
    return np.array(X, object) if isinstance(X, list) else X


@pytest.fixture(scope="module")
def learned():
    return Preprocessing.fit(frame())


def expected(preprocessing, rows=range(ROWS), dtype="float64"):
    """What the page says, from what JSON keeps."""
    description = json.loads(json.dumps(preprocessing.description(), allow_nan=False))
    arrays = preprocessing.arrays()
    cells = list(zip(*CELLS.values(), strict=True))
    return np.array(
        [inputs_of(description, *arrays.values(), cells[row], dtype) for row in rows], dtype
    )


def test_kinds(learned):
    assert {e.name: e.kind for e in learned.encodings} == KINDS
    assert learned.left_out == {}
    # town: those in fewer than 4 rows, and missing ones, have indices of their own
    town = next(e for e in learned.encodings if e.name == "town")
    assert (town.other, town.missing) == (len(town.categories), len(town.categories) + 1)
    assert 8 < len(town.categories) < 25
    parts = len(next(e for e in learned.encodings if e.name == "when").parts)
    assert parts == 6
    n_numbers = 4 + 6 + 5 + 2  # a day has no hour
    assert learned.layout == InputLayout(n_numbers, 3 + 1 + 3, (town.n_codes, 12))


@CONTAINERS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_inputs_are_what_the_page_says_to_the_bit(X, learned, dtype):
    X = as_table(X)
    found = Preprocessing.fit(X)
    assert found.description() | {"columns": None} == learned.description() | {"columns": None}
    assert [e.kind for e in found.encodings] == list(KINDS.values())
    assert found.transform(X, dtype).tobytes() == expected(learned, dtype=dtype).tobytes()


@CONTAINERS
def test_one_row_alone_has_the_same_bits(X, learned):
    X = as_table(X)
    if isinstance(X, pl.DataFrame | np.ndarray):
        rows = [X[i : i + 1] for i in range(20)]
    else:
        rows = [X.iloc[i : i + 1] for i in range(20)]
    preprocessing = Preprocessing.fit(X)
    found = np.concatenate([preprocessing.transform(row, "float32") for row in rows])
    assert found.tobytes() == expected(learned, range(20), "float32").tobytes()
    assert found.tobytes() == preprocessing.transform(X, "float32")[:20].tobytes()


@CONTAINERS
def test_what_is_missing_in_a_row_alone(X, learned):
    X = as_table(X)
    preprocessing = Preprocessing.fit(X)
    nothing = np.full((1, len(CELLS)), None)
    row = nothing if isinstance(X, np.ndarray) else pd.DataFrame(nothing, columns=[*CELLS])
    arrays = preprocessing.arrays().values()
    wanted = inputs_of(preprocessing.description(), *arrays, [None] * len(CELLS))
    assert preprocessing.transform(row)[0].tolist() == wanted


def test_many_rows_are_read_in_blocks_with_the_same_bits(monkeypatch, learned):
    from pybp.tabular import inputs

    whole = learned.transform(frame())
    monkeypatch.setattr(inputs, "_CELLS", 4 * 7)  # 7 rows of 4 columns
    monkeypatch.setattr(inputs, "_ROWS", 1)
    for X in (frame(), pl.DataFrame(CELLS), frame(number=float, gaps=float, count="int64")):
        assert learned.transform(X).tobytes() == whole.tobytes()
    for X in (pd.DataFrame(CELLS), pl.DataFrame(CELLS)):
        numbers = np.array(CELLS["number"])
        numbers[100] = np.inf
        series = pl.Series(numbers) if isinstance(X, pl.DataFrame) else numbers
        X = (
            X.with_columns(number=series)
            if isinstance(X, pl.DataFrame)
            else X.assign(number=series)
        )
        with pytest.raises(ArgumentError, match=r"infinity.*column 'number', row 100"):
            learned.transform(X)


# ---- times -----------------------------------------------------------------------------------


def test_times_of_all_units_and_zones():
    pytest.importorskip("pyarrow")  # for polars.from_pandas
    times = pd.Series([START + datetime.timedelta(days=9 * i) for i in range(50)])
    plain = Preprocessing.fit(pd.DataFrame({"t": times})).transform(pd.DataFrame({"t": times}))
    berlin = pd.DataFrame({"t": times.dt.tz_localize("Europe/Berlin")})
    nanoseconds = pd.DataFrame({"t": times.astype("M8[ns]") + pd.Timedelta(999, "ns")})
    for X in (berlin, nanoseconds, pl.from_pandas(berlin), pl.from_pandas(nanoseconds),
              berlin.astype(object), berlin.to_numpy(),
              nanoseconds.to_numpy("M8[ns]"), nanoseconds.to_numpy("M8[us]")):  # fmt: skip
        assert (Preprocessing.fit(X).transform(X) == plain).all()
    seconds = times.astype("M8[s]")
    found = Preprocessing.fit(pd.DataFrame({"t": seconds})).transform(pd.DataFrame({"t": seconds}))
    np.testing.assert_allclose(found, plain, atol=1e-4)


def test_periods_are_read_as_their_start():
    months = pd.Series(pd.period_range("2023-11", periods=40, freq="M"))
    starts = pd.DataFrame({"t": months.dt.to_timestamp()})
    wanted = Preprocessing.fit(starts).transform(starts)
    for X in (pd.DataFrame({"t": months}), pd.DataFrame({"t": months.astype(object)})):
        learned = Preprocessing.fit(X)
        assert (learned.transform(X) == wanted).all()
        assert (learned.transform(X[:1]) == wanted[:1]).all()


def test_parts_that_never_differ_are_left_out():
    days = pd.DataFrame({"t": pd.date_range("2024-01-01", periods=28, freq="D")})
    learned = Preprocessing.fit(days)
    assert learned.feature_names == [
        f"{part} of column 't'" for part in ("day_of_year", "weekday", "days")
    ]
    assert Preprocessing.fit(days[:1]).left_out == {"t": "constant"}
    assert Preprocessing.fit(days.where(days < days)).left_out == {"t": "missing"}
    some = days.assign(t=days["t"].where(days.index < 1))
    assert Preprocessing.fit(some).feature_names == ["days of column 't'", "column 't' is missing"]


@pytest.mark.parametrize("extreme", [datetime.datetime.min, datetime.datetime.max])
def test_the_first_and_last_times(extreme):
    X = pd.DataFrame({"t": pd.Series([extreme, START, None, START], dtype=object)})
    learned = Preprocessing.fit(X)
    description = learned.description()
    for i, cell in enumerate([extreme, START, None]):
        wanted = inputs_of(description, *learned.arrays().values(), [cell])
        assert learned.transform(X[i : i + 1])[0].tolist() == wanted
        assert learned.transform(X)[i].tolist() == wanted


@pytest.mark.parametrize("name", ["when", "length", "number"])
@pytest.mark.parametrize("rows", [slice(0, 1), slice(0, 50)])
def test_other_kinds_than_in_fit_are_named(learned, name, rows):
    pytest.importorskip("pyarrow")  # for polars.from_pandas
    whole = frame()
    for other in ("when", "length", "size"):
        if other == name:
            continue
        wrong = whole.assign(**{name: whole[other]})[rows]
        for X in (wrong, wrong.infer_objects(), pl.from_pandas(wrong.infer_objects()[[name]])):
            if isinstance(X, pl.DataFrame):
                X = pl.from_pandas(whole.astype({"town": str}).infer_objects()[rows]).with_columns(
                    X[name]
                )
            with pytest.raises(ArgumentError, match=f"column '{name}' of X should hold"):
                learned.transform(X)


# ---- categories ------------------------------------------------------------------------------


def column(*counts, missing=0):
    """A column with so many rows of "c0", "c1", ..., and missing ones."""
    values = [f"c{i}" for i, count in enumerate(counts) for _ in range(count)]
    return pd.DataFrame({"c": pd.Series([*values, *[None] * missing], dtype=object)})


def codes(learned, *values):
    found = learned.transform(pd.DataFrame({"c": pd.Series(values, dtype=object)}))
    one_by_one = [learned.transform(np.array([[value]], object))[0] for value in values]
    assert (found == one_by_one).all()
    return found[:, 0].tolist() if learned.layout.n_categories else found.tolist()


def test_many_categories_are_indices():
    learned = Preprocessing.fit(column(*[4] * 9))
    assert learned.layout == InputLayout(0, 0, (9,))
    assert learned.feature_names == ["column 'c'"]
    assert codes(learned, "c0", "c8", "new", None) == [0, 8, 0, 0]


def test_missing_ones_have_an_index_of_their_own():
    learned = Preprocessing.fit(column(*[4] * 9, missing=1))
    assert learned.layout == InputLayout(0, 0, (10,))
    assert codes(learned, "c0", "c8", "new", None) == [0, 8, 9, 9]


def test_rare_ones_share_an_index_with_unknown_ones():
    learned = Preprocessing.fit(column(*[4] * 9, 3, 3, 1, missing=2))
    assert learned.layout == InputLayout(0, 0, (11,))
    assert codes(learned, "c8", "c9", "c10", "new", None) == [8, 9, 9, 9, 10]
    learned = Preprocessing.fit(column(*[4] * 9, 3, 3, 1))
    assert codes(learned, "c8", "c9", "new", None) == [8, 9, 9, 9]


def test_rare_ones_share_a_code():
    learned = Preprocessing.fit(column(*[4] * 5, *[3] * 5))
    assert learned.feature_names[-1] == "column 'c' = another category"
    assert learned.layout == InputLayout(0, 6)
    a, b, c, d = codes(learned, "c0", "c9", "new", None)
    assert b == c != d
    assert np.flatnonzero(np.array(a) != d).tolist() == [0]
    assert np.flatnonzero(np.array(b) != d).tolist() == [5]


def test_eight_categories_are_codes_however_rare():
    learned = Preprocessing.fit(column(*[1] * 8))
    assert learned.layout == InputLayout(0, 8)


def test_weights_count_rows():
    X = column(*[2] * 10)
    with pytest.warns(UserWarning, match="column 'c' of X"):
        assert Preprocessing.fit(X, weights=np.full(20, 5.0)).left_out == {"c": "ids"}
    weights = np.ones(20)
    weights[0] = 2.5  # c0 in 2.5 + 1 rows
    weights[2:18] = 3.0
    weights[18:] = 0.0  # c9 in none
    learned = Preprocessing.fit(X, weights=weights)
    assert [e.categories for e in learned.encodings] == [tuple(f"c{i}" for i in range(1, 9))]


@pytest.mark.parametrize(
    "values",
    [
        [datetime.date(2024, 1, 1), datetime.date(2024, 2, 1), datetime.date(2023, 1, 1)],
        [datetime.datetime(2024, 1, 1, 3), datetime.datetime(2024, 1, 1, 4)],
        [datetime.time(3), datetime.time(4), datetime.time(0, 0, 0, 1)],
        [0.5, -1.25, 3],
        [True, False],
        ["x", "", "ä\n\0"],
        [1, "1", True, 2.5],
    ],
    ids=["dates", "datetimes", "times", "numbers", "bools", "texts", "mixed"],
)
def test_categories_survive_json(values):
    X = np.empty((20, 1), object)
    X[:, 0] = [*values, None] * (20 // (len(values) + 1)) + [values[0]] * (20 % (len(values) + 1))
    learned = Preprocessing.fit(X, [0])
    text = json.dumps(learned.description(), allow_nan=False)
    again = Preprocessing.from_description(json.loads(text), learned.arrays())
    assert again == learned or again.encodings == learned.encodings
    assert (again.transform(X) == learned.transform(X)).all()
    wanted = [inputs_of(json.loads(text), *learned.arrays().values(), row) for row in X.tolist()]
    assert learned.transform(X).tolist() == wanted
