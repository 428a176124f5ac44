"""Broken files: an error that says what is wrong, never code execution, a crash or huge memory."""

import json
import os
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pybp
from pybp import MLP, layers
from pybp.errors import FileFormatError


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "net"
    net = MLP([3, 4, 2], output="softmax", seed=1)
    net.fit(np.eye(3), [0, 1, 1], epochs=1)
    net.save(path)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net"


def parts(raw):
    """Header, document in its metadata, and data."""
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + length])
    return header, json.loads(header["__metadata__"]["pybp"]), raw[8 + length :]


def whole(header, document, data):
    header["__metadata__"]["pybp"] = json.dumps(document)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def refused(path, raw, message=""):
    path.write_bytes(raw)
    with pytest.raises(FileFormatError, match=message) as error:
        pybp.load(path)
    assert str(error.value).startswith(f"{path} is not a file of pybp: ")


# ---- the container -------------------------------------------------------------------------------

TEXT = {
    "empty": (b"", r"its first 8 bytes are not the length of a header \(file size 0 bytes"),
    "short": (b"\x02\0\0\0", "file size 4 bytes"),
    "no header": (struct.pack("<Q", 0) + b"{}", "file size 10 bytes"),
    "header beyond the end": (struct.pack("<Q", 99) + b"{}", "file size 10 bytes"),
    "length of all ones": (b"\xff" * 20, "file size 20 bytes"),
    "not text": (struct.pack("<Q", 3) + b'{"\xff', "its header is not UTF-8 text"),
    "not JSON": (struct.pack("<Q", 3) + b"{no", "its header is not JSON"),
    "a list": (struct.pack("<Q", 2) + b"[]", "its header is not a JSON object"),
    "a number": (struct.pack("<Q", 2) + b"12", "its header is not a JSON object"),
    "deep": (struct.pack("<Q", 300_005) + b'{"a":' + b"[" * 300_000, "nested too deeply"),
    "twice": (struct.pack("<Q", 14) + b'{"a":1, "a":2}', "a key occurs twice"),
    "NaN": (struct.pack("<Q", 9) + b'{"a":NaN}', "NaN is not a JSON number"),
    "nothing": (struct.pack("<Q", 2) + b"{}", "its metadata has no entry 'pybp'"),
    "a pickle": (b"\x80\x04\x95" + b"." * 40, "its first 8 bytes are not"),
}


@pytest.mark.parametrize(("raw", "message"), TEXT.values(), ids=TEXT)
def test_header(path, raw, message):
    refused(path, raw, message)


def entry(**changes):
    return lambda header: header["layers.0.biases"].update(changes)


ENTRIES = {
    "dtype": (entry(dtype="I64"), "has the unknown dtype 'I64'"),
    "dtype of another kind": (entry(dtype=["F32"]), "has the unknown dtype"),
    "shape": (entry(shape="4"), "has a wrong shape"),
    "negative": (entry(shape=[-4]), "has a wrong shape"),
    "a float": (entry(shape=[4.0]), "has a wrong shape"),
    "a flag": (entry(shape=[True]), "has a wrong shape"),
    "too many dimensions": (entry(shape=[1] * 9), "has a wrong shape"),
    "size": (entry(shape=[5]), "has 16 bytes, which doesn't match its shape"),
    "huge": (entry(shape=[2**62, 2**62]), "which doesn't match its shape"),
    "three offsets": (entry(data_offsets=[0, 1, 2]), "has a wrong shape or wrong data_offsets"),
    "overlap": (entry(data_offsets=[0, 16]), "its arrays overlap or leave gaps"),
    "beyond": (entry(data_offsets=[10**9, 10**9 + 16]), "its arrays overlap or leave gaps"),
    "more": (entry(other=1), "doesn't have exactly the fields dtype, shape and data_offsets"),
    "no entry": (lambda h: h.update({"layers.0.biases": 4}), "doesn't have exactly the fields"),
    "missing": (lambda h: h.pop("layers.1.biases"), "overlap or leave gaps|bytes, but"),
    "metadata": (
        lambda h: h["__metadata__"].update(a=1),
        "its metadata is not an object of strings",
    ),
    "name": (
        lambda h: h.update({"layers.9.biases": h.pop("layers.0.biases")}),
        r"it has no array 'layers.0.biases'; expected float32 of \(4,\)",
    ),
}


@pytest.mark.parametrize(("change", "message"), ENTRIES.values(), ids=ENTRIES)
def test_arrays(path, good, change, message):
    header, document, data = parts(good)
    change(header)
    header["__metadata__"].setdefault("pybp", json.dumps(document))
    text = json.dumps(header).encode()
    refused(path, struct.pack("<Q", len(text)) + text + data, message)


