"""`gatepost trace`: the whole way of a ticket or of one arrival, from the wire to the last server's words."""

import json
from collections.abc import Iterator
from typing import Any

import click

from ..config import find, load
from ..errors import PermanentError
from ..log import printable
from ..store import arrivals, deadlines, messages, outbox_view, tickets
from ..store import trace as lines
from ..store.database import Row, Tx
from .options import config_option, instant, look


@click.command()
@config_option
@click.argument("number", type=int)
@click.option("--arrival", is_flag=True, help="NUMBER is an arrival, not a ticket.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def trace(config_path: str | None, number: int, arrival: bool, as_json: bool) -> None:
    """Show what a ticket went through: every arrival, how it was judged, what was sent, and each try at sending it."""
    config = load(find(config_path), secrets=False)
    said = look(config, lambda tx: _arrival(tx, number) if arrival else _ticket(tx, number))
    click.echo(json.dumps(said, ensure_ascii=False, indent=2) if as_json else "\n".join(_drawn(said)))


def _ticket(tx: Tx, number: int) -> dict[str, Any]:
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
        "participants": [
            f"{p.number} {p.role.value} {p.address}{'' if p.active else ' (removed)'}"
            for p in tickets.participants(tx, number)
        ],
        "messages": [f"{m.id} by {m.author} at {instant(m.received)}" for m in messages.of_ticket(tx, number)],
        "arrivals": [_one(tx, row) for row in arrivals.of_ticket(tx, number)],
        "trace": [_line(row) for row in lines.lines(tx, ticket=number)],
        "deadlines": [
            f"{row['kind']} due {instant(row['due'])}: {row['state']} {row['why']}".rstrip()
            for row in deadlines.of_ticket(tx, number)
        ],
        "outbox": [_posted(posted) for posted in outbox_view.of_ticket(tx, number)],
    }


def _arrival(tx: Tx, number: int) -> dict[str, Any]:
    row = arrivals.find(tx, number)
    if row is None:
        raise PermanentError(f"there is no arrival {number}", "gatepost trace TICKET names those of a ticket.")
    return {"arrivals": [_one(tx, row)], "trace": [_line(line) for line in lines.lines(tx, arrival=number)]}


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
        "rules": [_rule(rule) for rule in verdict.get("trail", ())],
        "verdict": f"{verdict.get('route', '')} {verdict.get('team', '')}".strip(),
    }


def _rule(rule: dict[str, Any]) -> str:
    judged = "; ".join(
        f"{'✓' if c['held'] else '✗'} {c['word']} {c['wanted']}, seen {c['seen']}" for c in rule["conditions"]
    )
    return f"{'hit ' if rule['hit'] else 'miss'} {rule['file']}: {rule['rule']} ({judged})"


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


def _drawn(value: Any, indent: str = "") -> Iterator[str]:
    """`value` as an indented outline; empty parts are left out."""
    items = value.items() if isinstance(value, dict) else (("", one) for one in value)
    for name, one in items:
        if one in ("", [], {}, None):
            continue
        if isinstance(one, dict | list):
            if name:
                yield f"{indent}{name}"
            yield from _drawn(one, indent + ("  " if name or isinstance(one, list) else ""))
        else:
            yield f"{indent}{name + ': ' if name else '· '}{printable(str(one))}"
