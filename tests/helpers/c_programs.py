"""Compile C files and call their functions."""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

__all__ = ["ARM", "COMPILERS", "STRICT", "compiled", "run", "shared_library"]

COMPILERS = [
    pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=f"no {name} here"))
    for name in ("gcc", "clang")
]
# Compilers may fuse products and sums with -std=gnu99. clang takes long for more than -O1.
FAST = {"gcc": "-O2", "clang": "-O1"}
STRICT = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Werror"]
ARM = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
"""The compiler, for a Cortex-M4 with an FPU of single precision."""


def run(command, **options):
    """Run a command; a failure shows what it wrote."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def compiled(compiler, sources, program, *options):
    """A program made of C files."""
    run([*compiler, *options, "-o", str(program), *map(str, sources), "-lm"])
    return program


class Functions:
    """The functions of exported nets in a shared library."""

    def __init__(self, path):
        self._library = ctypes.CDLL(str(path))

    def predict(self, name, X, n_out):
        """``<name>_predict`` for each row of X, in the dtype of X."""
        function = getattr(self._library, f"{name}_predict")
        function.restype = None
        X, Y = np.ascontiguousarray(X), np.empty((len(X), n_out), X.dtype)
        for x, y in zip(X, Y, strict=True):
            function(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data))
        return Y

    def self_test(self, name):
        """What the self-test of a net returns."""
        return getattr(self._library, f"{name}_self_test")()


def shared_library(compiler, sources, folder, *options):
    """All C files in one library, with their self-tests, compiled as one: that is quicker."""
    together = folder / f"together-{compiler}.c"
    together.write_text("".join(f'#include "{source}"\n' for source in sources))
    library = folder / f"together-{compiler}.so"
    flags = ["-std=gnu99", FAST[compiler], "-march=native", "-shared", "-fPIC"]
    compiled([compiler], [together], library, *flags, *options)
    return Functions(library)