def test_unexpected_array(path, good):
    header, document, data = parts(good)
    end = len(data)
    header["more"] = {"dtype": "F32", "shape": [1], "data_offsets": [end, end + 4]}
    refused(path, whole(header, document, data + bytes(4)), "it has the unexpected array 'more'")


@pytest.mark.parametrize("cut", [1, 100, -1])
def test_truncated_or_longer(path, good, cut):
    refused(
        path, good[:-cut] if cut > 0 else good + b"\0", "its arrays take .* bytes, but the file has"
    )


# ---- what it says of the net -----------------------------------------------------------------------


def say(*where, value):
    def change(document):
        at = document
        for key in where[:-1]:
            at = at[key]
        at[where[-1]] = value

    return change


SAYINGS = {
    "format": (say("format", value=2), "it has format 2; this pybp reads 1"),
    "more": (say("code", value="print()"), "expected"),
    "dtype": (say("dtype", value="float16"), "dtype 'float16' is unknown"),
    "dtype and arrays": (say("dtype", value="float64"), "float32 of shape .* as array"),
    "seed": (say("seed", value=2**64), "seed must be a whole number <="),
    "seed of another kind": (say("seed", value="1"), "seed must be a whole number"),
    "no layers": (say("layers", value=[]), "it has no list of layers"),
    "layers": (say("layers", value={"a": 1}), "it has no list of layers"),
    "a layer": (say("layers", 0, value=3), "layer 0 has no description"),
    "a layer of nothing": (say("layers", 0, value={}), "layer 0 can't be made"),
    "kind": (say("layers", 0, "kind", value="spline"), "layer 0|kind"),
    "activation": (say("layers", 0, "activation", value="rilu"), "activation 'rilu' is unknown"),
    "parameters": (say("layers", 0, "activation_params", value=[1.0]), "layer 0 can't be made"),
    "n_out": (say("layers", 0, "n_out", value=10**12), "doesn't match|expected float32 of"),
    "n_in": (say("layers", 1, "n_in", value=5), "doesn't match|expected float32 of"),
    "width of another kind": (
        say("layers", 1, "n_out", value="2"),
        "layer 1 can't have 'n_out' = '2'",
    ),
    "bias": (say("layers", 1, "bias", value="yes"), "layer 1 can't have 'bias' = 'yes'"),
    "bias_init": (say("layers", 1, "bias_init", value=1), "layer 1 can't have 'bias_init' = 1"),
    "unknown field": (say("layers", 1, "code", value="print()"), "layer 1 can't have 'code'"),
    "progress": (say("progress", value=[]), "its training state doesn't have the fields"),
    "optimizer": (say("progress", "optimizer", value="adum"), "optimizer 'adum' is unknown"),
    "optimizer of another kind": (say("progress", "optimizer", value=[1]), "is unknown"),
    "epochs": (say("progress", "epochs", value=-1), "epochs must be a whole number >= 0"),
    "steps": (say("progress", "steps", value=2**64), "steps must be a whole number <="),
    "states": (say("progress", "states", value=1), "states 1 do not fit|unexpected array"),
    "powers": (say("progress", "powers", value=[2.0, 0.5, 1.0]), "power 2"),
    "number of powers": (say("progress", "powers", value=[0.5] * 9), "too many values"),
    "powers of another kind": (say("progress", "powers", value="ab"), "its powers are not numbers"),
}


@pytest.mark.parametrize(("change", "message"), SAYINGS.values(), ids=SAYINGS)
def test_document(path, good, change, message):
    header, document, data = parts(good)
    change(document)
    refused(path, whole(header, document, data), message)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(path, good, value):
    raw = good[:-4] + np.array(value, "<f4").tobytes()
    refused(path, raw, "NaN or infinity")


def test_a_small_file_can_not_ask_for_a_large_net(path, good):
    """Not by widths that fit no array, nor by layers that fit their arrays but not each other."""
    header, document, _ = parts(good)
    n = 50_000
    arrays = {
        "layers.0.weights": [n, 1],
        "layers.0.biases": [n],
        "layers.1.weights": [n, 1],
        "layers.1.biases": [n],
    }
    new = {"__metadata__": header["__metadata__"]}
    end = 0
    for name, shape in arrays.items():
        new[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + 4 * n]}
        end += 4 * n
    for layer in document["layers"]:
        layer.update(n_in=1, n_out=n, activation="relu")
    document["progress"].update(optimizer=None, states=0)
    refused(path, whole(new, document, bytes(end)), "doesn't match")


