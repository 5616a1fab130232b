"""Which recipient addresses are ours, and what each is for. Pure: built from config values, asks nobody.

Whether a token in an address is good is not told here: an unknown token is answered by the same code on the same path
as a known one (A14), so that nobody can find out tickets by asking RCPT.

    support      support@market.example            support+anything@market.example
    product      product+SLUG@market.example       SLUG+product@market.example
    reply        support+TOKEN@market.example      TOKEN@reply.market.example
    bounce       bounce+TOKEN@market.example
    postmaster   postmaster@market.example         postmaster
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .party import Brand
from .reply_address import TOKEN_LENGTH

_TOKEN = frozenset("abcdefghijklmnopqrstuvwxyz234567")
_PRODUCT = "product"
_BOUNCE = "bounce"
_POSTMASTER = "postmaster"


class Kind(StrEnum):
    """What an address of ours is for."""

    SUPPORT = "support"
    PRODUCT = "product"
    REPLY = "reply"
    BOUNCE = "bounce"
    POSTMASTER = "postmaster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """An address of ours. `address` is it without its detail; `detail` is the slug, the token, or any other words.

    `brand` is '' where the address belongs to none in particular: a bare postmaster, a reply in the subdomain form.
    """

    kind: Kind
    brand: str
    address: str
    detail: str = ""


class Addresses:
    """The addresses of every brand. `separator` and `reply_domain` come from the section [reply_address]."""

    def __init__(self, brands: Iterable[Brand], separator: str = "+", reply_domain: str = "") -> None:
        self._separator = separator
        self._reply_domain = reply_domain.lower()
        self._support: dict[str, Located] = {}
        self._domains: dict[str, str] = {}
        self._locals: dict[str, list[str]] = {}
        for brand in brands:
            for address in brand.support:
                self._list(brand.slug, address)

    def locate(self, recipient: str) -> Located | None:
        """What `recipient` (as written in RCPT, without angle brackets) is for; None if it is not ours."""
        local, at, domain = recipient.rpartition("@")
        if not at:
            return _postmaster("", recipient) if recipient.lower() == _POSTMASTER else None
        local, domain = _fold(local), _ascii_domain(domain)
        if exact := self._support.get(f"{local}@{domain}"):
            return exact
        if domain == self._reply_domain and _token_shaped(local):
            return Located(kind=Kind.REPLY, brand="", address=f"{local}@{domain}", detail=local)
        if not self.is_our_domain(domain):
            return None
        brand = self._domains.get(domain, "")
        if local == _POSTMASTER:
            return _postmaster(brand, f"{local}@{domain}")
        return self._with_detail(local, domain, brand)

    def is_our_domain(self, domain: str) -> bool:
        """Whether we answer for this domain, even if not for every address in it."""
        domain = _ascii_domain(domain)
        return bool(domain) and (domain in self._domains or domain == self._reply_domain)

    def _list(self, brand: str, address: str) -> None:
        local, _, domain = address.rpartition("@")
        local, domain = _fold(local), domain.lower()
        plain = f"{local}@{domain}"
        self._support.setdefault(plain, Located(kind=Kind.SUPPORT, brand=brand, address=plain))
        self._domains.setdefault(domain, brand)
        names = self._locals.setdefault(domain, [])
        if local not in names:
            names.append(local)
            # Longest first, so that help-desk-TOKEN belongs to help-desk although help is listed too.
            names.sort(key=len, reverse=True)

    def _with_detail(self, local: str, domain: str, brand: str) -> Located | None:
        if self._separator not in local:
            return None
        for name in self._locals.get(domain, ()):
            detail = local.removeprefix(name + self._separator)
            if detail != local:
                kind = Kind.REPLY if _token_shaped(detail) else Kind.SUPPORT
                owner = self._support[f"{name}@{domain}"]
                return Located(kind=kind, brand=owner.brand, address=owner.address, detail=detail)
        if domain not in self._domains:
            return None
        return self._product_or_bounce(local, domain, brand)

    def _product_or_bounce(self, local: str, domain: str, brand: str) -> Located | None:
        first, _, rest = local.partition(self._separator)
        front, _, last = local.rpartition(self._separator)
        if first == _PRODUCT and rest:
            return Located(kind=Kind.PRODUCT, brand=brand, address=f"{_PRODUCT}@{domain}", detail=rest)
        if last == _PRODUCT and front:
            return Located(kind=Kind.PRODUCT, brand=brand, address=f"{_PRODUCT}@{domain}", detail=front)
        if first == _BOUNCE and rest:
            return Located(kind=Kind.BOUNCE, brand=brand, address=f"{_BOUNCE}@{domain}", detail=rest)
        return None


def _postmaster(brand: str, address: str) -> Located:
    """RFC 5321 4.5.1: at each domain and bare, in any case."""
    return Located(kind=Kind.POSTMASTER, brand=brand, address=address.lower())


def _fold(local: str) -> str:
    return local.lower() if local.isascii() else unicodedata.normalize("NFC", local).casefold()


def _ascii_domain(domain: str) -> str:
    """The domain in lower case and as A-labels; '' for what is no domain."""
    if domain.isascii():
        return domain.lower()
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def _token_shaped(text: str) -> bool:
    return len(text) == TOKEN_LENGTH and _TOKEN.issuperset(text)
