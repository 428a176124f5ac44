"""Exported C files: the bits of predict, under compilers that fuse and vectorise what they may."""

import platform
import re
import shutil

import numpy as np
import pytest

import pybp
from pybp import MLP, Activation, Dense, Residual
from pybp.errors import ArgumentError, ShapeError
from pybp.export.c import floating

from c_programs import COMPILERS, STRICT, compiled, run, run_on_cortex_m, shared_library
from layer_nets import NETS, disturb, inputs
from registered import CLASSES, HIDDEN, ROWS

LAYERS = NETS | {
    "widths": [5, 1, 2, 3, 33, 65, 7],
    "softmax": [3, 5, Dense(40, "softmax")],
    "wide norm": [3, Dense(40), pybp.LayerNorm(), Activation("softmax")],
    "parameters": [
        3,
        Dense(9, pybp.activations.LeakyReLU(0.3)),
        Dense(5, pybp.activations.ELU(0.7)),
    ],
    "ntk": [5, Dense(7, "tanh", parametrization="ntk"), 2],
    "no bias": [5, Dense(7, bias=False), 2],
    "dropout alone": [3, pybp.Dropout(0.5)],
    "identity alone": [3, Activation("identity")],
    **{name: [2, Dense(19, name)] for name in HIDDEN},
    "all": [2, *(Residual([Dense(19, name), Activation(name), Dense(2)]) for name in HIDDEN)],
}
BOTH = (
    "dense",
    "embedding and norms",
    "embedded numbers",
    "softmax",
    "pre-activation",
    "all",
)  # dtypes; else float32
CASES = [(name, dtype) for name in LAYERS for dtype in ["float32", "float64"][: 1 + (name in BOTH)]]
SIZES = (0.0, 1e-30, 1e-3, 1.0, 30.0, 3e4)  # of inputs


