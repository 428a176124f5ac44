"""``pybp completion``: scripts that let shells complete the command."""

import argparse
from typing import Any

__all__ = ["add_completion"]

_EXAMPLE = """\
examples:
  eval "$(pybp completion bash)"        in ~/.bashrc
  eval "$(pybp completion zsh)"         in ~/.zshrc, after compinit
  pybp completion fish > ~/.config/fish/completions/pybp.fish
"""

_BASH = """\
_pybp() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} options=""
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "{commands}" -- "$word"))
        return
    fi
    case ${{COMP_WORDS[1]}} in
{cases}
    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    else
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}}
complete -o filenames -F _pybp pybp
"""


def add_completion(commands: Any) -> None:
    """Add the subcommand, last: it completes those before it."""
    parser = commands.add_parser(
        "completion",
        help="a script that lets a shell complete this command",
        description="Print a script that lets a shell complete this command.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("shell", choices=["bash", "zsh", "fish"])
    parser.set_defaults(command=lambda arguments: completion(arguments, commands.choices))


def completion(arguments: argparse.Namespace, parsers: dict[str, argparse.ArgumentParser]) -> int:
    """Print the script; return the exit code."""
    options = {name: sorted(parser._option_string_actions) for name, parser in parsers.items()}
    if arguments.shell == "fish":
        print(_fish(options), end="")
        return 0
    cases = "\n".join(f'    {name}) options="{" ".join(o)}" ;;' for name, o in options.items())
    script = _BASH.format(commands=" ".join(options), cases=cases)
    print(
        ("autoload -U bashcompinit && bashcompinit\n" if arguments.shell == "zsh" else "") + script,
        end="",
    )
    return 0


def _fish(options: dict[str, list[str]]) -> str:
    lines = [f"complete -c pybp -n __fish_use_subcommand -f -a '{' '.join(options)}'"]
    for name, found in options.items():
        for option in found:
            kind = f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
            lines.append(f"complete -c pybp -n '__fish_seen_subcommand_from {name}' {kind}")
    return "\n".join(lines) + "\n"
