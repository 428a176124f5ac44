"""A model card in Markdown, with YAML front matter."""

import json

from pybp._common.svg import number
from pybp.report.subject import Subject

__all__ = ["card"]

_LIMITS = (
    "Use it for rows like those of training. Predictions are worse than the scores below where the distribution of a "
    "column has moved, and for categories that training has not seen. Nothing here has been checked for fairness towards groups of people."
)


def card(subject: Subject) -> str:
    """The card: description, intended use, training, evaluation, how to use it."""
    parts = [
        _front(subject),
        f"# {subject.facts.get('target', 'Target')} from {len(subject.columns)} columns",
        "## Model description",
        _description(subject),
        "### Intended uses and limitations",
        _LIMITS,
        "## Training procedure",
        _list({n: v for n, v in subject.facts.items() if n not in ("command", "target")}),
        *(["```", subject.facts["command"], "```"] if "command" in subject.facts else []),
        "## Evaluation results",
        _scores(subject),
        "## How to get started",
        "```python\nimport pybp\n\nmodel = pybp.load("
        + json.dumps(subject.facts.get("model", "model.pybp"))
        + ")\n"
        "model.predict(table)\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _front(subject: Subject) -> str:
    task = "tabular-classification" if subject.classifies else "tabular-regression"
    metrics = "".join(
        f"    - type: {score.name}\n      value: {score.value:.6g}\n" for score in subject.scores
    )
    return (
        f"---\nlibrary_name: pybp\ntags:\n- pybp\n- {task}\npipeline_tag: {task}\nmodel-index:\n"
        f"- name: {json.dumps(subject.facts.get('model', 'model'))}\n  results:\n  - task:\n"
        f"      type: {task}\n    metrics:\n{metrics}---"
    )


def _description(subject: Subject) -> str:
    nets = subject.predictor.nets
    several = (
        f"the mean of {len(nets)} multilayer perceptrons"
        if len(nets) > 1
        else "a multilayer perceptron"
    )
    size = sum(net.n_parameters for net in nets)
    what = f"the classes {', '.join(subject.classes[:20])}" if subject.classifies else "a number"
    return f"It is {several} with {size:,} parameters, and predicts {what}."


def _list(facts: dict[str, str]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def _scores(subject: Subject) -> str:
    head = "| score | value | 95% interval | baseline |\n|---|---|---|---|\n"
    return head + "\n".join(
        f"| {s.name} | {number(s.value)} | {number(s.low)} to {number(s.high)} | {number(s.baseline)} |"
        for s in subject.scores
    )