def made(given, dtype="float32"):
    net = MLP(given, dtype=dtype, seed=1)
    disturb(net, np.random.default_rng(0))
    return net


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A folder, and the net of each C file in it by its name."""
    folder = tmp_path_factory.mktemp("c")
    nets = {f"net{index}": made(LAYERS[name], dtype) for index, (name, dtype) in enumerate(CASES)}
    for name, net in nets.items():
        net.to_c(folder / f"{name}.c", name=name)
    return folder, nets


@pytest.fixture(scope="module", params=COMPILERS)
def library(exported, request):
    folder, nets = exported
    sources = [folder / f"{name}.c" for name in nets]
    define = [f"-D{name.upper()}_SELF_TEST" for name in nets]
    return shared_library(request.param, sources, folder, *define)


def rows_of(case, dtype):
    """Rows of inputs of all sizes; the columns of categories hold categories."""
    rng = np.random.default_rng(2)
    rows = [inputs(LAYERS[case], 3, rng, dtype) for _ in SIZES]
    categories = [column == column.round() for column in rows[0].T]
    for part, size in zip(rows, SIZES, strict=True):
        part[:, ~np.array([c.all() for c in categories])] *= size
    return np.concatenate(rows)


@pytest.mark.parametrize(("index", "case"), list(enumerate(CASES)), ids=map(str, CASES))
def test_the_bits_are_those_of_predict(library, exported, index, case):
    net, X = exported[1][f"net{index}"], rows_of(*case)
    found = library.predict(f"net{index}", X, net.n_out)
    wanted = net.predict(X)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    assert same.all(), (X[~same.all(axis=1)], found[~same], wanted[~same])
    assert library.self_test(f"net{index}") == 0


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("case", [("all", "float32"), ("embedding and norms", "float64")])
def test_no_warnings(exported, case, compiler, tmp_path):
    source = exported[0] / f"net{CASES.index(case)}.c"
    name, fast = source.stem.upper(), ["-std=gnu99", "-O3", "-march=native"]
    for number, options in enumerate((fast, [f"-D{name}_NO_FMA"])):
        program = tmp_path / f"program{number}"
        compiled([compiler], [source], program, *STRICT, f"-D{name}_MAIN", *options)
        run([program])  # without fused multiply-add within a tolerance


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_on_a_cortex_m(exported, dtype, tmp_path):
    """Bit for bit in float32, within a tolerance in float64, which this CPU computes without fma."""
    source = exported[0] / f"net{CASES.index(('all', dtype))}.c"
    options = [f"-D{source.stem.upper()}_NO_FMA"] if dtype == "float64" else []
    run_on_cortex_m(source, tmp_path, *options)


def test_all_headers_compile_as_cpp(exported, tmp_path):
    if not shutil.which("g++"):
        pytest.skip("no g++ here")
    folder, nets = exported
    source = tmp_path / "all.cpp"
    source.write_text("".join(f'#include "{folder}/{name}.h"\n' for name in nets))
    run(["g++", "-std=c++17", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", source])


def gcc(source, program, *options):
    return compiled(["gcc"], [source], program, "-std=gnu99", "-O3", *options)


def test_nothing_is_allocated_or_changed(tmp_path):
    """The object file has no variables, and needs nothing but functions of numbers and memory."""
    made(LAYERS["embedding and norms"]).to_c(tmp_path / "net.c")
    program = compiled(["gcc"], [tmp_path / "net.c"], tmp_path / "net.o", "-O2", "-c")
    if not shutil.which("nm"):
        pytest.skip("no nm here")
    symbols = [line.split()[-2:] for line in run(["nm", program]).splitlines()]
    assert not [name for kind, name in symbols if kind in "BbCDdSs"]
    needed = {name for kind, name in symbols if kind == "U"} - {"_GLOBAL_OFFSET_TABLE_"}
    assert needed <= {"fmaf", "sqrtf", "memcpy", "memset", "memcmp", "__stack_chk_fail"}
    exported = {name for kind, name in symbols if kind == "T"}
    assert exported == {"net_predict", "net_predict_with"}


def test_the_self_test_finds_a_changed_bit(tmp_path):
    made(LAYERS["gelu"]).to_c(tmp_path / "net.c")
    text = (tmp_path / "net.c").read_text()
    changed, n = re.subn(r"(net_weights0\[38\] = \{\n\s*)[^,]+", r"\g<1>0.75f", text)
    assert n == 1
    (tmp_path / "net.c").write_text(changed)
    program = gcc(tmp_path / "net.c", tmp_path / "net", "-DNET_MAIN")
    with pytest.raises(AssertionError):
        run([program])


def test_without_the_explicit_products_gcc_changes_bits(tmp_path):
    """Why the file needs them: the self-test sees what gcc fuses by default."""
    made([9, Dense(300, "softplus"), Dense(300, "mish")]).to_c(tmp_path / "net.c")
    text = (tmp_path / "net.c").read_text()
    assert "#define NET_FUSES_PRODUCTS" in text
    if "fma" not in run(["grep", "-m1", "flags", "/proc/cpuinfo"]):
        pytest.skip("this CPU has no fused multiply-add")
    (tmp_path / "net.c").write_text(text.replace("#define NET_FUSES_PRODUCTS", ""))
    program = gcc(tmp_path / "net.c", tmp_path / "net", "-DNET_MAIN", "-march=native")
    with pytest.raises(AssertionError):
        run([program])


@pytest.mark.parametrize(
    "option",
    ["-ffast-math", "-fassociative-math -fno-signed-zeros -fno-trapping-math", "-mfpmath=387"],
)
def test_what_changes_results_is_refused(tmp_path, option):
    made([2, 2]).to_c(tmp_path / "net.c")
    if not shutil.which("gcc"):
        pytest.skip("no gcc here")
    if "387" in option and platform.machine() != "x86_64":
        pytest.skip("not an x86 CPU")
    with pytest.raises(AssertionError, match="#error"):
        run(["gcc", "-std=c99", *option.split(), "-fsyntax-only", str(tmp_path / "net.c")])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_another_dtype(tmp_path, dtype):
    """Parameters are rounded to it first."""
    net = made([3, 8, 2], "float64" if dtype == "float32" else "float32")
    X = np.random.default_rng(0).normal(size=(5, 3)).astype(dtype)
    same = made([3, 8, 2], dtype)
    same.weights, same.biases = net.weights, net.biases
    net.to_c(tmp_path / "net.c", dtype=dtype, X=X)
    functions = shared_library("gcc", [tmp_path / "net.c"], tmp_path, "-DNET_SELF_TEST")
    np.testing.assert_array_equal(functions.predict("net", X, 2), same.predict(X))
    assert functions.self_test("net") == 0


# ---- what is registered has a form in C ----------------------------------------------------------


def test_every_kind_of_layer_has_a_form():
    assert set(floating._FORMS) == set(ROWS["layers"])


@pytest.mark.parametrize("name", ROWS["activations"])
def test_every_activation_has_a_form(name, tmp_path):
    MLP([2, Dense(3, CLASSES["activations"][name]())], seed=0).to_c(tmp_path / "net.c")


def test_a_kind_without_a_form_is_named(tmp_path, monkeypatch):
    monkeypatch.delitem(floating._FORMS, "layer_norm")
    with pytest.raises(ArgumentError, match="layer_norm"):
        MLP([2, pybp.LayerNorm(), 2], seed=0).to_c(tmp_path / "net.c")
    monkeypatch.setattr(floating, "functions", lambda *_: {})
    with pytest.raises(ArgumentError, match="tanh"):
        MLP([2, Dense(2, "tanh")], seed=0).to_c(tmp_path / "net.c")
    assert list(tmp_path.iterdir()) == []


# ---- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", "1a", "a b", "int", "class", "_x", "a__b", "ä", "x" * 32, "a;"]
)
def test_names_that_c_does_not_take(tmp_path, name):
    with pytest.raises(ArgumentError, match="name must be an identifier"):
        MLP([2, 1]).to_c(tmp_path / "net.c", name=name)


@pytest.mark.parametrize("path", ["net.h", "net", "a\nb.c", 'a"b.c', "a\\b.c", "a?b.c"])
def test_paths_that_include_does_not_take(tmp_path, path):
    with pytest.raises(ArgumentError, match="path must end with"):
        MLP([2, 1]).to_c(tmp_path / path)
    assert list(tmp_path.iterdir()) == []


def test_wrong_arguments(tmp_path):
    net, path = MLP([2, 1]), tmp_path / "net.c"
    for arguments, error in [
        ({"name": 3}, TypeError),
        ({"dtype": "float16"}, ArgumentError),
        ({"X": [[1.0]]}, ShapeError),
        ({"X": [[1.0, np.nan]]}, ValueError),
        ({"input_names": ["a"]}, ShapeError),
        ({"class_names": "ab"}, TypeError),
    ]:
        with pytest.raises(error):
            net.to_c(path, **arguments)
    assert list(tmp_path.iterdir()) == []
