"""Tables from files: what is detected, that both readers agree, and what is refused."""

import bz2
import csv
import gzip
import io
import lzma
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybp.errors import ArgumentError, FileFormatError
from pybp.tabular import CLASSIFICATION, TabularPredictor
from pybp.tabular.files import Dialect, Table, read, read_table, table_batches

polars = pytest.importorskip("polars")


@pytest.fixture(params=["polars", "numpy"])
def reader(request, monkeypatch):
    """Both ways to read text."""
    if request.param == "numpy":
        monkeypatch.setattr(read, "read_text_frame", lambda *a: None)
    return request.param


def write(tmp_path, content, name="a.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def columns(table):
    """The columns as lists, None where missing, numbers as floats."""
    found = {}
    for index, name in enumerate(table.columns):
        values = table.to_series(index)
        values = values.to_list() if hasattr(values, "to_list") else values.tolist()
        found[name] = [None if v is None or v != v else v for v in values]
    return found


def read_text(tmp_path, content, dialect=None, **how):
    return columns(read_table(write(tmp_path, content, **how), dialect))


def test_kinds_and_missing_values(tmp_path, reader):
    found = read_text(
        tmp_path, "n,t,d,m\n1, x ,2024-01-05,?\n ? ,NA,,NA\n-2.5e1,y,2024-02-29 12:30,\n"
    )
    assert found["n"] == [1.0, None, -25.0]
    assert found["t"] == ["x", None, "y"]
    assert [str(d) for d in found["d"]][::2] == ["2024-01-05 00:00:00", "2024-02-29 12:30:00"]
    assert found["d"][1] is None
    assert found["m"] == [None] * 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_detected(tmp_path, reader, delimiter):
    text = "name,size\na b,1\n'c,2\n".replace(",", delimiter)
    assert read_text(tmp_path, text) == {"name": ["a b", "'c"], "size": [1.0, 2.0]}


def test_quotes_hide_delimiters_and_line_breaks(tmp_path, reader):
    found = read_text(tmp_path, 'a;b\n"x;""y""\nz";1,5\n"u";2\n', Dialect(decimal=","))
    assert found == {"a": ['x;"y"\nz', "u"], "b": [1.5, 2.0]}


def test_other_quotes_and_carriage_returns(tmp_path, reader):
    assert read_text(tmp_path, "a,b\r\n'x,y',1\r\n\r\n'z',2\r\n", Dialect(quote="'")) == {
        "a": ["x,y", "z"],
        "b": [1.0, 2.0],
    }


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("age,job\n39,clerk\n", True),
        ("39,clerk\n40,baker\n", False),
        (",age,job\n0,39,clerk\n", True),  # pandas writes its index so
        (",red\nblue,red\n", False),
        ("red,blue\nblue,red\nred,red\n", False),  # the first row is like the others
        ("name,town\nann,rome\nbob,oslo\n", True),
    ],
)
def test_a_header_is_detected(tmp_path, text, header):
    assert (read_table(write(tmp_path, text)).columns[-1][:7] != "column_") == header


def test_a_header_can_be_said(tmp_path, reader):
    text = "39,clerk\n40,baker\n"
    assert read_text(tmp_path, text, Dialect(header=True)) == {"39": [40.0], "clerk": ["baker"]}
    assert list(read_text(tmp_path, "a,b\n1,2\n", Dialect(header=False))) == [
        "column_1",
        "column_2",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_detected(tmp_path, reader, encoding):
    found = read_text(
        tmp_path,
        "größe,ort\n1,Köln\n2,Łódź\n"[: None if "utf" in encoding else 17],
        encoding=encoding,
    )
    assert found["größe"][0] == 1.0
    assert found["ort"][0] == "Köln"


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_compressed_files(tmp_path, reader, ending, pack):
    path = write(tmp_path, pack.compress(b"a,b\n1,x\n"), name=f"t.csv{ending}")
    assert columns(read_table(path)) == {"a": [1.0], "b": ["x"]}
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FileFormatError, match="damaged"):
        read_table(path)


def test_standard_input(monkeypatch, reader):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,x\n")))
    assert columns(read_table("-")) == {"a": [1.0], "b": ["x"]}


def test_text_after_many_numbers(tmp_path, reader):
    rows = read._ROWS + 5
    content = "a,b,c,d\n" + "007,,,1\n" * rows + "x,y,2024-01-01,2\n"
    found = read_text(tmp_path, content)
    assert found["a"] == ["007"] * rows + ["x"]
    assert found["b"] == [None] * rows + ["y"]
    assert found["c"][:-1] == [None] * rows
    assert found["d"][-2:] == [1.0, 2.0]


