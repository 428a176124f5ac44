"""Compile C files and call their functions."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

__all__ = ["COMPILERS", "STRICT", "compiled", "run", "run_on_cortex_m", "shared_library"]

COMPILERS = [
    pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=f"no {name} here"))
    for name in ("gcc", "clang")
]
# With -std=gnu99 compilers may fuse products and sums, from -O1 on; more takes long for many nets.
FAST = "-O1"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Werror"]
CORTEX_M = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
"""A CPU with fused multiply-add in float32 alone."""
MACHINE = ["-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none", "-semihosting"]
_STARTUP = Path(__file__).parent / "cortex_m"


def run(command, **options):
    """Run a command; a failure shows what it wrote."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def compiled(compiler, sources, program, *options):
    """A program made of C files; skips the test without the compiler."""
    if not shutil.which(compiler[0]):
        pytest.skip(f"no {compiler[0]} here")
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
    flags = ["-std=gnu99", FAST, "-march=native", "-shared", "-fPIC"]
    compiled([compiler], [together], library, *flags, *options)
    return Functions(library)


def run_on_cortex_m(source, folder, *options):
    """Compile an exported C file with warnings as errors; run its self-test in an emulator if there is one."""
    if not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("no arm-none-eabi-gcc here")
    program, script = folder / f"{source.stem}.elf", _STARTUP / "start.ld"
    flags = [*STRICT, "-O2", *CORTEX_M, f"-D{source.stem.upper()}_MAIN", *options]
    start = ["-nostartfiles", "-T", str(script), str(_STARTUP / "start.c"), "-lc", "-lnosys"]
    run(["arm-none-eabi-gcc", *flags, str(source), *start, "-lm", "-o", str(program)])
    if not shutil.which("qemu-system-arm"):
        pytest.skip("compiled; no qemu-system-arm here to run it")
    run(["qemu-system-arm", *MACHINE, "-kernel", str(program)])
