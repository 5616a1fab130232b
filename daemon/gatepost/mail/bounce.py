"""Recognises delivery reports and reads them: RFC 3464 parts first, then the habits of mail systems without them.

What a report means for a ticket is decided elsewhere, and only for a report that cites an id of ours (M4). Works on the
compat32 tree of the standard library, never descends into the returned mail, and never raises.
"""

from email.message import Message

from ..core.letter import Report, ReportedRecipient
from . import bounce_signs as signs
from . import bounce_text

_PARTS_CAP = 200
_RECIPIENTS_CAP = 100
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
# Reports of another kind (RFC 8098, RFC 5965, RFC 8460): a mail was read, complained about, or counted.
_OTHER_REPORTS = ("disposition-notification", "feedback-report", "tlsrpt")


def report(message: Message) -> Report | None:
    """What `message` reports of the delivery of another mail, or None where it is not a delivery report.

    A recipient has an empty status where the mail system gave none; `cited` are the Message-IDs of the returned mail,
    with their angle brackets. Never raises.
    """
    try:
        return _report(message)
    except Exception:
        # A tree that the standard library itself cannot walk is not a report that anybody could trust.
        return None


def may_be_one(fields: Message) -> bool:
    """Whether a mail of one part with these fields may be a report: most say no, and need no tree. Never raises."""
    try:
        return _report_type(fields) == "delivery-status" or signs.may_be_a_bounce(fields)
    except Exception:
        return True


def _report(message: Message) -> Report | None:
    parts = _parts(message)
    kinds = {part.get_content_type() for part in parts}
    if _of_another_kind(message, kinds):
        return None
    statuses = [part for part in parts if part.get_content_type() in signs.STATUS_TYPES]
    recipients = [one for part in statuses for one in _recipients(part)]
    if not recipients:
        declared = bool(statuses) or _report_type(message) == "delivery-status"
        if not declared and not signs.may_be_a_bounce(message):
            return None
        text = bounce_text.readable(parts)
        returns_mail = bool(kinds & signs.RETURNED_TYPES)
        if not declared and not signs.reads_like_a_bounce(message, text, returns_mail=returns_mail):
            return None
        recipients = bounce_text.recipients(message, text)
    return Report(recipients=tuple(recipients[:_RECIPIENTS_CAP]), cited=bounce_text.returned_ids(parts))


def _report_type(message: Message) -> str:
    return str(message.get_param("report-type", "") or "").strip().lower()


def _of_another_kind(message: Message, kinds: set[str]) -> bool:
    return _report_type(message) in _OTHER_REPORTS or any(f"message/{kind}" in kinds for kind in _OTHER_REPORTS)


def _parts(message: Message) -> list[Message]:
    """Every part in order, the message itself first; attached messages are listed but not entered."""
    found: list[Message] = []
    waiting = [message]
    while waiting and len(found) < _PARTS_CAP:
        part = waiting.pop()
        found.append(part)
        payload = part.get_payload()
        if isinstance(payload, list) and part.get_content_maintype() == "multipart":
            waiting += [child for child in reversed(payload) if isinstance(child, Message)]
    return found


def _recipients(part: Message) -> list[ReportedRecipient]:
    """The per-recipient groups of a delivery-status part (RFC 3464 2.3); the per-message group has no such fields."""
    found: list[ReportedRecipient] = []
    for group in bounce_text.field_groups(bounce_text.status_lines(part)):
        final, original = (_typed(group.get(name, "")) for name in ("final-recipient", "original-recipient"))
        # Original-Recipient is the address that we wrote to; Final-Recipient may be one that it was rewritten to.
        address = original if "@" in original else final or original
        if not address and "action" not in group:
            continue
        diagnostic = _typed(group.get("diagnostic-code", ""))
        status = bounce_text.status_code(group.get("status", "")) or bounce_text.status_code(diagnostic)
        found.append(
            ReportedRecipient(
                address=bounce_text.bare_address(address),
                action=_action(group.get("action", ""), status),
                status=status,
                diagnostic=diagnostic[:500],
            )
        )
    return found


def _typed(value: str) -> str:
    """What stands after the type of a typed field: `rfc822; jane@example.net`, `smtp; 550 5.1.1 …` (RFC 3464 2.1.2)."""
    kind, separator, rest = value.partition(";")
    is_type = bool(separator) and kind.strip().replace("-", "").replace("_", "").isalnum()
    return (rest if is_type else value).strip()


def _action(value: str, status: str) -> str:
    """One of the five actions of RFC 3464 2.3.3; a missing or strange one is read from the class of the status."""
    words = value.lower().replace("(", " ").replace(";", " ").split()
    if words and words[0] in _ACTIONS:
        return words[0]
    return {"2": "delivered", "4": "delayed"}.get(status[:1], "failed")
