"""What pybp's files import: no circle of files, and nothing of pybp inside a function."""

import ast
import functools
import importlib.util
from graphlib import CycleError, TopologicalSorter

import pytest

from project import ROOT


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted((ROOT / "pybp").rglob("*.py"))}


def places(body, place="run"):
    """Each import statement below `body`, and where it stands: "run", "types" or "function"."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, place
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from places(node.body, "types")
            yield from places(node.orelse, place)
        else:
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from places(ast.iter_child_nodes(node), "function" if inside else place)


def executed(node, importer):
    """The files of pybp that an import statement executes, besides those above the importer.

    ``from pybp.a import b`` executes pybp/a/__init__.py, and pybp/a/b.py if b is a file.
    """
    if isinstance(node, ast.Import):
        names = {alias.name for alias in node.names}
    else:
        path = MODULES[importer]
        package = importer if path.stem == "__init__" else importer.rpartition(".")[0]
        relative = "." * node.level + (node.module or "")
        base = importlib.util.resolve_name(relative, package) if node.level else node.module
        names = {f"{base}.{alias.name}" for alias in node.names}
    above = {"pybp"} | {importer.rsplit(".", n)[0] for n in range(1, importer.count(".") + 1)}
    found = set()
    for name in names:
        parts = name.split(".")
        found |= {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    return (found & MODULES.keys()) - above - {importer}


@functools.cache
def imports(wanted):
    """The files that each file imports in one of the places."""
    return {
        name: {
            other
            for node, place in places(ast.parse(path.read_text(encoding="utf-8")).body)
            if place == wanted
            for other in executed(node, name)
        }
        for name, path in MODULES.items()
    }


def circle(graph):
    """The files of one circle of imports, or None."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as found:
        return found.args[1]
    return None


def names_the_net_in_hooks(name):
    return name == "pybp.training.callback" or name.startswith("pybp.callbacks.")


def test_no_circle_at_run_time():
    assert circle(imports("run")) is None


def test_no_circle_for_type_checkers_but_for_the_net_in_hooks():
    """A callback's hooks get the net that trains, whose class imports what calls the hooks."""
    at_run_time, for_types = imports("run"), imports("types")
    others = {
        name: at_run_time[name] | (found - {"pybp.mlp"} if names_the_net_in_hooks(name) else found)
        for name, found in for_types.items()
    }
    assert circle(others) is None


def test_nothing_of_pybp_is_imported_in_a_function():
    assert {name: found for name, found in imports("function").items() if found} == {}


def top_level_imports(path):
    """The packages that a file imports anywhere."""
    for node, _ in places(ast.parse(path.read_text(encoding="utf-8")).body):
        named = isinstance(node, ast.ImportFrom)
        yield from [node.module] if named else [alias.name for alias in node.names]


def test_scikit_learn_is_imported_in_its_own_room_only():
    room = "pybp.sklearn"
    for name, path in MODULES.items():
        if name != room and not name.startswith(f"{room}."):
            found = [other for other in top_level_imports(path) if other is not None]
            assert not [o for o in found if o.split(".")[0] in ("sklearn", "joblib")], name
            assert not [o for o in found if o.startswith(room)], name


@pytest.mark.parametrize(
    ("code", "importer", "wanted"),
    [
        ("import pybp.mlp", "pybp.__main__", [("run", {"pybp.mlp"})]),
        ("from pybp.io import atomic", "pybp.mlp", [("run", {"pybp.io", "pybp.io.atomic"})]),
        ("from pybp.io import atomic", "pybp.io.netfile", [("run", {"pybp.io.atomic"})]),
        ("from .atomic import x", "pybp.io", [("run", {"pybp.io.atomic"})]),
        ("from pybp.errors import ShapeError", "pybp.mlp", [("run", {"pybp.errors"})]),
        ("from pybp import _core", "pybp.mlp", [("run", set())]),
        ("def f():\n  if x:\n    import pybp.mlp", "pybp", [("function", {"pybp.mlp"})]),
        ("try:\n  import pybp.mlp\nexcept E: pass", "pybp", [("run", {"pybp.mlp"})]),
        (
            "if TYPE_CHECKING:\n  import pybp.mlp\nelse:\n  import pybp.errors",
            "pybp",
            [("types", {"pybp.mlp"}), ("run", {"pybp.errors"})],
        ),
    ],
)
def test_what_an_import_executes(code, importer, wanted):
    found = [(place, executed(node, importer)) for node, place in places(ast.parse(code).body)]
    assert found == wanted


def test_a_circle_is_seen():
    assert "pybp.mlp" in circle(imports("run") | {"pybp.errors": {"pybp.mlp"}})
