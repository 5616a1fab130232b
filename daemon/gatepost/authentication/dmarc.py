"""DMARC (RFC 7489): which policy a From domain publishes, and which names are aligned with it."""

from dataclasses import dataclass
from functools import cache

from publicsuffixlist import PublicSuffixList

from .resolver import Kind, Lookups


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the domain asks for, and whether only the very same name is aligned; `published` is where it was found."""

    published: str = ""
    policy: str = "none"
    strict_dkim: bool = False
    strict_spf: bool = False


async def policy_of(domain: str, lookups: Lookups) -> Policy | None:
    """The policy for a From domain: its own, or that of its organisation; None for none (RFC 7489 6.6.3).

    Raises NoAnswer and Unusable.
    """
    for name in dict.fromkeys((domain, organisation(domain))):
        texts = [tags for text in await lookups.ask(f"_dmarc.{name}", Kind.TXT) if (tags := _tags(text)) is not None]
        if len(texts) > 1:
            return None
        if texts:
            return _policy(texts[0], name, domain)
    return None


def aligned(one: str, from_domain: str, *, strict: bool) -> bool:
    """Whether a proved domain speaks for the From domain (RFC 7489 3.1)."""
    one, from_domain = one.lower().removesuffix("."), from_domain.lower().removesuffix(".")
    if not one or not from_domain:
        return False
    return one == from_domain or (not strict and organisation(one) == organisation(from_domain))


def organisation(domain: str) -> str:
    """The organisational domain (RFC 7489 3.2); the name itself where all of it is a public suffix."""
    return _suffixes().privatesuffix(domain) or domain


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _tags(text: str) -> dict[str, str] | None:
    """The tags of a record that begins as RFC 7489 6.4 asks; None for any other text at that name."""
    first, _, rest = text.partition(";")
    version, equals, value = first.partition("=")
    if not equals or version.strip() != "v" or value.strip() != "DMARC1":
        return None
    pairs = (pair.partition("=") for pair in rest.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, equals, value in pairs if equals}


def _policy(tags: dict[str, str], name: str, domain: str) -> Policy | None:
    """The record's policy; a record without one that is known counts as none, unless it wants reports (6.6.3)."""
    asked = tags.get("p", "")
    if asked not in ("none", "quarantine", "reject"):
        if "rua" not in tags:
            return None
        asked = "none"
    if name != domain:
        below = tags.get("sp", asked)
        asked = below if below in ("none", "quarantine", "reject") else asked
    return Policy(
        published=name, policy=asked, strict_dkim=tags.get("adkim") == "s", strict_spf=tags.get("aspf") == "s"
    )