WIDTHS = {
    "join": (say("layers", 1, "n_out", value=1), "layer 2 doesn't match|layer 3 doesn't match"),
    "join, both": (
        lambda d: d["layers"][1].update(n_in=1, n_out=1),
        "layer 2 doesn't match the layers that it reads",
    ),
    "norm": (say("layers", 3, "n_out", value=2), "layer 4 doesn't match the layers that it reads"),
    "add": (
        say("layers", 8, "inputs", value=[7, 3]),
        "layer 9 doesn't match the layers that it reads",
    ),
    "later": (
        say("layers", 2, "inputs", value=[2]),
        "layer 3 doesn't match the layers that it reads",
    ),
    "fraction": (say("layers", 2, "inputs", value=[1.0]), "layer 3 can't|doesn't match"),
    "nothing": (
        say("layers", 2, "inputs", value=[]),
        "layer 3 doesn't match the layers that it reads",
    ),
    "categories": (say("layers", 0, "n_categories", value=9), r"expected float32 of \(2, 9\)"),
    "kind": (say("layers", 3, "kind", value="batch_norms"), "unknown kind 'batch_norms'"),
    "number of params": (say("layers", 6, "params", value=[]), "layer 6 has 0 parameters"),
    "kind without arrays": (
        say("layers", 6, "kind", value="dropouts"),
        "layer 6 is of the unknown kind 'dropouts'",
    ),
    "params": (say("layers", 3, "params", value=[2.0, -1.0]), "momentum|eps"),
}


@pytest.mark.parametrize(("change", "message"), WIDTHS.values(), ids=WIDTHS)
def test_layers_that_do_not_fit(path, composite, change, message):
    header, document, data = parts(composite)
    change(document)
    refused(path, whole(header, document, data), message)


def test_folders_and_pipes(tmp_path):
    with pytest.raises(FileFormatError, match="it is not a regular file"):
        pybp.load(tmp_path)
    if os.name == "posix":
        os.mkfifo(tmp_path / "pipe")  # opening it would wait for somebody to write
        with pytest.raises(FileFormatError, match="it is not a regular file"):
            pybp.load(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        pybp.load(tmp_path / "none")


# ---- anything ----------------------------------------------------------------------------------------


def load_or_refuse(path, raw):
    path.write_bytes(raw)
    tracemalloc.start()
    try:
        net = pybp.load(path)
    except FileFormatError:
        net = None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
    if net is not None:
        assert net.predict(np.zeros((2, net.n_in))).shape == (2, net.n_out)
        net.summary()


fuzz = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@fuzz
@given(raw=st.binary(max_size=200))
def test_any_bytes(path, raw):
    load_or_refuse(path, raw)


@fuzz
@given(raw=st.binary(max_size=200))
def test_any_header(path, raw):
    load_or_refuse(path, struct.pack("<Q", len(raw)) + raw)


@fuzz
@given(data=st.data())
def test_mutated_bytes(path, good, data):
    raw = bytearray(good)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    load_or_refuse(path, bytes(raw))


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from([2**31, 2**63, 10**30, -1, 0, 1.5])
)
nested = st.lists(scalars, max_size=4) | st.dictionaries(st.text(max_size=8), scalars, max_size=4)
json_values = scalars | nested | st.lists(nested, max_size=3)


def places(value, at=()):
    """The paths to all values in a JSON value."""
    yield at
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        yield from places(inner, (*at, key))


@pytest.fixture(scope="module")
def composite(tmp_path_factory):
    path = tmp_path_factory.mktemp("composite") / "net"
    residual = layers.Residual([layers.LayerNorm(), 5, layers.Dropout(0.1)])
    net = MLP([3, layers.Embedding({2: (2, 2)}), 4, layers.BatchNorm(), residual, 2], seed=1)
    net.fit([[0.1, 0.2, 1], [0.5, 0.1, 0], [0.3, -1, 1]], np.eye(3)[:, :2], epochs=1)
    net.save(path)
    return path.read_bytes()


@pytest.mark.parametrize("which", ["good", "composite"])
@fuzz
@given(data=st.data())
def test_mutated_descriptions(path, which, request, data):
    header, document, raw = parts(request.getfixturevalue(which))
    for target in (header, document):
        for _ in range(data.draw(st.integers(0, 2))):
            where = data.draw(
                st.sampled_from([p for p in places(target) if p and p != ("__metadata__",)])
            )
            say(*where, value=data.draw(json_values))(target)
    if isinstance(header.get("__metadata__"), dict):
        load_or_refuse(path, whole(header, document, raw))
