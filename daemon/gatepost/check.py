"""Tries everything that `gatepost run` needs, without starting or changing anything: what `gatepost check` prints.

Each look gives findings: a subject, what was seen, and whether the daemon could start with it. Nothing is asked of DNS
or of another machine.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

from . import shipped
from .certificate import look_at_pair
from .config import Config
from .core import DAY, Millis
from .errors import GatepostError, Mistake, MistakesError
from .ingress.imap import kept_token
from .ingress.sockets import open_listener
from .keys import key_files
from .lock import holder
from .mail.letter_lint import lint
from .mail.own_words import OwnWords
from .mail.signing import signer
from .mail.templates import Letters
from .mail.upsell import read as read_upsell
from .outline import counted
from .rulebook import examine_folders, known_names
from .store import parties
from .store.glance import DESK_FILE, glance
from .topics import catalogue

_LOW_FACTOR = 1.5
_FEW_DAYS = 14


class State(StrEnum):
    """How a subject stands: fine, worth a look, or in the way of a start."""

    FINE = "fine"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the table. `detail` are the mistakes or the remedy, a line each."""

    state: State
    subject: str
    seen: str
    detail: tuple[str, ...] = ()


def check(config: Config, now: Millis) -> Iterator[Finding]:
    """Every finding for a config that has been read; `now` judges the certificate."""
    yield Finding(state=State.FINE, subject="config", seen=_config(config))
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("rules", partial(_rules, config)),
        ("templates", partial(_templates, config)),
        ("data folder", partial(_data_folder, config)),
        ("marketplace", partial(_marketplace, config)),
        ("certificate", partial(_certificate, config, now)),
        ("keys", partial(_keys, config)),
        ("delivery.dkim", partial(_dkim, config)),
        ("sockets", partial(_sockets, config)),
        ("mailboxes", partial(_mailboxes, config)),
    ]
    for subject, look in looks:
        try:
            yield from look()
        except MistakesError as error:
            yield broken(subject, error)
        except GatepostError as error:
            yield Finding(state=State.WRONG, subject=subject, seen=error.message, detail=_lines(error.hint))


def broken(subject: str, error: MistakesError) -> Finding:
    """The finding for a file, or a set of files, with mistakes."""
    count = len(error.mistakes)
    seen = f"{count} mistake{'' if count == 1 else 's'}"
    return Finding(state=State.WRONG, subject=subject, seen=seen, detail=_told(error.mistakes))


def _config(config: Config) -> str:
    brands, teams = ", ".join(config.brand), ", ".join(config.team)
    return f"brands: {brands}; teams: {teams}"


def _rules(config: Config) -> Iterator[Finding]:
    own = Path(config.gatepost.rules)
    topics = frozenset(catalogue.named(shipped.folder("rules"), own))
    known = replace(known_names(config, ()), templates=_letter_names(config), topics=topics)
    findings = examine_folders(shipped.folder("rules"), own if own.is_dir() else None, known)
    book = findings.sound("the rules")
    examples = sum(len(rule.hits) + len(rule.misses) for rule in book.rules)
    seen = f"{counted(len(book.rules), 'rule')}, all examples hold ({examples})"
    # A rule may name a team that does not exist here: the daemon starts, and triage takes what would go there.
    detail = _told(findings.warnings)
    yield Finding(state=State.LOOK if detail else State.FINE, subject="rules", seen=seen, detail=detail)


def _letters(config: Config) -> Letters:
    own = Path(config.gatepost.templates)
    letters = own / "mail"
    return Letters(letters if letters.is_dir() else None, shipped.folder("templates") / "mail", own / "locale")


def _letter_names(config: Config) -> frozenset[str] | None:
    """The letters that rules may name; None where the templates are broken, which is told of the templates."""
    try:
        return frozenset(_letters(config).names())
    except MistakesError:
        return None


