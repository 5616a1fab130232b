"""The manual that is made of the program: the reference of the command line, the catalogue of errors, the man pages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import click

from gatepost import __version__, log_words
from gatepost.cli import gatepost
from gatepost.config.example import _kind, _model
from gatepost.config.model import Config
from gatepost.core.quarantine import Cause
from gatepost.ingress.replies import Reply

_NAME = 60
EXIT_CODES = {
    0: "done; for status and doctor: all is well",
    1: "somebody should look: status, doctor and a few others say where",
    64: "the command was written wrongly",
    65: "the data that was given has mistakes",
    66: "a file that was named cannot be read",
    70: "something that only a person can change is in the way; the message says what",
    75: "a fault that passes: try again",
    78: "the config, the rules or the templates have mistakes; each is told with its line",
    130: "broken off with Ctrl-C",
}


def tree(command: click.Command = gatepost, path: str = "gatepost") -> Iterator[tuple[str, click.Command]]:
    """Every command with the words that call it, groups before what is in them."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from tree(below, f"{path} {name}")


def parameters(command: click.Command) -> Iterator[tuple[str, str]]:
    """Each option as it is written, with its sentence."""
    context = click.Context(command)
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is not None and record[1]:
            yield _without_long_choice(parameter, *record)


def _without_long_choice(parameter: click.Parameter, name: str, said: str) -> tuple[str, str]:
    """An option that takes one of many words: these stand in its sentence, not in its name."""
    if isinstance(parameter.type, click.Choice) and len(name) > _NAME:
        words = [str(getattr(choice, "value", choice)) for choice in parameter.type.choices]
        return f"{name.partition('[')[0]}WORD", f"{said} One of: {', '.join(words)}."
    return name, re.sub(r"\s*\[?x[<>]=?[\d.]+\]?|\[[\d.]+<=x<=[\d.]+\]", "", said)


def usage(path: str, command: click.Command) -> str:
    """The line that shows how it is called."""
    return " ".join([path, *command.collect_usage_pieces(click.Context(command))])


