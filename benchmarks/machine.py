"""Describe the machine of a run: CPU, system, compiler and flags, versions, commit. Build pybp_bench."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import pybp
from grid import ROOT
from pybp import _core

EXTENSIONS = ("fma", "avx2", "avx512f", "avx512dq", "avx512vl", "asimd")


def cpu_info(field):
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.split(":")[0].strip() == field:
            return line.partition(":")[2].strip()
    return ""


def output(*command):
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def commit():
    found = output("git", "rev-parse", "HEAD")
    changed = output("git", "status", "--porcelain", "--", "csrc", "pybp")
    return f"{found} with changes" if found and changed else found or "not in a git checkout"


def caches():
    """Caches of the first CPU, like "L1d 32K, L2 1024K, L3 32768K"."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (
            (index / name).read_text().strip() for name in ("level", "type", "size")
        )
        if kind != "Instruction":
            found.append(f"L{level}{'d' if kind == 'Data' else ''} {size}")
    return ", ".join(found)


def describe():
    flags = cpu_info("flags").split() or cpu_info("Features").split()
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "pybp": f"{pybp.__version__}, {_core.isa()} kernels",
        "cpu": cpu_info("model name") or platform.processor(),
        "cpu_family": f"family {cpu_info('cpu family')}, model {cpu_info('model')}",
        "cpus": os.cpu_count(),
        "extensions": " ".join(name for name in EXTENSIONS if name in flags),
        "caches": caches(),
        "system": f"{platform.system()} {platform.release()}, {' '.join(platform.libc_ver())}",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def build(folder):
    """Build pybp_bench in a folder and return its path."""
    if shutil.which("cmake") is None:
        raise SystemExit(
            "cmake is needed to build pybp_bench: pip install '.[bench]', or give --bench PROGRAM"
        )
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    options = ["-DPYBP_BUILD_BENCH=ON", "-DPYBP_BUILD_SHARED=OFF", "-DCMAKE_BUILD_TYPE=Release"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["cmake", *generator, "-S", ROOT, "-B", folder, *options], **quiet)
    subprocess.run(["cmake", "--build", folder, "--target", "pybp_bench"], **quiet)
    return Path(folder) / "pybp_bench"


def compiler(program):
    """The compiler of pybp_bench and its flags, from the CMake cache in the same folder."""
    cache = Path(program).parent / "CMakeCache.txt"
    if not cache.exists():
        return ""
    values = {}
    for line in cache.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        values[name.partition(":")[0]] = value
    first = output(values.get("CMAKE_C_COMPILER", "cc"), "--version").partition("\n")[0]
    return f"{first}, {values.get('CMAKE_C_FLAGS_RELEASE', '')}"
