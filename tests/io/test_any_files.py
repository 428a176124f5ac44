"""Files that nobody wrote: `load` refuses them or gives a net, in little time and memory."""

import json
import struct
import time
from collections import Counter
from itertools import islice

import pytest

import pybp
from pybp import MLP, layers
from pybp.errors import ArgumentError, FileFormatError

from file_mutations import corpus, limited_memory, mutations, try_both
from net_files import join, split


def test_mutated_files(tmp_path):
    """The first of those that tests/fuzz/load_files.py goes on with."""
    counts = Counter()
    with limited_memory():
        for raw in islice(mutations(corpus(), seed=1), 600):
            try_both(raw, tmp_path / "net", counts)
    assert counts["refused"] > 500
    assert counts["loaded"] > 20


# ---- what a file may ask for -----------------------------------------------------------------------


def described(tmp_path, net, change):
    """The file of a net with its description changed."""
    net.save(tmp_path / "net")
    header, document, data = split((tmp_path / "net").read_bytes())
    change(document["nets"][0])
    (tmp_path / "net").write_bytes(join(header, document, data))
    return tmp_path / "net"


def test_inputs_without_parameters(tmp_path):
    """However many, they cost nothing: there was a loop over all of them."""
    small = MLP([3, layers.Embedding({0: (3, 1)}), layers.Activation("tanh")], seed=0)
    path = described(tmp_path, small, lambda net: net.update(n_in=2**62))
    begin = time.perf_counter()
    net = pybp.load(path)
    assert net.n_in == 2**62
    assert net.n_out == 2**62
    assert repr(net).startswith(f"MLP([{2**62}, Embedding")
    with pytest.raises(MemoryError):
        MLP([10**12, layers.Embedding({0: (3, 1)}), 1])
    assert time.perf_counter() - begin < 2


@pytest.mark.parametrize("norm", [layers.LayerNorm, layers.RMSNorm])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_norms_without_parameters(norm, dtype, tmp_path):
    """The core has memory for each of their features, the file nothing."""
    net = MLP([3, norm(affine=False)], dtype=dtype, seed=0)
    for n in (2**30, 2**62, 2**23):
        path = described(tmp_path, net, lambda net, n=n: net.update(n_in=n))
        with limited_memory(), pytest.raises(FileFormatError, match="too wide for its size"):
            pybp.load(path)
    many = [{"kind": norm.name, "params": [1e-5]}] * 4000
    path = described(tmp_path, net, lambda net: net.update(n_in=2**16, layers=many))
    with limited_memory(), pytest.raises(FileFormatError, match="too wide for its size"):
        pybp.load(path)


def test_norms_that_load_refuses_are_not_saved(tmp_path):
    wide = MLP([2**22 + 1, layers.RMSNorm(affine=False)], seed=0)
    with pytest.raises(ArgumentError, match="too wide for a file of this net"):
        wide.save(tmp_path / "net")
    MLP([2**22, layers.RMSNorm(affine=False)], seed=0).save(tmp_path / "net")
    assert pybp.load(tmp_path / "net").n_out == 2**22


@pytest.mark.parametrize(
    "layer",
    [layers.BatchNorm(affine=False), layers.BatchNorm(), layers.LayerNorm(), layers.Scale(), 3],
    ids=repr,
)
def test_layers_with_arrays_that_are_not_there(layer, tmp_path):
    net = MLP([3, layer, layers.Dropout()], seed=0)
    path = described(tmp_path, net, lambda net: net.update(n_in=2**30))
    with limited_memory(), pytest.raises(FileFormatError, match=r"expected float32 of"):
        pybp.load(path)


def test_many_layers(tmp_path):
    """Refused at once, or loaded fast."""
    net = MLP([3, layers.Activation("tanh")], seed=0)
    one = {"kind": "activation", "activation": "tanh"}
    for n in (16384, 16385, 40_000, 120_000):
        path = described(tmp_path, net, lambda net, n=n: net.update(layers=[one] * n))
        begin = time.perf_counter()
        if n == 16384:
            assert len(pybp.load(path).layers) == n
        else:
            with pytest.raises(FileFormatError, match="no list of 1 to 16384 layers"):
                pybp.load(path)
        assert time.perf_counter() - begin < 15
    with pytest.raises(ArgumentError, match="a file holds 16384 layers at most"):
        MLP([3, *[layers.Activation("tanh")] * 16385], seed=0).save(tmp_path / "net")


def test_a_small_file_can_not_ask_for_a_large_net(tmp_path):
    """Not by layers that fit their arrays but not each other: 50,000 x 50,000 weights."""
    n = 50_000
    net = MLP([1, n, layers.Activation("relu"), 1], seed=0)

    def widen(net):
        net["layers"][-1]["n_out"] = n

    path = described(tmp_path, net, widen)
    with (
        limited_memory(),
        pytest.raises(FileFormatError, match=r"expected float32 of \(50000, 50000\)"),
    ):
        pybp.load(path)


def test_values_of_a_large_header(tmp_path):
    """A header may have 8 MiB; what Python makes of it is a small multiple."""
    for text in (b"{}," * 2_700_000, b"0," * 4_000_000, b'"",' * 2_700_000, b"[" * 900 + b"],"):
        head = b'{"a":[' + text[:-1] + b"]}"
        (tmp_path / "net").write_bytes(struct.pack("<Q", len(head)) + head)
        with limited_memory(1 << 30), pytest.raises(FileFormatError):
            pybp.load(tmp_path / "net")
    head = json.dumps({"a": "x" * (8 << 20)}).encode()
    (tmp_path / "net").write_bytes(struct.pack("<Q", len(head)) + head)
    with pytest.raises(FileFormatError, match="the length of a header"):
        pybp.load(tmp_path / "net")
