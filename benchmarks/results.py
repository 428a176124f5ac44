"""The results of a run: one JSON file, written anew after every record, so that a run can be stopped and resumed."""

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
        part.write_text(json.dumps(self.run, indent=1) + "\n", encoding="utf-8")
        part.replace(self.path)


def rounded(value):
    """Numbers with 5 digits: the files are read by people, and go into the repository."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value