cells = st.one_of(
    st.sampled_from(
        ["", "NA", "?", "1", "-2.5", "1e3", "1_0", "inf", "2024-01-05", "2024-13-01", "x y"]
    ),
    st.text(
        st.characters(
            codec="utf-8", exclude_characters="\0\r\n", exclude_categories=["Cs", "Z", "Cc"]
        ),
        max_size=4,
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6))
def test_both_readers_agree(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("p", "q", "r"), *rows])
    dialect = Dialect(encoding="utf-8", delimiter=",", header=True)
    first = columns(read_table(path, dialect))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "read_text_frame", lambda *a: None)
        assert columns(read_table(path, dialect)) == first


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"a,b\n", "no rows"),
        (b"a,b\n1,2\n1,2,3\n", "line 3: 3 cells, where 2"),
        (b"a,b\n1,2\n1\n", "line 3: 1 cells, where 2"),
        (b"a,b,a\n1,2,3\n", "two columns named 'a'"),
        (b"\x89PNG\0\0\0\n1,2", "NUL"),
        (b"a,b\n" + b"1,2\n" * 70_000 + b"1,\0\n", "NUL"),
        (b"a,b\n" + b"1,x\n" * 70_000 + b"1,\xe9\n", "0xE9 is not utf-8"),
        (b"a,b\n1," + b"x" * 2**24, "field larger|longer than"),
        (b"a\n" + b"x" * 2**24, "field larger|longer than"),
    ],
)
def test_files_that_are_refused(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(FileFormatError, match=message):
        read_table(path)


def test_many_columns(tmp_path):
    path = write(tmp_path, ",".join(f"c{i}" for i in range(100_001)) + "\n")
    with pytest.raises(FileFormatError, match="100,001 columns"):
        read_table(path, Dialect(header=True))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "options", [{"encoding": "klingon"}, {"delimiter": ",,"}, {"decimal": "x"}, {"quote": "\n"}]
)
def test_dialects_that_are_refused(options):
    with pytest.raises(ArgumentError, match=next(iter(options))):
        Dialect(**options)


# ---- other formats -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "write_frame"),
    [(".parquet", "write_parquet"), (".arrow", "write_ipc"), (".jsonl", "write_ndjson")],
)
def test_other_formats(tmp_path, ending, write_frame):
    frame = polars.DataFrame({"a": [1.5, None], "b": ["x", "y"]})
    path = tmp_path / f"t{ending}"
    getattr(frame, write_frame)(path)
    assert columns(read_table(path)) == {"a": [1.5, None], "b": ["x", "y"]}
    path.write_bytes(b"no such file")
    with pytest.raises(FileFormatError, match="can't be read"):
        read_table(path)


# ---- batches -------------------------------------------------------------------------------------


def test_batches_of_some_columns(tmp_path):
    path = write(tmp_path, "id,n,t\n" + "".join(f"r{i},{i},x\n" for i in range(25)))
    tables = list(table_batches(path, {"n": "numbers"}, rows=10, optional=["id", "none"]))
    assert [len(table) for table in tables] == [10, 10, 5]
    assert np.concatenate([table["n"] for table in tables]).tolist() == list(range(25))
    assert tables[2]["id"].tolist()[-1] == "r24"


def test_batches_name_what_is_missing_and_wrong(tmp_path):
    path = write(tmp_path, "a,b\n1,2\n3,x\n")
    with pytest.raises(FileFormatError, match=r"lacks the columns \['c', 'd'\]"):
        next(table_batches(path, {"a": "numbers", "c": "text", "d": "text"}))
    with pytest.raises(
        FileFormatError, match="row 2: column 'b' should hold numbers, but holds 'x'"
    ):
        list(table_batches(path, {"b": "numbers"}))


def test_a_table():
    table = Table({"a": np.arange(3.0), "b": np.array(["x", None, "y"], object)})
    assert table.shape == (3, 2)
    assert table.take(np.array([2, 0])).to_series(1).tolist() == ["y", "x"]
    assert table.without("a").columns == ["b"]
    assert "a" in table
    with pytest.raises(ArgumentError, match="same length"):
        Table({"a": np.arange(3.0), "b": np.arange(2.0)})


def test_a_predictor_takes_tables_from_both_readers(tmp_path, monkeypatch):
    rows = "".join(f"{i % 7},{'ab'[i % 2]},2024-0{1 + i % 9}-01\n" for i in range(60))
    path = write(tmp_path, "n,c,d\n" + rows)
    y = np.arange(60) % 2
    recipe = replace(CLASSIFICATION, epochs=2)
    found = []
    for reader in (read.read_text_frame, lambda *a: None):
        monkeypatch.setattr(read, "read_text_frame", reader)
        table = read_table(path)
        predictor = TabularPredictor("classification", recipe).fit(table, y, seed=0)
        found.append(predictor.predict_proba(table))
        for row in (0, 7):  # one row is read in another way
            alone = predictor.predict_proba(table[row : row + 1])
            np.testing.assert_array_equal(alone, found[-1][row : row + 1])
    np.testing.assert_array_equal(*found)
