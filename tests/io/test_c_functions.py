"""The C functions of files, called as other extension modules call them: through the capsule."""

import ctypes
import json
import re
from pathlib import Path

import numpy as np
import pytest

import pybp
from pybp import MLP, _core

from layer_nets import TRAINED, inputs
from net_files import FILES, join, split
from project import ROOT

OK, FILE, NOT_ONE_NET = 0, 9, 11

NAMES = re.findall(
    r"^PYBP_FUNCTION\((\w+), (?:TRAINING|INFERENCE)\)$",
    (ROOT / "csrc" / "registry" / "functions.def").read_text(encoding="utf-8"),
    re.MULTILINE,
)


class Head(ctypes.Structure):
    _fields_ = (
        ("major", ctypes.c_int),
        ("minor", ctypes.c_int),
        ("bytes", ctypes.c_size_t),
        ("raise_", ctypes.c_void_p),
    )


@pytest.fixture(scope="module")
def functions():
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = pointer(_core.functions, b"pybp._core.functions")
    head = Head.from_address(table)
    assert f"{head.major}.{head.minor}." in pybp.__version__
    assert head.bytes == ctypes.sizeof(Head) + len(NAMES) * ctypes.sizeof(ctypes.c_void_p)
    addresses = (ctypes.c_void_p * len(NAMES)).from_address(table + ctypes.sizeof(Head))
    return dict(zip(NAMES, addresses, strict=True))


@pytest.fixture(scope="module")
def call(functions):
    def call(name, *arguments, result=ctypes.c_int):
        return ctypes.CFUNCTYPE(result, *map(type, arguments))(functions[name])(*arguments)

    return call


def test_the_table_has_the_functions_of_the_header():
    header = (ROOT / "csrc" / "include" / "pybp.h").read_text(encoding="utf-8")
    declared = re.findall(r"^PYBP_API [^;(]*?\*?pybp_(\w+)\(", header, re.MULTILINE)
    assert sorted(declared) == sorted(NAMES)


def load(call, path):
    net = ctypes.c_void_p()
    status = call("net_load", ctypes.c_char_p(bytes(path)), ctypes.pointer(net))
    return status, net


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TRAINED)
def test_python_and_c_write_the_same_bytes(name, dtype, call, tmp_path, rng):
    """Of nets of each kind of layer and each option, with an optimizer's state."""
    layers = TRAINED[name]
    net = MLP(layers, dtype=dtype, seed=7)
    X = inputs(layers, 8, rng)
    net.fit(X, rng.random((8, net.n_out)), loss="mse", epochs=2, optimizer="adamw", batch_size=4)
    net.save(tmp_path / "python")
    status, loaded = load(call, tmp_path / "python")
    assert status == OK
    assert call("net_save", loaded, ctypes.c_char_p(bytes(tmp_path / "c"))) == OK
    call("net_free", loaded, result=None)
    assert (tmp_path / "c").read_bytes() == (tmp_path / "python").read_bytes()


def test_several_nets(call, tmp_path):
    """C opens the file; who asks for one net gets none."""
    raw = (FILES / "format2-new.safetensors").read_bytes()
    header, document, data = split(raw)
    document["kind"] = "ensemble"
    document["nets"] *= 2
    entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
    for name, entry in entries.items():
        begin, end = entry["data_offsets"]
        offsets = [begin + len(data), end + len(data)]
        header[f"nets.1.{name}"] = entry | {"data_offsets": offsets}
    path = tmp_path / "ensemble"
    path.write_bytes(join(header, document, data + data))
    status, _ = load(call, path)
    assert status == NOT_ONE_NET
    assert b"2 nets of the kind 'ensemble'" in call("last_error", result=ctypes.c_char_p)
    file, net = ctypes.c_void_p(), ctypes.c_void_p()
    assert call("file_open", ctypes.c_char_p(bytes(path)), ctypes.pointer(file)) == OK
    assert call("file_n_nets", file, result=ctypes.c_size_t) == 2
    assert call("file_kind", file, result=ctypes.c_char_p) == b"ensemble"
    assert (
        json.loads(call("file_description", file, result=ctypes.c_char_p))
        == split(path.read_bytes())[1]
    )
    for index in range(2):
        assert call("file_net", file, ctypes.c_size_t(index), ctypes.pointer(net)) == OK
        call("net_free", net, result=None)
    call("file_close", file, result=None)
    one, other = pybp.load(path)
    assert one.layers == other.layers
    np.testing.assert_array_equal(one.weights[0], other.weights[0])


def test_c_says_what_is_wrong(call, tmp_path):
    (tmp_path / "net").write_bytes(b"x" * 40)
    status, _ = load(call, tmp_path / "net")
    assert status == FILE
    assert b"are not the length of a header" in call("last_error", result=ctypes.c_char_p)


def test_a_handle_keeps_its_net(call):
    net = MLP([3, 2], seed=0)
    handle = net._net.handle()
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    core = ctypes.c_void_p(pointer(handle, b"pybp.net"))
    del net
    assert call("net_n_parameters", core, result=ctypes.c_size_t) == 8


def test_the_headers_are_there():
    try:
        folder = Path(pybp.get_include())
    except pybp.errors.StateError:
        pytest.skip("the source tree is not installed")
    assert (folder / "pybp.h").is_file()
