"""Apply the worked example of docs/developing.md to this tree: insert its fragments of code.

    python tools/worked_example.py

.ci/worked-example does so in a copy of the tree. A fragment follows a line that says where it goes, as a person reads it:
a file, and "at the end", or before or after a line of that file. It gets the indentation of that line.
"""

import re

import pages

STEP = re.compile(
    r"^`(?P<file>[^`]+)`, (?:at the end"
    r"|(?P<side>before|after) (?:the (?P<ordinal>first|second) )?`(?P<anchor>[^`]+)`):\n"
    r"```\w+\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def steps(page):
    section = page.partition("### A worked example")[2].partition("\n## ")[0]
    return [match.groupdict() for match in STEP.finditer(section)]


def insert(text, step):
    """The text of a file with a fragment inserted."""
    if step["anchor"] is None:
        return text + step["code"]
    lines = text.splitlines(keepends=True)
    found = [i for i, line in enumerate(lines) if line.lstrip().startswith(step["anchor"])]
    wanted = {None: 1, "first": 2, "second": 2}[step["ordinal"]]
    if len(found) != wanted:
        raise SystemExit(f"{step['file']} has {len(found)} lines {step['anchor']}, not {wanted}")
    at = found[step["ordinal"] == "second"]
    indent = lines[at][: -len(lines[at].lstrip())]
    code = [indent + line if line.strip() else line for line in step["code"].splitlines(True)]
    at += step["side"] == "after"
    return "".join(lines[:at] + code + lines[at:])


def main():
    for step in steps((pages.DOCS / "developing.md").read_text(encoding="utf-8")):
        path = pages.ROOT / step["file"]
        path.write_text(insert(path.read_text(encoding="utf-8"), step), encoding="utf-8")


if __name__ == "__main__":
    main()
