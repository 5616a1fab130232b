"""Carries out what a vendor asks for on their page about where their tickets go (P12): asks whom it needs the word of,
tells who has to know, and makes the change once all have said yes.

First the present support address says that it was them, or staff does; then a new support address says that it reads
its mail. Nobody but these is written to, so that who has a vendor's link cannot have us write to strangers.
"""

from . import absences
from .absences import AbsenceError
from .core import DAY, Millis
from .core.audit import Act, Action, ActorKind, Who
from .core.letter import Mailbox
from .core.party import Away, Brand, Vendor
from .core.vendor_change import LINK_LIVES, Change, Kind, Stage, why_not
from .house import House
from .links import For, LinkError
from .mail import wording
from .mail.values import NOTHING_ASKED, Figures
from .notice import post
from .store import parties, trace, vendor_changes
from .store.database import Tx

PRESENT, NEW = "present", "new"


def ask(
    tx: Tx, house: House, brand: Brand, vendor: Vendor, kind: Kind, address: str, now: Millis, *,
    away: Away | None = None,
) -> Change:  # fmt: skip
    """Ask the present support address whether tickets shall go to `address`. Raises AbsenceError where they cannot."""
    refusal = why_not(
        vendor, address, ours=house.is_one_of_us(address),
        asked_today=vendor_changes.asked_since(tx, vendor.id, now - DAY),
    )  # fmt: skip
    if refusal is not None:
        raise AbsenceError(refusal, "Name an address of the vendor's own.")
    change = vendor_changes.begin(
        tx, vendor.id, kind, address, was=vendor.support_address, away=away, until=now + LINK_LIVES, now=now
    )
    _note(tx, house, vendor, change, "asked for", of_vendor(vendor), now)
    _write(tx, house, brand, vendor, change, "vendor/confirm-change", vendor.support_address, PRESENT, now)
    _tell_staff(tx, house, brand, vendor, change, now)
    return change


def vouch(tx: Tx, house: House, brand: Brand, change: Change, by: Who, now: Millis) -> Change:
    """The present support address, or staff, says yes. Raises LinkError where the change is no longer to be had."""
    vendor = _standing(tx, change, now)
    if change.stage is not Stage.ASKED:
        return change
    if change.kind is Kind.SUBSTITUTE:
        _step(tx, change, Stage.DONE, now)
        absences.stand_in(tx, house, vendor, change.address, by, now)
    else:
        _step(tx, change, Stage.VOUCHED, now)
        _note(tx, house, vendor, change, "vouched for", by, now)
        _write(tx, house, brand, vendor, change, "vendor/confirm-address", change.address, NEW, now)
    return vendor_changes.find(tx, change.id) or change


def prove(tx: Tx, house: House, brand: Brand, change: Change, now: Millis) -> Change:
    """The new support address says that it reads its mail: from now on tickets go there. Raises LinkError."""
    vendor = _standing(tx, change, now)
    if change.stage is not Stage.VOUCHED or house.is_one_of_us(change.address):
        raise LinkError("this link is no longer good", expired=True)
    _step(tx, change, Stage.DONE, now)
    moved = parties.move_vendor(tx, vendor, change.address)
    by = Who(kind=ActorKind.VENDOR, name=change.address, party=vendor.id)
    _note(tx, house, vendor, change, f"done, {moved} tickets moved", by, now)
    done = vendor_changes.find(tx, change.id) or change
    _write(tx, house, brand, vendor, done, "vendor/address-changed", change.was, "", now)
    _tell_staff(tx, house, brand, vendor, done, now)
    return done


def refuse(tx: Tx, house: House, brand: Brand, change: Change, by: Who, now: Millis) -> Change:
    """The present support address, or staff, says no; the former is told to staff: somebody has the vendor's link."""
    vendor = _standing(tx, change, now)
    _step(tx, change, Stage.REFUSED, now)
    _note(tx, house, vendor, change, "refused", by, now)
    refused = vendor_changes.find(tx, change.id) or change
    if by.kind is ActorKind.VENDOR:
        _tell_staff(tx, house, brand, vendor, refused, now)
    return refused


def of_vendor(vendor: Vendor) -> Who:
    """The vendor as the audit log names them."""
    return Who(kind=ActorKind.VENDOR, name=vendor.support_address, party=vendor.id)


def _standing(tx: Tx, change: Change, now: Millis) -> Vendor:
    vendor = parties.vendor(tx, change.vendor)
    if vendor is None or not change.waits(vendor, now):
        raise LinkError("this link is no longer good", expired=True)
    return vendor


def _step(tx: Tx, change: Change, to: Stage, now: Millis) -> None:
    until = now + LINK_LIVES if to is Stage.VOUCHED else 0
    if not vendor_changes.step(tx, change, to, until=until):
        raise LinkError("this link is no longer good", expired=True)


def _note(tx: Tx, house: House, vendor: Vendor, change: Change, word: str, by: Who, now: Millis) -> None:
    said = f"{change.kind.value} address {change.address}: {word}"
    act = Act(actor=by, action=Action.VENDOR_CHANGED, object=f"vendor {vendor.slug}", details={"address": said})
    house.audit.write(tx, act, now)
    trace.note(tx, kind="vendor", said=f"{vendor.slug}: {said}", now=now)


def _write(
    tx: Tx, house: House, brand: Brand, vendor: Vendor, change: Change, template: str, to: str, side: str, now: Millis
) -> None:  # fmt: skip
    """A letter to one side of the change, with its link where something is asked of it."""
    language, zone = vendor.language, vendor.hours.zone
    until = now + LINK_LIVES
    token = house.links.sign(For.VENDOR_CHANGE, (change.id, side), until) if side else ""
    link = f"{brand.portal.rstrip('/')}/vendor-change/{token}" if side else ""
    away = change.away
    figures = Figures(
        brand=brand, language=language, customer=Mailbox(address=""), vendor=vendor,
        until=wording.moment(until, language, zone),
        away_until=wording.day(away.ends, language, zone) if away is not None else "",
        confirm={**NOTHING_ASKED, "link": link, "names": [change.address]},
    )  # fmt: skip
    post(
        tx, house, brand, template=template, to=Mailbox(address=to, name=vendor.name), language=language,
        key=f"vendor-change-{change.id}-{side or change.stage.value}", now=now, values=figures.values(),
    )  # fmt: skip


def _tell_staff(tx: Tx, house: House, brand: Brand, vendor: Vendor, change: Change, now: Millis) -> None:
    language, away = brand.languages[0], change.away
    figures = Figures(
        brand=brand, language=language, customer=Mailbox(address=""), vendor=vendor, reason=change.stage.value,
        link=f"{brand.portal.rstrip('/')}/staff/vendors/{vendor.slug}", pair=change.was,
        away_until=wording.day(away.ends, language, vendor.hours.zone) if away is not None else "",
        confirm={**NOTHING_ASKED, "names": [change.address]},
    )  # fmt: skip
    post(
        tx, house, brand, template="staff/vendor-change", to=Mailbox(address=house.staff), language=language,
        key=f"vendor-change-{change.id}-{change.stage.value}", now=now, values=figures.values(),
    )  # fmt: skip
