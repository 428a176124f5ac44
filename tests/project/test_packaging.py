"""What an installation consists of."""

import ctypes
import json
import re
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest

import pybp
from pybp import _core

from project import ROOT

PACKAGE = Path(pybp.__file__).parent


def is_editable():
    direct_url = metadata.distribution("pybp-mlp").read_text("direct_url.json")
    return bool(direct_url and json.loads(direct_url).get("dir_info", {}).get("editable"))


def test_tests_import_the_installed_package():
    if is_editable():
        pytest.skip("an editable installation is the source tree")
    assert ROOT not in PACKAGE.parents


def test_version_is_written_once():
    header = (ROOT / "csrc" / "include" / "pybp.h").read_text(encoding="utf-8")
    (version,) = re.findall(r'^#define PYBP_VERSION "(.*)"$', header, re.MULTILINE)
    assert pybp.__version__ == metadata.version("pybp-mlp") == version


def test_numpy_is_the_only_requirement():
    requirements = metadata.requires("pybp-mlp")
    assert [r for r in requirements if "extra ==" not in r] == ["numpy>=1.25"]


def test_optional_packages_are_not_imported():
    program = "import pybp, sys; print({'tqdm', 'pandas', 'polars', 'IPython'} & set(sys.modules))"
    command = [sys.executable, "-P", "-c", program]
    assert subprocess.check_output(command, text=True).strip() == "set()"


def test_license_files():
    distribution = metadata.distribution("pybp-mlp")
    assert distribution.metadata["License-Expression"] == "BSD-3-Clause AND CC-BY-4.0"
    files = distribution.metadata.get_all("License-File")
    assert files == ["LICENSE", "pybp/datasets/digits-attribution.txt"]


def test_types_are_shipped_and_sources_are_not():
    assert (PACKAGE / "py.typed").is_file()
    assert (PACKAGE / "_core.pyi").is_file()
    if not is_editable():
        assert [*PACKAGE.rglob("*.pyx"), *PACKAGE.rglob("*.pxi"), *PACKAGE.rglob("*.c")] == []
        assert [*PACKAGE.rglob("*.pxd")] == [PACKAGE / "core.pxd"]  # for other modules


def test_headers_for_other_extension_modules():
    if is_editable():
        pytest.skip("an editable installation is the source tree")
    folder = Path(pybp.get_include())
    shipped = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    source = ROOT / "csrc" / "registry"
    assert shipped == {
        "pybp.h",
        "pybp_python.h",
        *(f"registry/{path.name}" for path in source.glob("*.def")),
    }


def test_extension_uses_the_stable_abi():
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("a free-threaded interpreter has no stable ABI")
    assert Path(_core.__file__).name == "_core.abi3.so"


def test_extension_keeps_the_core_to_itself():
    """Two copies of the core in a process, from Python and from C, must not see each other."""
    extension = ctypes.CDLL(_core.__file__)
    assert hasattr(extension, "PyInit__core")
    assert not hasattr(extension, "pybp_version")
    assert not hasattr(extension, "pybp_train")
