"""The results of a run: one JSON file, written again after every record, so that a run can be stopped and resumed."""

import json
from pathlib import Path


class Results:
    """`run`: {"machine": ..., "core": ..., "records": {key: record}}."""

    def __init__(self, path, keep):
        self.path = Path(path)
        self.run = {"machine": {}, "core": {}, "records": {}}
        if keep and self.path.exists():
            self.run |= json.loads(self.path.read_text(encoding="utf-8"))

    @property
    def records(self):
        return self.run["records"]

    @property
    def core(self):
        return self.run["core"]

    def describe(self, machine):
        self.run["machine"] = machine

    def add(self, key, record):
        self.records[key] = rounded(record)
        self.save()

    def set_core(self, found, threads):
        self.core[str(threads)] = found
        self.save()

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_text(json_lines(self.run, 2), encoding="utf-8")
        part.replace(self.path)


def json_lines(value, depth):
    """JSON with a line for each entry of dictionaries nested up to this depth, so that a diff shows which entry changed."""

    def text(value, depth):
        if depth == 0:
            return json.dumps(value, ensure_ascii=False)
        entries = (f"{json.dumps(key)}: {text(item, depth - 1)}" for key, item in value.items())
        return "{\n" + ",\n".join(entries) + "\n}"

    return text(value, depth) + "\n"


def rounded(value):
    """Numbers with 5 digits, for the files go into the repository."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value
