"""Where the model comes from, and the model card."""

from html import escape

from pybp._common.page import Section, note, table
from pybp.report.card import card
from pybp.report.subject import Subject

__all__ = ["provenance"]


def provenance(subject: Subject) -> Section:
    """Versions, seeds, checksums, the command to repeat the training; and the card."""
    command = subject.facts.get("command")
    again = (
        f"<h3>To repeat it</h3><pre>{escape(command)}</pre>"
        + note(
            "With the same version of pybp this gives the same weights to the last bit, on any CPU and any "
            "number of threads, if no time limit was set."
        )
        if command
        else ""
    )
    rows = [
        [name.capitalize(), value] for name, value in subject.facts.items() if name != "command"
    ]
    return Section(
        "provenance",
        "Provenance",
        (
            table(["", ""], rows, text=(0, 1)),
            again,
            f"<details><summary>Model card (Markdown)</summary><pre>{escape(card(subject))}</pre></details>",
        ),
    )