def text(command: click.Command) -> str:
    """What the help says, without click's marks, a paragraph a line."""
    paragraphs = dedent(command.help or "").replace("\b\n", "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


# docs/commandline.md.


def as_markdown() -> str:
    """Every command with its options."""
    parts = ["## Exit codes\n\n| code | meaning |\n|---|---|"]
    parts[0] += "".join(f"\n| {code} | {said} |" for code, said in EXIT_CODES.items()) + "\n"
    parts += [_command(path, command) for path, command in tree() if path != "gatepost"]
    return "\n".join(parts)


def _command(path: str, command: click.Command) -> str:
    lines = [f"## {path}", "", _escaped(text(command)), ""]
    if not isinstance(command, click.Group):
        lines += ["```", usage(path, command), "```", ""]
    if rows := [row for row in parameters(command) if "--help" not in row[0]]:
        lines += ["| option | meaning |", "|---|---|"]
        lines += [f"| `{_cell(name)}` | {_escaped(_cell(said))} |" for name, said in rows]
        lines.append("")
    return "\n".join(lines)


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")


def _escaped(words: str) -> str:
    return words.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


# docs/errors.md.


def errors(sources: Path) -> str:
    """What can be refused, and why: our errors by module, the replies of the doors, the causes of quarantine."""
    parts = ["## Replies of the SMTP and LMTP doors\n\n| reply | |\n|---|---|"]
    parts[0] += "".join(
        f"\n| `{reply.value.decode()}` | {_kind_of_reply(reply)} |" for reply in Reply if reply.value[:1] in b"45"
    )
    parts[0] += "\n| `451 4.3.0 Trouble on our side, try again later [ID]` | passes; the log has the id |\n"
    causes = "".join(f"\n| {cause.number} | `{cause.word}` | {cause.sentence} |" for cause in Cause)
    parts.append("## Causes of quarantine\n\n| number | word | meaning |\n|---|---|---|" + causes + "\n")
    for path in sorted(sources.rglob("*.py")):
        rows = sorted(set(_raised(path)))
        if rows:
            parts.append(
                f"## {path.relative_to(sources).as_posix()}\n\n| message | passes | what to do |\n|---|---|---|"
            )
            parts[-1] += "".join(f"\n| {message} | {passes} | {hint} |" for message, passes, hint in rows) + "\n"
    return "\n".join(parts)


def _kind_of_reply(reply: Reply) -> str:
    return "passes: the sender keeps the mail" if reply.value[:1] == b"4" else "for good"


def _raised(path: Path) -> Iterator[tuple[str, str, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
            continue
        if node.func.id not in ("PermanentError", "TemporaryError"):
            continue
        message = _words(node.args[0])
        if message.strip("… "):
            hint = _words(node.args[1]) if len(node.args) > 1 else ""
            passes = "yes" if node.func.id == "TemporaryError" else "no"
            yield _escaped(_cell(message)), passes, _escaped(_cell(hint))


def _words(node: ast.expr) -> str:
    """The words of a string in the code, with … for what is filled in."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(_words(value) if isinstance(value, ast.Constant) else "…" for value in values)
        case ast.BinOp(left=left, right=right):
            return _words(left) + _words(right)
        case ast.IfExp(body=body, orelse=other):
            return f"{_words(body)} / {_words(other)}"
    return "…"


# Man pages.


def man_pages() -> dict[str, str]:
    """The text of each page by the name of its file."""
    pages = {"gatepost.1": _main_page(), "gatepost.toml.5": _config_page(), "gatepost-log.5": _log_page()}
    for path, command in tree():
        words = path.split()
        if len(words) == 2:
            pages[f"gatepost-{words[1]}.1"] = _command_page(path, command)
    return dict(sorted(pages.items()))


def _head(name: str, section: int, what: str) -> list[str]:
    return [
        f'.TH "{name.upper()}" {section} "" "Gatepost {__version__}" "Gatepost manual"',
        ".nh", ".ad l",
        ".SH NAME", f"{_roff(name)} \\- {_roff(what)}",
    ]  # fmt: skip


def _main_page() -> str:
    lines = _head("gatepost", 1, "the mail gateway of a software marketplace")
    lines += [".SH SYNOPSIS", ".B gatepost", ".I COMMAND", "[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]", ".SH DESCRIPTION"]
    lines += [*_paragraphs(text(gatepost)), ".SH COMMANDS"]
    for path, command in tree():
        if len(path.split()) == 2:
            lines += [".TP", f".BR gatepost\\-{_roff(path.split()[1])} (1)", _roff(_first_sentence(command))]
    lines += [".SH EXIT STATUS"]
    for code, said in EXIT_CODES.items():
        lines += [".TP", f".B {code}", _roff(said)]
    lines += [".SH ENVIRONMENT", ".TP", ".B GATEPOST_CONFIG", "The config, where no \\-\\-config is given."]
    lines += [".SH FILES", ".TP", ".I /etc/gatepost/config.toml", "The config; see \\fBgatepost.toml\\fR(5)."]
    lines += [".TP", ".I /var/lib/gatepost", "The data folder: databases, large mails, keys."]
    lines += [".SH SEE ALSO", ".BR gatepost.toml (5),", ".BR gatepost\\-log (5)"]
    return "\n".join(lines) + "\n"


def _command_page(path: str, command: click.Command) -> str:
    lines = _head(path.replace(" ", "-"), 1, _first_sentence(command).rstrip("."))
    inside = [(p, c) for p, c in tree(command, path) if not isinstance(c, click.Group)]
    lines.append(".SH SYNOPSIS")
    for number, (words, each) in enumerate(inside):
        lines += [*([".br"] if number else []), f".B {_roff(words)}", _roff(usage("", each).strip())]
    lines += [".SH DESCRIPTION", *_paragraphs(text(command))]
    for words, each in inside:
        if words != path:
            lines += [f'.SH "{_roff(words.removeprefix(path + " ").upper())}"', *_paragraphs(text(each))]
        else:
            lines.append(".SH OPTIONS")
        for name, said in parameters(each):
            lines += [".TP", f".B {_roff(name)}", _roff(" ".join(said.split()))]
    lines += [".SH EXIT STATUS", "See", ".BR gatepost (1).", ".SH SEE ALSO", ".BR gatepost (1)"]
    return "\n".join(lines) + "\n"


def _config_page() -> str:
    lines = _head("gatepost.toml", 5, "the config of gatepost")
    lines += [".SH DESCRIPTION"]
    lines += _paragraphs(
        "One file in TOML. Relative paths are taken from its folder. Every mistake is told at once by gatepost check. "
        "Tables written as NAME may stand there as often as wanted, each with a name of its own."
    )
    for table, field in Config.model_fields.items():
        model, named = _model(field), "dict" in str(field.annotation)
        lines += [f'.SH "[{table}{".NAME" if named else ""}]"', *_paragraphs(" ".join((model.__doc__ or "").split()))]
        for key, each in model.model_fields.items():
            default = "" if each.is_required() else f" Default: {_default(each)}."
            lines += [".TP", f"\\fB{_roff(key)}\\fR (\\fI{_roff(_plain(_kind(each.annotation, each)))}\\fR)"]
            lines.append(_roff(" ".join((each.description or "").split()) + default))
    lines += [".SH SEE ALSO", ".BR gatepost (1),", ".BR gatepost\\-check (1)"]
    return "\n".join(lines) + "\n"


def _default(field: object) -> str:
    value = field.get_default(call_default_factory=True)  # type: ignore[attr-defined]
    if value in (None, "", (), {}):
        return "none"
    return (
        " ".join(map(str, value))
        if isinstance(value, tuple)
        else str(value).lower()
        if value in (True, False)
        else str(value)
    )


def _log_page() -> str:
    lines = _head("gatepost-log", 5, "the lines of the log of gatepost")
    lines += [".SH DESCRIPTION"]
    lines += _paragraphs(
        "Gatepost logs to standard error. Each line has an instant in UTC, a level, the module, and a word out of the "
        "closed list below, then values as name=value, then, behind a colon, words for people. No line holds a secret "
        "or the text of a mail. Where nobody reads standard error, lines are left out and counted, and nothing waits."
    )
    for title, words in log_words.WORDS.items():
        lines.append(f'.SH "{_roff(title.upper())}"')
        for word, said in words.items():
            lines += [".TP", f".B {_roff(word)}", _roff(said)]
    lines += [".SH SEE ALSO", ".BR gatepost (1)"]
    return "\n".join(lines) + "\n"


def _first_sentence(command: click.Command) -> str:
    return re.split(r"(?<=\.)\s", text(command), maxsplit=1)[0]


def _paragraphs(words: str) -> list[str]:
    lines: list[str] = []
    for number, paragraph in enumerate(words.split("\n\n")):
        lines += [*([".PP"] if number else []), _roff(paragraph)]
    return lines


def _plain(words: str) -> str:
    return words.replace("`", "")


def _roff(words: str) -> str:
    """Text that roff takes as it stands: no escape, no control line, hyphens that can be copied."""
    safe = words.replace("\\", "\\e").replace("-", "\\-")
    plain = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in safe)
    return "\\&" + plain if plain.startswith((".", "'")) else plain
