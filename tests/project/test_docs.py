"""The documentation is true: its examples run and print what they say, its links lead somewhere."""

import doctest
import importlib
import pkgutil
import re

import numpy as np
import pytest

import pybp

from project import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULES = ["pybp", *(module.name for module in pkgutil.walk_packages(pybp.__path__, "pybp."))]
# A block of Python, and the block of text behind it, if any: what it prints.
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n^```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def page_name(page):
    return page.relative_to(ROOT).as_posix()


def run_doctest(test):
    report = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=report.append, clear_globs=False)
    assert runner.failures == 0, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_python_blocks(page, capsys):
    """One namespace a page, as for a reader who types it in from top to bottom."""
    text = page.read_text(encoding="utf-8")
    namespace = {}
    for block in BLOCK.finditer(text):
        source, printed = block.groups()
        line = text.count("\n", 0, block.start(1))
        if ">>>" in source:
            test = doctest.DocTestParser().get_doctest(source, {}, page.name, str(page), line)
            test.globs = namespace
            run_doctest(test)
        else:
            exec(compile("\n" * line + source, page, "exec"), namespace)
            assert capsys.readouterr().out == (printed or "")


@pytest.mark.parametrize("name", [name for name in MODULES if name != "pybp.__main__"])
def test_docstrings(name):
    module = importlib.import_module(name)
    for test in doctest.DocTestFinder().find(module, extraglobs={"np": np, "pybp": pybp}):
        run_doctest(test)


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "CHANGELOG.md", ROOT / "SECURITY.md"], ids=page_name
)
def test_links(page):
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_each_fragment_of_the_worked_example_finds_its_place(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    example = importlib.import_module("worked_example")
    page = (ROOT / "docs/developing.md").read_text(encoding="utf-8")
    steps = example.steps(page)
    section = page.partition("### A worked example")[2].partition("\n## ")[0]
    assert section.count("\n```") == 2 * len(steps) > 0
    for step in steps:
        text = (ROOT / step["file"]).read_text(encoding="utf-8")
        assert len(example.insert(text, step)) > len(text)
