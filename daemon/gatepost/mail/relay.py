"""What of one message may go on to one recipient: its words, its files, its system status report.

Foreign tokens are taken out (I8) and, where masking is on, the other side's addresses (D5). Nobody is chosen here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ..core.letter import Attachment
from ..core.party import Participant, Role, Vendor
from .guard import charset_of, is_text, with_content
from .status_report import StatusReport, find

_CUSTOMER_SIDE = (Role.REQUESTER, Role.COPIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """The words without the report that stood between them, the files with the whole report, and the report."""

    words: str
    files: tuple[Attachment, ...] = ()
    report: StatusReport | None = None


def relay(words: str, files: tuple[Attachment, ...], clean: Callable[[str], str]) -> Relayed:
    """What goes on of `words` and of `files`; `clean` takes out what the recipient may not see.

    Of files the names are cleaned, and the contents where they are text of at most 1 MiB; nothing looks into others.
    """
    cleaned = clean(words)
    files = tuple(cleaned_file(file, clean) for file in files)
    report = find(cleaned, files)
    if report is None or report.source:
        return Relayed(words=cleaned, files=files, report=report)
    return Relayed(words=report.rest, files=(*files, report.attachment()), report=report)


def cleaned_file(file: Attachment, clean: Callable[[str], str]) -> Attachment:
    """The file under a cleaned name, and with cleaned contents where they are text of at most 1 MiB."""
    return _clean_content(replace(file, filename=_clean_name(file.filename, clean)), clean)


def _clean_name(filename: str, clean: Callable[[str], str]) -> str:
    """The name cleaned apart from its ending, with which `jane@shop.example.txt` would be another domain's address."""
    stem, dot, ending = filename.rpartition(".")
    return clean(f"{clean(stem)}{dot}{ending}")


def _clean_content(file: Attachment, clean: Callable[[str], str]) -> Attachment:
    """The file with cleaned text in its own charset; the very same bytes where there is nothing to take out."""
    if not is_text(file):
        return file
    charset = charset_of(file.content)
    text = file.content.decode(charset)
    cleaned = clean(text)
    return file if cleaned == text else with_content(file, cleaned.encode(charset, "replace"))


def hidden_from(to: Participant, participants: Iterable[Participant], vendor: Vendor | None) -> tuple[str, ...]:
    """The addresses that masking keeps from `to`: those of the other side. Staff see everybody's."""
    if to.role is Role.STAFF:
        return ()
    customer = to.role in _CUSTOMER_SIDE
    found = {p.address for p in participants if (p.role in _CUSTOMER_SIDE) is not customer and p.role is not Role.STAFF}
    if customer and vendor is not None:
        found |= {vendor.support_address, vendor.contact_address, *vendor.senders}
    return tuple(sorted(found - {"", to.address}))
