"""The distribution is pybp-mlp: the name pybp on the package index belongs to another project."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLS_PYBP = re.compile(r"pip install [^\n]*(?<![\w./-])pybp(?![\w.-])")


def tracked_files():
    """Text files of the checkout; of an unpacked archive, all that git would track are there."""
    try:
        listed = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a checkout of git")
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def test_pattern_finds_the_name():
    assert INSTALLS_PYBP.search("pip install 'pybp[sklearn]'")
    assert INSTALLS_PYBP.search("pip install -U pybp")
    assert not INSTALLS_PYBP.search("pip install 'pybp-mlp[sklearn]'")
    assert not INSTALLS_PYBP.search("pip install .")


def test_nothing_tells_users_to_install_the_other_project():
    found = []
    for path in tracked_files():
        if path == Path(__file__).resolve():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for match in INSTALLS_PYBP.finditer(text):
            command = match.group()
            if "&& pybp" not in command:  # the command, run after an installation
                found.append((path.relative_to(ROOT).as_posix(), command))
    assert found == []
