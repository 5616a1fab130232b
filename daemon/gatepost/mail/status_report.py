"""Finds a WooCommerce system status report in a mail or a file, and says its main points.

A report is known by its `### Section ###` heads (R3); shops paste it between other words, behind quote marks, in
backticks, wrapped by their mail program. One pass over the lines; the report itself is kept as it came.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from ..core.letter import Attachment

TEXT_CHARACTERS = 400_000
FILENAME = "system-status-report.txt"
_ENTRIES = 600
_ANCHORS = frozenset({"wordpress environment", "server environment"})
_HEAD = re.compile(r"[`\s]*#{2,4} ?(?=\S)([^#]{1,80})#{2,4}[`\s]*")
_MARKS = re.compile(r"[>|\s]*")
_LABEL = re.compile(r"([^:]{1,120}):(?:\s+(.*))?$")
_OUTDATED = re.compile(
    r"([^\s,]{1,200}\.php),? version ([\w.-]+) is out of date(?:\. The core version is ([\w.-]*\w))?"
)
_BY = re.compile(r"\s[–—-]\s")
_NUMBER = re.compile(r"\((\d{1,4})\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One active plugin; `note` is what the report says beside the version (`update to version 2.1 is available`)."""

    name: str
    version: str
    author: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A shop's outdated copy of a WooCommerce template."""

    file: str
    version: str
    core_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """A report that was found. `text` is the whole of it, without quote marks, and `rest` the mail's text around it.

    `source` is the name of the file that held it, '' for the mail's own text. Values are '' where the report is silent.
    """

    text: str
    rest: str = ""
    source: str = ""
    wordpress: str = ""
    woocommerce: str = ""
    php: str = ""
    database: str = ""
    theme: str = ""
    plugins: tuple[Plugin, ...] = ()
    plugin_count: int = 0
    overrides: tuple[Override, ...] = ()

    @property
    def summary(self) -> tuple[tuple[str, str], ...]:
        """The main points as (label, value) rows, silent ones left out."""
        rows = (
            ("WordPress", self.wordpress),
            ("WooCommerce", self.woocommerce),
            ("PHP", self.php),
            ("Database", self.database),
            ("Theme", self.theme),
            ("Active plugins", str(self.plugin_count) if self.plugin_count else ""),
            ("Outdated templates", str(len(self.overrides)) if self.overrides else ""),
        )
        return tuple(row for row in rows if row[1])

    def summary_values(self) -> dict[str, object]:
        """The main points as plain values for a letter."""
        return {
            "wordpress": self.wordpress,
            "woocommerce": self.woocommerce,
            "php": self.php,
            "database": self.database,
            "theme": self.theme,
            "plugin_count": self.plugin_count,
            "plugins": [{"name": p.name, "version": p.version, "note": p.note} for p in self.plugins],
            "overrides": [{"file": o.file, "version": o.version, "core": o.core_version} for o in self.overrides],
            "source": self.source or FILENAME,
        }

    def attachment(self) -> Attachment:
        """The whole report as a text file."""
        content = self.text.encode("utf-8", "replace")
        return Attachment(
            filename=FILENAME,
            content_type="text/plain",
            size=len(content),
            sha256=sha256(content).hexdigest(),
            content=content,
        )


def find(text: str, attachments: Iterable[Attachment] = ()) -> StatusReport | None:
    """The report in `text` or in a text file among `attachments`; the fuller one where there are several.

    At most TEXT_CHARACTERS of each are looked at. Never raises; linear in the text.
    """
    fullest = max(_reports(text, attachments), key=lambda report: len(report.text), default=None)
    return replace(fullest, rest=text) if fullest is not None and fullest.source else fullest


def _reports(text: str, attachments: Iterable[Attachment]) -> Iterator[StatusReport]:
    if (report := _read(text, "")) is not None:
        yield report
    for attachment in attachments:
        if attachment.content_type.startswith("text/") or attachment.filename.lower().endswith((".txt", ".log", ".md")):
            content = attachment.content[:TEXT_CHARACTERS].decode("utf-8", "replace")
            if (report := _read(content, attachment.filename)) is not None:
                yield report


def _read(text: str, source: str) -> StatusReport | None:
    if "##" not in text:
        return None
    whole = text[:TEXT_CHARACTERS].splitlines()
    lines = [line[mark.end() :] if (mark := _MARKS.match(line)) else line for line in whole]
    heads = [(at, found.group(1).strip()) for at, line in enumerate(lines) if (found := _HEAD.fullmatch(line))]
    names = {_bare(head) for _, head in heads}
    if len(names) < 2 or not names & _ANCHORS:
        return None
    start, stop = heads[0][0], _end(lines, heads[-1][0])
    while start and not lines[start - 1].strip("` \t"):
        start -= 1
    sections = _sections(lines, heads, stop)
    return _understood(
        "\n".join(line.rstrip() for line in lines[start:stop]).strip("`\n ") + "\n",
        "\n".join([*whole[:start], *whole[stop:]]).strip("`\n "),
        source,
        sections,
    )


