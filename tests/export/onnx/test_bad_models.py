"""Damaged and hostile ONNX files: each is refused, or read as a net that works; nothing else is opened."""

import builtins
import itertools
import os
import random
import struct
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pybp import MLP, Dense
from pybp.errors import FileFormatError

from file_mutations import limited_memory
from onnx_files import FILES, mutate_model, mutated_models, try_model

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper


@pytest.fixture
def small(tmp_path):
    """A small model, as bytes."""
    MLP([1, Dense(1, "silu", bias=False)], seed=0).to_onnx(tmp_path / "small.onnx")
    return (tmp_path / "small.onnx").read_bytes()


def refused(raw, tmp_path, match):
    path = tmp_path / "bad.onnx"
    path.write_bytes(raw if isinstance(raw, bytes) else raw.SerializeToString())
    with pytest.raises(FileFormatError, match=match):
        MLP.from_onnx(path)


def test_every_truncation(small, tmp_path):
    counts = Counter()
    for length in range(len(small)):
        try_model(small[:length], tmp_path / "x", counts)
    assert counts["tried"] == len(small)
    assert counts["read"] <= 30  # where only what follows the graph is missing


def test_every_bit_flip(small, tmp_path):
    counts = Counter()
    for position in range(8 * len(small)):
        flipped = bytearray(small)
        flipped[position // 8] ^= 1 << position % 8
        try_model(bytes(flipped), tmp_path / "x", counts)
    assert counts["tried"] == 8 * len(small)
    assert counts["refused"] > counts["tried"] / 5


def test_mutations(tmp_path):
    """Some of what tests/fuzz/read_onnx.py tries for as long as one likes."""
    corpus = [path.read_bytes() for path in sorted(FILES.glob("*.onnx"))]
    counts = Counter()
    with limited_memory():
        for number, raw in enumerate(mutated_models(corpus, seed=1)):
            try_model(raw, tmp_path / "x", counts)
            if number == 300:
                break
    assert counts["refused"] > 100


def test_mutations_are_repeatable():
    corpus = [path.read_bytes() for path in sorted(FILES.glob("*.onnx"))]
    one, other = (
        [mutate_model(corpus[0], rng, corpus) for _ in range(50)]
        for rng in (random.Random(3), random.Random(3))
    )
    assert one == other
    assert len(set(one)) > 40


# ---- the wire format -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "match"),
    [
        (b"", "no graph"),
        (b"\x3a", "ends in the middle"),
        (b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "beyond the end"),
        (b"\x3a" + b"\xff" * 10 + b"\x01", "more than 64 bits"),
        (b"\x3b\x00", "wire type 3"),
        (b"\x07\x00", "number 0"),
        (b"\x38\x01", "wrong type"),
        (b"\x12\x02\xff\xfe", "UTF-8"),
        (b"PK\x03\x04" + bytes(30), "beyond the end|number 0|wire type|field"),
    ],
)
def test_bytes_that_are_no_message(raw, match, tmp_path):
    refused(raw, tmp_path, match)


@pytest.mark.parametrize("nodes", [2**21, 2**18])
def test_millions_of_nodes_in_few_bytes(nodes, tmp_path):
    """An empty node takes two bytes of a file."""
    body = b"\x0a\x00" * nodes
    raw = b"\x3a" + varint(len(body)) + body
    begin = time.perf_counter()
    refused(raw, tmp_path, "entries|nodes|output")
    assert time.perf_counter() - begin < 5


def varint(number):
    groups = []
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])


def test_nesting_is_bounded_by_the_format(tmp_path):
    """A graph in an attribute of a node of a graph ...: only the outermost is looked at."""
    graph = b""
    for _ in range(2000):
        attribute = b"\x32" + varint(len(graph)) + graph
        node = b"\x2a" + varint(len(attribute)) + attribute
        graph = b"\x0a" + varint(len(node)) + node
    refused(b"\x3a" + varint(len(graph)) + graph, tmp_path, "is a graph")


# ---- initializers ----------------------------------------------------------------------------


def model(*initializers, nodes=None):
    x = helper.make_tensor_value_info("x", 1, ["N", 3])
    y = helper.make_tensor_value_info("y", 1, ["N", 4])
    nodes = nodes or [helper.make_node("MatMul", ["x", "W"], ["y"], name="product")]
    return helper.make_model(helper.make_graph(nodes, "g", [x], [y], list(initializers)))


def array(name="W", values=None):
    return numpy_helper.from_array(np.ones((3, 4), np.float32) if values is None else values, name)


def test_the_model_itself_is_read(tmp_path):
    (tmp_path / "m").write_bytes(model(array()).SerializeToString())
    assert MLP.from_onnx(tmp_path / "m").n_out == 4


@pytest.mark.parametrize("location", ["weights.bin", "../secret", "/etc/passwd", "link"])
def test_external_data_is_never_opened(location, tmp_path, monkeypatch):
    (tmp_path / "weights.bin").write_bytes(bytes(48))
    (tmp_path / "link").symlink_to("/etc/passwd")
    tensor = array()
    tensor.ClearField("raw_data")
    tensor.data_location = 1
    tensor.external_data.add(key="location", value=location)
    path = tmp_path / "bad.onnx"
    path.write_bytes(model(tensor).SerializeToString())
    opened = []
    for module, name in ((builtins, "open"), (os, "open"), (Path, "open")):
        function = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *a, _f=function, **k: opened.append(str(a[0])) or _f(*a, **k)
        )
    with pytest.raises(FileFormatError, match="'W' is in another file"):
        MLP.from_onnx(path)
    assert set(opened) <= {str(path)}


