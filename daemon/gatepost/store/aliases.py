"""Further addresses of customers and participants, each confirmed by themselves (I6)."""

from ..core import Millis
from ..core.party import Participant
from .database import Row, Tx


def add(tx: Tx, participant: Participant, address: str, now: Millis) -> None:
    """Take `address` for one of the participant's; the customer's, where they are one, on every ticket of theirs."""
    if participant.party_id:
        tx.run(
            """INSERT INTO customer_alias (folded, customer, at) VALUES (:folded, :customer, :now)
               ON CONFLICT (folded) DO NOTHING""",
            folded=address.casefold(),
            customer=participant.party_id,
            now=now,
        )
        return
    tx.run(
        """INSERT INTO participant_alias (ticket, number, folded, at) VALUES (:ticket, :number, :folded, :now)
           ON CONFLICT (ticket, number, folded) DO NOTHING""",
        ticket=participant.ticket,
        number=participant.number,
        folded=address.casefold(),
        now=now,
    )


def of_participant(tx: Tx, row: Row) -> tuple[str, ...]:
    """The aliases of the participant in the row `row`, folded. A vendor has listed senders instead."""
    if row["role"] not in ("requester", "copied"):
        return ()
    rows = tx.rows(
        """SELECT folded FROM customer_alias WHERE customer = :party AND :party <> 0
           UNION SELECT folded FROM participant_alias WHERE ticket = :ticket AND number = :number ORDER BY folded""",
        party=row["party"],
        ticket=row["ticket"],
        number=row["number"],
    )
    return tuple(row["folded"] for row in rows)
