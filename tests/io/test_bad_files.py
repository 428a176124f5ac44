"""Broken files: an error that says what is wrong, never code execution or a crash."""

import json
import os
import random
import struct

import numpy as np
import pytest

import pybp
from pybp import MLP, layers
from pybp.errors import ArgumentError, FileFormatError

from net_files import FILES, join, split


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "net"
    net = MLP([3, 4, 2], output="softmax", seed=1)
    net.fit(np.eye(3), [0, 1, 1], epochs=1)
    net.save(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def composite(tmp_path_factory):
    path = tmp_path_factory.mktemp("composite") / "net"
    residual = layers.Residual([layers.LayerNorm(), 5, layers.Dropout(0.1)])
    net = MLP([3, layers.Embedding({2: (2, 2)}), 4, layers.BatchNorm(), residual, 2], seed=1)
    net.fit([[0.1, 0.2, 1], [0.5, 0.1, 0], [0.3, -1, 1]], np.eye(3)[:, :2], epochs=1)
    net.save(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def old():
    """A file of format 1."""
    return (FILES / "format1-plain.safetensors").read_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net"


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
    "many digits": (struct.pack("<Q", 9006) + b'{"a":' + b"1" * 9000 + b"}", "is not JSON"),
    "nothing": (struct.pack("<Q", 2) + b"{}", "its metadata has no entry 'pybp'"),
    "a pickle": (b"\x80\x04\x95" + b"." * 40, "its first 8 bytes are not"),
}


@pytest.mark.parametrize(("raw", "message"), TEXT.values(), ids=TEXT)
def test_header(path, raw, message):
    refused(path, raw, message)


def entry(**changes):
    return lambda header: header["layers.0.biases"].update(changes)


ENTRIES = {
    "dtype": (entry(dtype="F16"), "has the unknown dtype 'F16'"),
    "dtype that no net has": (entry(dtype="I32"), "it has int32 of shape .* as array"),
    "dtype of another kind": (entry(dtype=["F32"]), "has the unknown dtype"),
    "shape": (entry(shape="4"), "has a wrong shape"),
    "negative": (entry(shape=[-4]), "has a wrong shape"),
    "a float": (entry(shape=[4.0]), "has a wrong shape"),
    "a flag": (entry(shape=[True]), "has a wrong shape"),
    "too many dimensions": (entry(shape=[1] * 9), "has a wrong shape"),
    "size": (entry(shape=[5]), r"has \d\d bytes, which doesn't match its shape"),
    "huge": (entry(shape=[2**62, 2**62]), "which doesn't match its shape"),
    "three offsets": (entry(data_offsets=[0, 1, 2]), "has a wrong shape or wrong data_offsets"),
    "overlap": (entry(shape=[0], data_offsets=[1, 1]), "its arrays overlap or leave gaps"),
    "beyond": (entry(shape=[4], data_offsets=[10**9, 10**9 + 16]), "overlap or leave gaps"),
    "more": (entry(other=1), "doesn't have exactly the fields dtype, shape and data_offsets"),
    "no entry": (lambda h: h.update({"layers.0.biases": 4}), "doesn't have exactly the fields"),
    "missing": (lambda h: h.pop("layers.1.biases"), "overlap or leave gaps|bytes, but"),
    "metadata": (
        lambda h: h["__metadata__"].update(a=1),
        "its metadata is not an object of strings",
    ),
    "name": (
        lambda h: h.update({"layers.9.biases": h.pop("layers.0.biases")}),
        r"it has no array 'layers.0.biases'; expected float32 of \(\d,\)",
    ),
}


@pytest.mark.parametrize(("change", "message"), ENTRIES.values(), ids=ENTRIES)
@pytest.mark.parametrize("which", ["good", "old"])
def test_arrays(path, which, change, message, request):
    header, document, data = split(request.getfixturevalue(which))
    change(header)
    refused(path, join(header, document, data), message)


def test_unexpected_array(path, good):
    header, document, data = split(good)
    end = len(data)
    header["more"] = {"dtype": "F32", "shape": [1], "data_offsets": [end, end + 4]}
    refused(path, join(header, document, data + bytes(4)), "it has the unexpected array 'more'")


@pytest.mark.parametrize("cut", [1, 100, -1])
def test_truncated_or_longer(path, good, cut):
    refused(
        path, good[:-cut] if cut > 0 else good + b"\0", "its arrays take .* bytes, but the file has"
    )


# ---- checksums -----------------------------------------------------------------------------------


def test_flipped_bits_are_seen(path, good):
    """A file that loads although a bit was flipped would be a net that nobody trained."""
    for bit in random.Random(0).sample(range(8 * len(good)), 800):
        raw = bytearray(good)
        raw[bit // 8] ^= 1 << bit % 8
        path.write_bytes(raw)
        with pytest.raises(FileFormatError):
            pybp.load(path)


def test_damage_is_named(path, good):
    raw = bytearray(good)
    raw[-1] ^= 1
    refused(path, raw, "array 'layers.1.bias_state2' is damaged")
    header, document, data = split(good)
    document["nets"][0]["seed"] += 1
    refused(path, join(header, document, data, checksums=False), "its description is damaged")
    del header["__metadata__"]["pybp.crc32"]
    refused(path, join(header, document, data), "format 2 without a checksum")


def test_checksums_belong_to_the_arrays(path, good):
    for change in (
        lambda sums: sums.pop("layers.0.weights"),
        lambda sums: sums.update(more="00000000"),
        lambda sums: sums.update({"layers.0.weights": 0}),
    ):
        header, document, data = split(good)
        change(document["crc32"])
        text = json.dumps(document)
        header["__metadata__"]["pybp.crc32"] = pybp.io.safetensors.checksum(text)
        refused(
            path,
            join(header, document, data, checksums=False),
            "and its checksum|is damaged",
        )


# ---- what it says of the net -----------------------------------------------------------------------


def say(*where, value):
    def change(document):
        at = document
        for key in where[:-1]:
            at = at[key]
        at[where[-1]] = value

    return change


DOCUMENTS = {
    "format": (say("format", value=3), "it has format 3; this pybp reads 1 and 2"),
    "true": (say("format", value=True), "it has format True"),
    "1.0": (say("format", value=1.0), "it has format 1.0"),
    "2.0": (say("format", value=2.0), "it has format 2.0"),
    "more": (say("code", value="print()"), "expected"),
    "other kind": (say("kind", value="forest"), "it holds 'forest'; this pybp reads nets"),
    "schema": (say("schema", value={}), "it has a schema, which this pybp doesn't read"),
    "preprocessing": (say("preprocessing", value=[]), "it has a preprocessing"),
    "no net": (say("nets", value=[]), "it doesn't hold one net"),
    "two nets": (lambda d: d["nets"].append(d["nets"][0]), "it doesn't hold one net"),
    "a net of nothing": (say("nets", value=[{}]), "its net has the fields"),
    "nets of another kind": (say("nets", value=[3]), "its net has the fields"),
}


@pytest.mark.parametrize(("change", "message"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_document(path, good, change, message):
    header, document, data = split(good)
    change(document)
    refused(path, join(header, document, data), message)


SAYINGS = {
    "dtype": (say("dtype", value="float16"), "dtype 'float16' is unknown"),
    "dtype of another kind": (say("dtype", value=["float32"]), "is unknown"),
    "dtype and arrays": (say("dtype", value="float64"), "float32 of shape .* as array"),
    "seed": (say("seed", value=2**64), "seed must be a whole number <="),
    "seed of another kind": (say("seed", value="1"), "seed must be a whole number"),
    "no layers": (say("layers", value=[]), "it has no list of 1 to 16384 layers"),
    "layers": (say("layers", value={"a": 1}), "it has no list of 1 to 16384 layers"),
    "many layers": (lambda net: net.update(layers=net["layers"] * 9000), "it has no list of 1 to"),
    "a layer": (say("layers", 0, value=3), "layer 0 has no description"),
    "a layer of nothing": (say("layers", 0, value={}), "layer 0 "),
    "kind": (say("layers", 0, "kind", value="spline"), "layer 0|is not a kind of layer"),
    "kind of another kind": (say("layers", 0, "kind", value=["dense"]), "layer can't be made"),
    "activation": (say("layers", 0, "activation", value="rilu"), "activation 'rilu' is unknown"),
    "parameters": (say("layers", 0, "activation_params", value=[1.0]), "layer 0 can't be made"),
    "n_out": (say("layers", 0, "n_out", value=10**12), "no list|expected float32 of"),
    "huge n_out": (say("layers", 0, "n_out", value=10**30), "no list"),
    "n_out as a float": (say("layers", 0, "n_out", value=8.0), "layer 0|n_out must be"),
    "n_in": (say("layers", 1, "n_in", value=5), "no list of layers|can't be described"),
    "width of another kind": (say("layers", 1, "n_out", value="2"), "layer 1 has n_out|n_out must"),
    "bias": (say("layers", 1, "bias", value="yes"), "bias must be True or False"),
    "bias as a number": (say("layers", 1, "bias", value=1), "bias must be True or False"),
    "bias_init": (say("layers", 1, "bias_init", value=1), "layer 1 can't be described"),
    "a default, said": (say("layers", 1, "code", value=0), "layer 1"),
    "unknown field": (say("layers", 1, "code", value="print()"), "layer 1"),
    "column": (say("layers", 1, "column", value=1), "no list of layers makes layer 1"),
    "inputs": (say("layers", 1, "inputs", value=[0, 0]), "no list of layers makes layer 1"),
    "progress": (say("progress", value=[]), "its training state doesn't have the fields"),
    "optimizer": (say("progress", "optimizer", value="adum"), "optimizer 'adum' is unknown"),
    "optimizer of another kind": (say("progress", "optimizer", value=[1]), "is unknown"),
    "epochs": (say("progress", "epochs", value=-1), "epochs must be a whole number >= 0"),
    "steps": (say("progress", "steps", value=2**64), "steps must be a whole number <="),
    "states": (say("progress", "states", value=1), "states 1 do not fit|unexpected array"),
    "powers": (say("progress", "powers", value=[2.0, 0.5, 1.0]), "power 2"),
    "number of powers": (say("progress", "powers", value=[0.5] * 9), "it has 9 powers"),
    "powers of another kind": (say("progress", "powers", value="ab"), "its powers are not numbers"),
}


@pytest.mark.parametrize(("change", "message"), SAYINGS.values(), ids=SAYINGS)
@pytest.mark.parametrize("which", ["good", "old"])
def test_description(path, which, change, message, request):
    header, document, data = split(request.getfixturevalue(which))
    change(document["nets"][0] if which == "good" else document)
    refused(path, join(header, document, data), message)


@pytest.mark.parametrize("field", ["bias", "l1", "column", "kind", "trainable"])
def test_format_1_says_every_field(path, old, field):
    header, document, data = split(old)
    del document["layers"][0][field]
    refused(path, join(header, document, data), "layer 0 doesn't have the fields")


def test_format_2_leaves_defaults_out(path, good):
    header, document, data = split(good)
    document["nets"][0]["layers"][0]["l1"] = 0.0
    refused(path, join(header, document, data), "layer 0 can't be described by")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(path, good, value):
    header, document, data = split(good)
    refused(
        path,
        join(header, document, data[:-4] + np.array(value, "<f4").tobytes()),
        "NaN or infinity",
    )


COMPOSITE = {
    "n_in of the net": (say("n_in", value=4), "expected float32 of|no list"),
    "n_in of another kind": (say("n_in", value=3.0), "n_in is 3.0; expected a whole number"),
    "column": (say("layers", 0, "column", value=3), "names column 3, but the net has 3 inputs"),
    "join with a width": (say("layers", 1, "n_out", value=1), "layer 1 can't be described"),
    "two joins": (say("layers", 3, value={"kind": "join"}), "layer 3, a join, doesn't follow"),
    "join of nothing": (say("layers", 0, value={"kind": "join"}), "layer 1, a join, doesn't"),
    "norm with a width": (say("layers", 3, "n_out", value=2), "layer 3 can't be described"),
    "add of one": (say("layers", 8, "inputs", value=[7]), "layer 8 adds 1 outputs, expected 2"),
    "add of three": (say("layers", 8, "inputs", value=[7, 3, 3]), "layer 8 adds 3 outputs"),
    "add of the wrong two": (say("layers", 8, "inputs", value=[6, 3]), "layer 8|no list"),
    "later": (say("layers", 2, "inputs", value=[2]), "layer 2 can't read"),
    "fraction": (say("layers", 2, "inputs", value=[1.0]), "layer 2 can't read"),
    "far back": (say("layers", 2, "inputs", value=[-2]), "layer 2 can't read"),
    "nothing": (say("layers", 2, "inputs", value=[]), "layer 2 can't read"),
    "of another kind": (say("layers", 2, "inputs", value="x"), "layer 2 can't read"),
    "the usual, said": (say("layers", 2, "inputs", value=[1]), "layer 2 can't be described"),
    "categories": (say("layers", 0, "n_categories", value=9), r"expected float32 of \(2, 9\)"),
    "no categories": (say("layers", 0, "n_categories", value=0), "the number of categories"),
    "kind": (say("layers", 3, "kind", value="batch_norms"), "'batch_norms' is not a kind of layer"),
    "number of params": (say("layers", 6, "params", value=[]), "layer|zip"),
    "params": (say("layers", 3, "params", value=[2.0, -1.0]), "momentum|eps"),
    "params of another kind": (say("layers", 3, "params", value=["a", 1]), "must be a number"),
    "norm that is not trained": (say("layers", 3, "trainable", value=False), "no list"),
    "norm with a penalty": (say("layers", 3, "l2", value=0.5), "no list"),
    "norm with a rate": (say("layers", 3, "lr_factor", value=0.5), "no list"),
    "norm with an offset's start": (say("layers", 3, "bias_init", value=0.5), "no list"),
    "dropout with a bias": (say("layers", 6, "bias", value=True), "no list"),
}


@pytest.mark.parametrize(("change", "message"), COMPOSITE.values(), ids=COMPOSITE)
def test_layers_that_no_net_has(path, composite, change, message):
    header, document, data = split(composite)
    change(document["nets"][0])
    refused(path, join(header, document, data), message)


def test_folders_and_pipes(tmp_path):
    with pytest.raises(FileFormatError, match="it is not a regular file"):
        pybp.load(tmp_path)
    if os.name == "posix":
        os.mkfifo(tmp_path / "pipe")  # opening it would wait for somebody to write
        with pytest.raises(FileFormatError, match="it is not a regular file"):
            pybp.load(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        pybp.load(tmp_path / "none")


@pytest.mark.parametrize("path", ["a\0b", "\ud800", ""])
def test_paths_that_no_file_has(path):
    with pytest.raises(ArgumentError, match="path can't be"):
        pybp.load(path)
    with pytest.raises(ArgumentError, match="path can't be"):
        MLP([1, 1]).save(path)


@pytest.mark.parametrize("path", [3, None, ["a"]])
def test_what_is_no_path(path):
    with pytest.raises(TypeError, match="path must be a path"):
        pybp.load(path)