def _templates(config: Config) -> Iterator[Finding]:
    """Every letter is tried with sample figures, as text and as HTML, for each brand (A2)."""
    letters = _letters(config)
    upsell = read_upsell(shipped.folder("templates"), Path(config.gatepost.templates))
    languages = sorted({language for name in letters.names() for language in letters.languages(name)})
    seen = f"{len(letters.names())} letters in {', '.join(languages)}"
    wanted = {language for brand in config.brands() for language in brand.languages}
    missing = sorted(language for language in wanted if language.partition("-")[0] not in languages)
    detail = sorted({str(mistake) for brand in config.brands() for mistake in lint(letters, brand, upsell)})
    if missing:
        detail.append(f"a brand writes {', '.join(missing)}, which no letter has: those customers get another language")
    state = State.LOOK if detail else State.FINE
    yield Finding(state=state, subject="templates", seen=seen, detail=tuple(detail))
    if letters.words.languages:
        yield _words(letters.words)


def _words(words: OwnWords) -> Finding:
    """The operator's own catalogues."""
    said = ", ".join(f"{language} {len(catalogue)}" for language, catalogue in words.languages.items())
    state = State.LOOK if words.unknown else State.FINE
    return Finding(state=state, subject="words", seen=f"sentences of your own: {said}", detail=_told(words.unknown))


def _data_folder(config: Config) -> Iterator[Finding]:
    """M18: ours alone, writable, with room; files that are there are nobody else's to read."""
    data = config.data
    if not data.exists():
        yield _absent(data)
        return
    if os.geteuid() not in (0, data.stat().st_uid) or not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        detail = f"chown it to the user that runs gatepost; this was tried as user {os.geteuid()}"
        yield Finding(state=State.WRONG, subject="data folder", seen=f"{data} is not ours to write", detail=(detail,))
        return
    loose = [path for path in (data, *sorted(data.glob("*.sqlite3*"))) if path.stat().st_mode & 0o077]
    if loose:
        seen = ", ".join(f"{path} has mode {path.stat().st_mode & 0o777:04o}" for path in loose)
        yield Finding(state=State.LOOK, subject="data folder", seen=seen, detail=(f"chmod -R go= {data}",))
    yield _room(config, data)


def _absent(data: Path) -> Finding:
    parent = next(folder for folder in data.parents if folder.exists())
    if os.access(parent, os.W_OK | os.X_OK):
        return Finding(state=State.FINE, subject="data folder", seen=f"{data} will be made, with mode 0700")
    detail = f"{parent} is not ours to write; make {data} for the user that runs gatepost"
    return Finding(state=State.WRONG, subject="data folder", seen=f"{data} cannot be made", detail=(detail,))


def _room(config: Config, data: Path) -> Finding:
    free = shutil.disk_usage(data).free
    least = config.smtp.free_octets or int(_LOW_FACTOR * config.smtp.message_octets)
    seen = f"{data}, {_size(free)} free"
    if free >= least:
        return Finding(state=State.FINE, subject="data folder", seen=seen)
    detail = f"mail is refused with 452 while less than {_size(least)} are free"
    return Finding(state=State.WRONG, subject="data folder", seen=seen, detail=(detail,))


def _mailboxes(config: Config) -> Iterator[Finding]:
    """Mailboxes that nobody has let us into yet."""
    for name, section in config.imap.items():
        unasked = section.password is None and section.by_person and section.refresh_token is None
        if unasked and not kept_token(name, config.data).changed():
            seen = "nobody has let gatepost into the mailbox yet"
            yield Finding(
                state=State.LOOK, subject=f"imap.{name}", seen=seen, detail=(f"gatepost imap authorise {name}",)
            )  # fmt: skip


