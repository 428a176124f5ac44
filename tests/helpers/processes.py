"""Run code in a Python process of its own, with pybp, some data and a small net defined."""

import signal
import subprocess
import sys
import textwrap

import pytest

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")

SETUP = """
import os, sys, time
import numpy as np
import pybp
from pybp import MLP
X = np.random.default_rng(0).normal(size=(600, 20)).astype("f4")
y = (X[:, 0] * X[:, 1] > 0).astype("i4")
def make():
    return MLP([20, 64, 64, 2], output="softmax", seed=0)
def digest(net):
    import hashlib
    return hashlib.sha256(b"".join(W.tobytes() for W in net.weights)).hexdigest()
"""


def heed_ctrl_c():
    """For `preexec_fn`: a shell that runs the tests in the background has them ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def script(code, setup=SETUP):
    return [sys.executable, "-P", "-c", setup + textwrap.dedent(code)]


def run(code, setup=SETUP, **settings):
    """Run code in a process of its own; return what it prints."""
    done = subprocess.run(
        script(code, setup), capture_output=True, text=True, timeout=120, **settings
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
