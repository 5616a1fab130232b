"""What letters say of credentials: what was masked, where to hand over, where to read, which accounts are to go."""

from collections.abc import Callable

from ..case import Case
from ..core import DAY, Millis
from ..core.effect import Send
from ..core.party import Participant
from ..core.ticket import State
from ..house import House
from ..links import For
from ..mail import wording
from ..mail.values import NO_SECRET
from ..store import one_time
from ..store.database import Tx

LINK_LIVES = 14 * DAY
_ASKING = frozenset({"customer/masked", "customer/hand-over", "customer/access"})
_REMOVING = "customer/access-remove"


def figures(
    tx: Tx,
    house: House,
    case: Case,
    send: Send,
    to: Participant,
    language: str,
    name: Callable[[Participant], str],
    now: Millis,
) -> dict[str, object]:
    """The figures of these letters; for every other letter, those that say nothing. `name` is how `to` knows others."""
    zone, found = case.brand.zone, dict(NO_SECRET)
    found["kinds"] = [wording.secret_kind(kind, language) for kind in send.secrets]
    if send.template in _ASKING:
        found |= {"link": _page(house, case, to, For.HAND_OVER, "secret/give", now), "days": house.secrets.access_days}
    elif send.template == _REMOVING:
        found["link"] = _page(house, case, to, For.ACCESS, "access", now)
        found["closed"] = case.ticket.state is State.CLOSED
        found["accounts"] = [
            {"login": account.login, "until": wording.day(account.expires, language, zone)}
            for account in case.accounts
            if account.owner == to.number
        ]
    secret = one_time.find(tx, send.secret) if send.secret else None
    if secret is not None:
        until = wording.moment(secret.expires, language, zone)
        giver = case.participant(secret.giver)
        who = name(giver) if giver is not None else ""
        found |= {"link": send.link, "until": until, "passphrase": secret.passphrase, "who": who}
    return found


def _page(house: House, case: Case, to: Participant, purpose: For, path: str, now: Millis) -> str:
    """The page of this participant; '' where the brand has no portal, or it is nobody on the ticket."""
    if not case.brand.portal or not to.number:
        return ""
    token = house.links.sign(purpose, (to.ticket, to.number), now + LINK_LIVES)
    return f"{case.brand.portal.rstrip('/')}/{path}/{token}"
