"""The whole way of a ticket or of one arrival as plain values: what `gatepost trace` and the staff pages show."""

import json
from typing import Any

from ..core.verdict import Condition, RuleTrace
from ..errors import PermanentError
from ..outline import instant
from . import arrivals, deadlines, decisions, marks, messages, outbox_view, tickets, trace
from .database import Row, Tx


def of_ticket(tx: Tx, number: int) -> dict[str, Any]:
    """What a ticket went through, as plain values. Raises PermanentError where there is no such ticket."""
    ticket = tickets.find(tx, number)
    if ticket is None:
        raise PermanentError(f"there is no ticket {number}", "gatepost tickets lists those that are there.")
    return {
        "ticket": number,
        "subject": ticket.subject,
        "state": ticket.state.value,
        "route": f"{ticket.route.value} {ticket.team}".strip(),
        "filed": instant(ticket.filed),
        "flags": list(ticket.flags),
        "fields": [f"{name}: {value}" for name, value in marks.fields(tx, number).items()],
        "participants": [
            f"{p.number} {p.role.value} {p.address}{'' if p.active else f' ({p.membership.value})'}"
            for p in tickets.participants(tx, number)
        ],
        "messages": [
            f"{m.id} by {m.author} at {instant(m.received)}, came by {', '.join(arrivals.ways(tx, m.id))}"
            for m in messages.of_ticket(tx, number)
        ],
        "arrivals": [_one(tx, row) for row in arrivals.of_ticket(tx, number)],
        "trace": [_line(row) for row in trace.lines(tx, ticket=number)],
        "deadlines": [
            f"{row['kind']} due {instant(row['due'])}: {row['state']} {row['why']}".rstrip()
            for row in deadlines.of_ticket(tx, number)
        ],
        "outbox": [_posted(posted) for posted in outbox_view.of_ticket(tx, number)],
    }


def of_arrival(tx: Tx, number: int) -> dict[str, Any]:
    """What one arrival went through. Raises PermanentError where there is no such arrival."""
    row = arrivals.find(tx, number)
    if row is None:
        raise PermanentError(f"there is no arrival {number}", "gatepost trace TICKET names those of a ticket.")
    return {"arrivals": [_one(tx, row)], "trace": [_line(line) for line in trace.lines(tx, arrival=number)]}


def _one(tx: Tx, row: Row) -> dict[str, Any]:
    decision: dict[str, Any] = arrivals.decision(tx, row["id"])
    verdict = decision.get("verdict") or {}
    return {
        "arrival": row["id"],
        "received": instant(row["received"]),
        "handled": instant(row["handled"]),
        "by": f"{row['door']} from {row['peer'] or 'unknown'} ({row['helo']}), <{row['mail_from']}>",
        "for": json.loads(row["recipients"]),
        "octets": row["size"],
        "outcome": row["outcome"] or f"waiting after {row['tries']} tries: {row['cause']}",
        "nature": (decision.get("nature") or {}).get("reason", ""),
        "evidence": (decision.get("identity") or {}).get("why", []),
        "product": decision.get("product", ""),
        "standing": decision.get("standing", ""),
        "rules": [_rule(rule) for rule in decisions.trail(tx, row["id"])],
        "verdict": f"{verdict.get('route', '')} {verdict.get('team', '')}".strip(),
    }


def _rule(rule: RuleTrace) -> str:
    judged = "; ".join(map(_condition, rule.conditions))
    return f"{'hit ' if rule.hit else 'miss'} {rule.file}: {rule.rule} ({judged})"


def _condition(condition: Condition) -> str:
    """A word and what it met; a group (any, all, not) is only a word."""
    mark = "✓" if condition.held else "✗"
    if not condition.wanted and not condition.seen:
        return f"{mark} {condition.word}"
    return f"{mark} {condition.word} {condition.wanted}, seen {condition.seen or 'nothing'}"


def _line(row: Row) -> str:
    return f"{instant(row['at'])} {row['kind']}: {row['said']}"


def _posted(posted: outbox_view.Posted) -> dict[str, Any]:
    return {
        "mail": f"{posted.template} ({posted.state}) <{posted.message_id}>",
        "error": posted.error,
        "deliveries": [
            {
                "to": f"{delivery.recipient}: {delivery.state}",
                "tries": [f"{instant(a.at)} {a.host} {a.code} {a.said} ({a.took_ms} ms)" for a in delivery.attempts],
            }
            for delivery in posted.deliveries
        ],
    }