def _bare(head: str) -> str:
    """A head's name without its count: `Active Plugins (12)` is `active plugins`."""
    return head.partition("(")[0].strip().lower()


def _end(lines: list[str], last_head: int) -> int:
    """The line after the report: its closing backtick, or the first blank line behind the last section's entries."""
    seen = False
    for at in range(last_head + 1, len(lines)):
        line = lines[at].strip()
        if line.endswith("`"):
            return at + 1
        if not line and seen:
            return at
        seen = seen or bool(line)
    return len(lines)


def _sections(lines: list[str], heads: list[tuple[int, str]], stop: int) -> dict[str, list[tuple[str, str]]]:
    """The entries of each section as (label, value); a line without a label continues the entry before it."""
    sections: dict[str, list[tuple[str, str]]] = {}
    ends = [at for at, _ in heads[1:]] + [stop]
    for (at, head), end in zip(heads, ends, strict=True):
        entries: list[tuple[str, list[str]]] = []
        for line in lines[at + 1 : end]:
            text = line.strip("` \t")
            label = _LABEL.match(text)
            if label is not None and not text.startswith(("http:", "https:")) and len(entries) < _ENTRIES:
                entries.append((label.group(1).strip(), [label.group(2) or ""]))
            elif text and entries:
                entries[-1][1].append(text)
        sections.setdefault(_bare(head), [("", head)]).extend((name, " ".join(v).strip()) for name, v in entries)
    return sections


def _understood(text: str, rest: str, source: str, sections: dict[str, list[tuple[str, str]]]) -> StatusReport:
    def value(section: str, *labels: str) -> str:
        wanted = {label.lower() for label in labels}
        return next((v for name, v in sections.get(section, ()) if name.lower() in wanted), "")[:200]

    plugins = tuple(_plugins(sections.get("active plugins", ())[1:]))
    counted = _NUMBER.search(sections.get("active plugins", [("", "")])[0][1])
    database = value("server environment", "MySQL Version", "MySQL Version String")
    size = value("database", "Total Database Size", "Database Total Size")
    theme = " ".join(filter(None, (value("theme", "Name"), value("theme", "Version"))))
    return StatusReport(
        text=text,
        rest=rest,
        source=source,
        wordpress=value("wordpress environment", "WP Version", "WordPress Version"),
        woocommerce=value("wordpress environment", "WC Version", "WooCommerce Version"),
        php=value("server environment", "PHP Version"),
        database=", ".join(filter(None, (_server(database), size))),
        theme=theme,
        plugins=plugins,
        plugin_count=int(counted.group(1)) if counted else len(plugins),
        overrides=tuple(_overrides(sections.get("templates", ()))),
    )


def _server(version: str) -> str:
    """`10.11.6-MariaDB` is MariaDB 10.11.6, a bare version is MySQL's."""
    number, _, kind = version.partition("-")
    if "mariadb" in kind.lower():
        return f"MariaDB {number}"
    return f"MySQL {version}" if version[:1].isdigit() else version


def _plugins(entries: Iterable[tuple[str, str]]) -> Iterator[Plugin]:
    """The plugins of the entries. A name may hold colons, and may have been wrapped; its end is `: by`."""
    begun = ""
    for label, value in entries:
        name, entry = (f"{begun} {label}" if begun else label), value
        if not f"{value} ".startswith("by "):
            more, colon, entry = value.partition(": by ")
            name, begun = f"{name}: {more}", f"{name}: {value}"[:200]
            if not colon:
                continue
            entry = f"by {entry}"
        begun = ""
        yield _plugin(name, entry)


def _plugin(name: str, entry: str) -> Plugin:
    """`by Automattic – 8.5.1 (update to version 8.5.2 is available)`: author, version, note."""
    author, version = entry, ""
    if parts := list(_BY.finditer(entry[:400])):
        author, version = entry[: parts[0].start()], entry[parts[-1].end() :]
        if len(parts) > 1 and not version[:1].isdigit():
            version = entry[parts[0].end() :]
    version, _, note = version.partition(" ")
    return Plugin(
        name=name[:120],
        version=version[:40],
        author=author.removeprefix("by ").strip()[:120],
        note=note.strip(" –-()")[:160],
    )


def _overrides(entries: Iterable[tuple[str, str]]) -> Iterator[Override]:
    for _, entry in entries:
        for found in _OUTDATED.finditer(entry[:20_000]):
            yield Override(file=found.group(1), version=found.group(2), core_version=found.group(3) or "")
