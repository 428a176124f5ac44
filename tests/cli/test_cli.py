"""The command `pybp`."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

import pybp
from pybp import _core
from pybp.cli import main
from pybp.cli.demo import GOAL
from pybp.cli.screen import Screen

from processes import heed_ctrl_c, linux

COMMAND = [sys.executable, "-P", "-m", "pybp"]  # -P: not the pybp of the working directory


def run(*arguments, **environment):
    """Run the command in a process of its own."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
    )


def test_demo_reaches_its_goal(capsys):
    assert main(["demo"]) == 0
    out = capsys.readouterr().out
    assert f"pybp {pybp.__version__}" in out
    assert f"{_core.isa()} kernels" in out
    accuracy = float(re.search(r"([\d.]+)% of the held-out digits right", out)[1]) / 100
    assert accuracy >= GOAL
    rows = re.findall(r"^ +(\d+)  +[\d.]+  +[\d.]+%  +[\d.]+%", out, re.MULTILINE)
    assert [int(epoch) for epoch in rows] == list(range(1, len(rows) + 1))
    assert float(re.search(r"largest relative error (\S+)", out)[1]) < 1e-5
    assert re.search(r"[\d,]+ samples a second", out)


def test_demo_gives_the_same_numbers_on_any_number_of_threads_and_instruction_set():
    def numbers(*arguments, **environment):
        out = run("demo", "--epochs", "3", *arguments, **environment).stdout
        return re.findall(r"^ +\d+  +[\d.]+  +[\d.]+%  +[\d.]+%", out, re.MULTILINE)

    expected = numbers()
    assert len(expected) == 3
    assert numbers("--threads", "1") == expected
    assert numbers("--threads", "3", PYBP_ISA="scalar") == expected


def test_demo_fails_below_its_goal(capsys):
    assert main(["demo", "--epochs", "1"]) == 1
    assert "below the goal" in capsys.readouterr().err


def test_info(capsys):
    assert main(["info"]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["pybp"] == pybp.__version__
    assert rows["kernels"] == f"{_core.isa()} ({_core.isa_reason()})"
    assert all(name in rows["compiled"] for name in _core.isa_compiled())
    threads, why = _core.default_threads()
    assert rows["threads"] == f"{threads} ({why})"


def test_info_follows_the_environment():
    out = run("info", PYBP_ISA="scalar", PYBP_NUM_THREADS="3").stdout
    assert re.search(r"^kernels +scalar \(.*PYBP_ISA", out, re.MULTILINE)
    assert re.search(r"^threads +3 \(.*PYBP_NUM_THREADS", out, re.MULTILINE)


def test_version(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"pybp {pybp.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "required: command"),
        (["learn"], "invalid choice: 'learn'"),
        (["demo", "--epochs", "0"], "'0' is not a whole number >= 1"),
        (["demo", "--threads", "two"], "'two' is not a whole number >= 1"),
        (["demo", "--seed", "-1"], "'-1' is not a whole number from 0"),
        (["demo", "--seed", str(2**64)], "is not a whole number from 0"),
        (["info", "--epochs", "3"], "there is no option --epochs"),
        (["demo", "3"], "unrecognized arguments: 3"),
        (["dmeo"], "did you mean demo?"),
    ],
)
def test_bad_arguments(arguments, complaint, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        main(arguments)
    assert complaint in capsys.readouterr().err


def start(*arguments):
    """Start the command and leave it running."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [*COMMAND, *arguments], stdout=pipe, stderr=pipe, text=True, preexec_fn=heed_ctrl_c
    )


def test_interrupt_ends_quietly():
    with start("demo", "--epochs", "1000000") as process:
        while not process.stdout.readline().startswith("    1"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        _, err = process.communicate(timeout=30)
        assert time.monotonic() - begin < 5
        assert process.returncode == 130
        assert err.strip() == "pybp: interrupted"


def test_closed_pipe_ends_quietly():
    with start("demo", "--epochs", "1000000") as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=30) == 1


def test_ascii_where_the_terminal_knows_nothing_else():
    result = run("demo", "--epochs", "1", PYTHONIOENCODING="ascii")
    assert result.stdout.isascii()
    assert "#" in result.stdout
    assert "Traceback" not in result.stderr


def test_colours_only_on_a_terminal(monkeypatch):
    assert Screen().bold("title") == "title"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Screen().bold("title") == "\033[1mtitle\033[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Screen().bold("title") == "title"


def shell(line, **environment):
    """Run the command with the shell's redirections; exit code, and what went to standard error."""
    command = line.replace("pybp", " ".join(COMMAND), 1)
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    return done.returncode, done.stderr.strip()


@linux
@pytest.mark.parametrize(
    ("what", "unbuffered"),
    [("info", ""), ("info", "1"), ("demo --epochs 1", ""), ("--version", ""), ("--help", "1")],
)
def test_output_that_goes_nowhere(what, unbuffered):
    """An exit code and a line, no traceback, whatever standard output and standard error are."""
    environment = {"PYTHONUNBUFFERED": unbuffered}
    full = (1, "pybp: error: No space left on device")
    assert shell(f"pybp {what} >/dev/full", **environment) == full
    assert shell(f"pybp {what} >&-", **environment) == (1, "pybp: error: standard output is closed")
    assert shell(f"pybp {what} >&- 2>&-", **environment) == (1, "")
    assert shell(f"pybp {what} >/dev/full 2>/dev/full", **environment) == (1, "")
    expected = 1 if what.startswith("demo") else 0  # an epoch is not enough
    assert shell(f"pybp {what} >/dev/null 2>&-", **environment) == (expected, "")
    assert shell(f"pybp {what} >/dev/null 2>/dev/full", **environment) == (expected, "")


@linux
def test_wrong_arguments_where_nobody_reads():
    assert shell("pybp train 2>&-") == (2, "")
    assert shell("pybp train 2>/dev/full") == (2, "")
    assert shell("pybp train >&-") == (1, "pybp: error: standard output is closed")
