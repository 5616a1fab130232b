"""What the rules decided for one message, with every hit and miss: the value that `rules.judge` returns."""

from dataclasses import dataclass
from enum import StrEnum


class Route(StrEnum):
    """Where a message goes.

    VENDOR: to the product's vendor. TEAM: to the marketplace team named beside it. TRIAGE: to staff, the product or the
    vendor being unclear. TICKET: to whoever answers the ticket it belongs to. EVENT: kept on its ticket (or in the
    mailbox log) and sent to nobody. QUARANTINE: kept whole for a human, with its cause.
    """

    VENDOR = "vendor"
    TEAM = "team"
    TRIAGE = "triage"
    TICKET = "ticket"
    EVENT = "event"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a rule as it was judged: the word, what the rule wanted, what was seen, whether it held.

    `depth` counts the groups (`any`, `not`, …) it lies in; the conditions of a group follow it.
    """

    word: str
    wanted: str
    seen: str
    held: bool
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrace:
    """One rule as it was judged. A rule after a `stop` is not judged and has no trace."""

    rule: str
    file: str
    hit: bool
    conditions: tuple[Condition, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules decided. `acknowledge` names a template, '' sends none; the later of two rules wins a field.

    `assign` is the member of staff who looks after it, by name or address, '' for who does already. `fields` is what
    named groups of patterns have captured, as (name, value).
    """

    route: Route
    team: str = ""
    acknowledge: str = ""
    rating: bool = True
    clock: bool = True
    labels: tuple[str, ...] = ()
    assign: str = ""
    flags: tuple[str, ...] = ()
    unflags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    cause: str = ""
    by: str = ""
    trail: tuple[RuleTrace, ...] = ()


# For an event that no rule is asked about.
UNJUDGED = Verdict(route=Route.TICKET)