def _marketplace(config: Config) -> Iterator[Finding]:
    """What was imported; a vendor may have come to lie in a domain that became ours later (D32)."""
    if not (config.data / DESK_FILE).is_file():
        hint = "gatepost import vendors FILE, then products, customers and subscriptions"
        yield Finding(state=State.LOOK, subject="marketplace", seen="nothing is imported yet", detail=(hint,))
        return
    vendors = glance(config.data, parties.vendors)
    products = glance(config.data, parties.products)
    for slug in sorted(set(config.away) - {vendor.slug for vendor in vendors}):
        seen = f"[away.{slug}] names a vendor that is not imported"
        yield Finding(state=State.LOOK, subject="marketplace", seen=seen, detail=("write the slug as the import does",))
    ours = config.domains()
    loops = [each for each in vendors if each.support_address.rpartition("@")[2].lower() in ours]
    for vendor in loops:
        detail = f"import {vendor.slug} with an address of the vendor's own"
        seen = f"{vendor.slug}: {vendor.support_address} lies in our own domain: a loop"
        yield Finding(state=State.WRONG, subject="marketplace", seen=seen, detail=(detail,))
    if not loops:
        seen = f"{counted(len(vendors), 'vendor')}, {counted(len(products), 'product')}"
        yield Finding(state=State.FINE, subject="marketplace", seen=seen)


def _certificate(config: Config, now: Millis) -> Iterator[Finding]:
    if not config.smtp.certificate:
        yield Finding(state=State.FINE, subject="certificate", seen="none: STARTTLS is not offered")
        return
    pair = look_at_pair(Path(config.smtp.certificate), Path(config.smtp.key))
    if pair.until is None:
        detail = ("senders that verify will not come by TLS; renew it",)
        yield Finding(state=State.LOOK, subject="certificate", seen="its time is over", detail=detail)
        return
    days, names = (pair.until - now) // DAY, ", ".join(pair.names) or "no name"
    seen = f"{names}, {counted(days, 'day')} left"
    if not pair.covers(config.gatepost.hostname):
        detail = (f"it does not name gatepost.hostname, {config.gatepost.hostname}",)
        yield Finding(state=State.LOOK, subject="certificate", seen=seen, detail=detail)
    else:
        state = State.LOOK if days < _FEW_DAYS else State.FINE
        yield Finding(state=state, subject="certificate", seen=seen)


def _keys(config: Config) -> Iterator[Finding]:
    """The keys that are in the data folder can be read, and by nobody else."""
    first = config.reply_address.current
    for each in key_files(config.data, first_reply=first):
        if each.fault:
            detail = (f"chmod 600 {each.path}, as its owner; one that is lost comes back only from a backup",)
            yield Finding(state=State.WRONG, subject="keys", seen=each.fault, detail=detail)


def _dkim(config: Config) -> Iterator[Finding]:
    """The key with which mails are signed is one. Raises PermanentError for anything else."""
    if (dkim := config.delivery.dkim) is not None:
        ours = signer(dkim.domain, dkim.selector, dkim.key.read())
        seen = f"{dkim.selector}._domainkey.{dkim.domain} signs ({ours.algorithm})"
        yield Finding(state=State.FINE, subject="delivery.dkim", seen=seen)


def _sockets(config: Config) -> Iterator[Finding]:
    """Each endpoint can be opened, or is held by the gatepost that runs on this data folder."""
    running = holder(config.data)
    for subject, endpoint in [
        *(("smtp.listen", each) for each in config.smtp.listen),
        *(("lmtp.listen", each) for each in config.lmtp.listen),
        ("page.listen", config.page.listen),
    ]:
        try:
            open_listener(endpoint).close()
        except GatepostError as error:
            if running and "in use" in error.message:
                seen = f"{endpoint} is held; gatepost runs here as process {running}"
                yield Finding(state=State.FINE, subject=subject, seen=seen)
            else:
                yield Finding(state=State.WRONG, subject=subject, seen=error.message, detail=_lines(error.hint))
        else:
            yield Finding(state=State.FINE, subject=subject, seen=f"{endpoint} is free")
    if not (config.smtp.listen or config.lmtp.listen or config.lmtp.socket):
        yield Finding(state=State.LOOK, subject="smtp.listen", seen="no door: no mail comes in this way")


def _size(octets: int) -> str:
    return f"{octets / 1e9:.1f} GB" if octets >= 1e9 else f"{octets / 1e6:.0f} MB"


def _told(mistakes: list[Mistake]) -> tuple[str, ...]:
    return tuple(str(mistake) for mistake in mistakes)


def _lines(hint: str) -> tuple[str, ...]:
    return (hint,) if hint else ()