@pytest.mark.parametrize(
    "dims", [[2**63 - 1], [-1, 4], [2**31, 2**31], [2**40, 0], [1] * 9, [3, 5], []]
)
def test_dims_that_do_not_match(dims, tmp_path):
    tensor = array()
    del tensor.dims[:]
    tensor.dims.extend(dims)
    refused(model(tensor), tmp_path, "initializer 'W'")


@pytest.mark.parametrize("kind", [0, 10, 16, 99])
def test_unknown_types(kind, tmp_path):
    tensor = array()
    tensor.data_type = kind
    refused(model(tensor), tmp_path, f"type {kind}")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite(value, tmp_path):
    values = np.ones((3, 4), np.float32)
    values[1, 2] = value
    refused(model(array("W", values)), tmp_path, "holds")


def test_duplicate_and_missing_initializers(tmp_path):
    refused(model(array(), array()), tmp_path, "two initializers 'W'")
    refused(model(), tmp_path, "'product', which computes 'y' reads 'W', which is no input")
    raw = model(array())
    raw.graph.sparse_initializer.add()
    refused(raw, tmp_path, "sparse")


def test_data_in_fields_of_their_type(tmp_path):
    """As skl2onnx stores them: not as raw bytes."""
    tensor = helper.make_tensor("W", 1, [3, 4], np.arange(12.0))
    (tmp_path / "m").write_bytes(model(tensor).SerializeToString())
    np.testing.assert_array_equal(
        MLP.from_onnx(tmp_path / "m").weights[0], np.arange(12.0).reshape(3, 4).T
    )
    tensor.float_data.pop()
    refused(model(tensor), tmp_path, "11 values")


# ---- graphs ----------------------------------------------------------------------------------


def test_what_is_not_read_is_named(tmp_path):
    branch = helper.make_graph([], "inner", [], [])
    node = helper.make_node("If", ["x"], ["y"], name="choice", then_branch=branch)
    refused(model(nodes=[node]), tmp_path, "'then_branch' of node 0, If 'choice'")
    own = model(array())
    own.functions.add(name="f", domain="mine")
    refused(own, tmp_path, "functions of its own")
    strange = model(array(), nodes=[helper.make_node("F", ["x"], ["y"], name="f", domain="mine")])
    refused(strange, tmp_path, "unknown domain 'mine'")
    twice = model(array())
    twice.graph.node[0].attribute.extend([helper.make_attribute("a", 1)] * 2)
    refused(twice, tmp_path, "two attributes 'a'")


def test_formulas_that_share_parts(tmp_path):
    """Each node doubles the number of ways to the input."""
    nodes = [helper.make_node("Add", ["x", "x"], ["v0"])]
    nodes += [helper.make_node("Mul", [f"v{i}"] * 2, [f"v{i + 1}"]) for i in range(150)]
    nodes += [helper.make_node("Tanh", ["v150"], ["y"])]
    begin = time.perf_counter()
    refused(model(nodes=nodes), tmp_path, "is no layer")
    assert time.perf_counter() - begin < 5


def test_long_chains(tmp_path):
    """Blocks in blocks, and formulas without end."""
    names = [f"v{i}" for i in range(400)]
    tanh = [
        helper.make_node("Tanh", [a], [b])
        for a, b in zip(["x", *names], [*names, "y"], strict=True)
    ]
    refused(model(nodes=tanh), tmp_path, "more than 200 operators")
    nodes, last = [], "x"
    for i in range(300):
        nodes.append(helper.make_node("MatMul", [last, "W"], [f"m{i}"]))
        last = f"m{i}"
    for i in reversed(range(299)):
        nodes.append(helper.make_node("Add", [last, f"m{i}"], [f"a{i}" if i else "y"]))
        last = f"a{i}"
    square = array("W", np.eye(3, dtype=np.float32))
    refused(model(square, nodes=nodes), tmp_path, "nested more than 100 deep")


def test_wide_layers_without_parameters(tmp_path):
    wide = helper.make_tensor_value_info("x", 1, ["N", 2**31 - 1])
    raw = model(nodes=[helper.make_node("Tanh", ["x"], ["y"])])
    raw.graph.input[0].CopyFrom(wide)
    refused(raw, tmp_path, "too wide")


def test_a_matrix_that_many_nodes_use(tmp_path):
    """Each use would be a copy."""
    names = ["x", *(f"v{i}" for i in range(30)), "y"]
    nodes = [helper.make_node("MatMul", [a, "W"], [b]) for a, b in itertools.pairwise(names)]
    raw = model(array("W", np.ones((400, 400), np.float32)), nodes=nodes)
    raw.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", 1, ["N", 400]))
    refused(raw, tmp_path, "used by too many nodes")


def test_other_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        MLP.from_onnx(tmp_path / "none")
    with pytest.raises(FileFormatError, match="regular file"):
        MLP.from_onnx(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileFormatError, match="regular file"):
        MLP.from_onnx(tmp_path / "pipe")
    refused(struct.pack("<Q", 2) + b"{}", tmp_path, "can't be read as a net")
