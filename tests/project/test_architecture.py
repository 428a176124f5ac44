"""docs/architecture.md names folders, files and functions: they are where it says."""

import re
import subprocess
import sys

import pytest

from project import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
# A step of "The life of one training step": a function, and the file that has it.
STEP = re.compile(r"^\| \d+ \| `(\w+)` \| `([^`]+)` \|", re.MULTILINE)
PATH = re.compile(r"`((?:pybp|csrc|tests|tools)/[\w./]+)`")
FOLDER = re.compile(r"^\| ((?:`[^`|]+`(?:, )?)+) \|", re.MULTILINE)


def test_the_step_is_told_function_by_function():
    assert len(STEP.findall(PAGE)) >= 20


@pytest.mark.parametrize(("function", "path"), STEP.findall(PAGE))
def test_functions_are_in_their_files(function, path):
    text = (ROOT / path).read_text(encoding="utf-8")
    defined = rf"(?:def {function}\(|\b{function}\([^;]*?\)\s*{{|REAL\({function}\)\()"
    assert re.search(defined, text), f"{path} does not define {function}"


@pytest.mark.parametrize("path", sorted(set(PATH.findall(PAGE))))
def test_paths_exist(path):
    assert (ROOT / path).exists()


def folders(heading):
    """The names in the first column of the table below a heading such as "Folder of `pybp/`"."""
    table = PAGE.split(f"| {heading} |")[1].split("\n\n")[0]
    return [name for row in FOLDER.findall(table) for name in re.findall("`([^`]+)`", row)]


@pytest.mark.parametrize("root", ["pybp", "csrc"])
def test_every_folder_is_told(root):
    told = {name.rstrip("/") for name in folders(f"Folder of `{root}/`")}
    there = {
        path.relative_to(ROOT / root).as_posix()
        for path in (ROOT / root).iterdir()
        if (path.is_dir() and path.name != "__pycache__")
        or (path.suffix == ".py" and not path.name.startswith("__"))
    }
    assert there - told == set()
    assert {name for name in told if not list((ROOT / root).glob(name))} == set()


def test_the_picture_is_drawn_from_the_code(tmp_path):
    """Drawing it anew changes nothing, and fails if folders use each other in a circle."""
    picture = tmp_path / "rooms.svg"
    subprocess.run(
        [sys.executable, ROOT / "tools" / "rooms_picture.py", picture], check=True, timeout=60
    )
    assert picture.read_text(encoding="utf-8") == (ROOT / "docs" / "rooms.svg").read_text(
        encoding="utf-8"
    )
