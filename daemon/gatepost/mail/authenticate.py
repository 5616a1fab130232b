"""Reads what a trusted hop found out about the sender (RFC 8601); it asks no DNS and verifies nothing itself.

Only a field of the configured authserv-id at the very top counts: everything below it may have come in with the mail
(RFC 8601 sections 5 and 7.1), so the first field of somebody else ends the reading.
"""

from collections.abc import Iterator, Sequence

import authres

from ..core.identity import Authentication, Finding, Proof
from ..core.letter import Letter

_VALUE_CAP = 8_192
_FINDINGS = 20
_ABOUT = ("header.from", "header.d", "smtp.mailfrom", "smtp.helo")
_NOTHING = "no trusted Authentication-Results"


def from_letter(letter: Letter, authserv_id: str, *, fields: int = 1, received_above: int = 2) -> Proof:
    """What the hop `authserv_id` says of the letter's sender; `fields` as in `from_results`.

    A field with more than `received_above` Received fields above it came in from outside (RFC 8601 4.1): the hops
    that wrote those handled the mail after it. Never raises.
    """
    domain = letter.sender.address.rpartition("@")[2] if letter.sender is not None else ""
    values = list(_near(letter.headers, received_above))
    result, why = from_results(values, domain, authserv_id, fields=fields)
    trusted = _trusted(values[: max(fields, 0)], authserv_id) if authserv_id.strip() else []
    return Proof(result=result, why=why, findings=tuple(_findings(trusted))[:_FINDINGS])


def _near(headers: Sequence[tuple[str, str]], received_above: int) -> Iterator[str]:
    """The Authentication-Results with at most so many Received fields above them."""
    received = 0
    for name, value in headers:
        received += name == "received"
        if received > received_above:
            return
        if name == "authentication-results":
            yield value


def _findings(values: Sequence[str]) -> Iterator[Finding]:
    """What the fields say of each method, for display."""
    for value in values:
        parsed = _parsed(value)
        for one in parsed.results if parsed is not None else ():
            about = {f"{p.type}.{p.name}".lower(): str(p.value) for p in one.properties}
            domain = next((about[name] for name in _ABOUT if name in about), "").rpartition("@")[2]
            yield Finding(method=str(one.method).lower(), result=str(one.result).lower(), domain=domain.lower())


def from_results(
    values: Sequence[str], from_domain: str, authserv_id: str, *, fields: int = 1
) -> tuple[Authentication, str]:
    """What the fields `values` (topmost first) of the hop `authserv_id` say of `from_domain`, and the sentence.

    `fields` is how many of them the hop itself writes on each mail: 1, or more where each of its filters writes its
    own. A copy of the hop's id further down came from outside and is not read. VERIFIED needs dmarc=pass for the domain
    of From itself, FAILED a dmarc=fail; all else is UNVERIFIED. Never raises.
    """
    if not authserv_id.strip():
        return Authentication.UNVERIFIED, "no trusted hop is configured, so Authentication-Results are not read"
    domain = from_domain.strip().rstrip(".").lower()
    if not domain:
        return Authentication.UNVERIFIED, "no single From domain to authenticate"
    trusted = _trusted(values[: max(fields, 0)], authserv_id)
    if not trusted:
        return Authentication.UNVERIFIED, f"{_NOTHING} of {authserv_id}"
    findings = [finding for value in trusted for finding in dmarc_results(value)]
    return _weighed(findings, domain, authserv_id)


def _trusted(values: Sequence[str], authserv_id: str) -> list[str]:
    """The run of fields at the top that bear the trusted id; one hop may write one field for each method."""
    run: list[str] = []
    for value in values:
        parsed = _parsed(value)
        if parsed is None or parsed.authserv_id.lower() != authserv_id.strip().lower():
            break
        run.append(value)
    return run


def _weighed(findings: list[tuple[str, str]], domain: str, hop: str) -> tuple[Authentication, str]:
    """The verdict over (result, domain of the result); a fail outweighs any pass, an unclear one gives nothing."""
    if not findings:
        return Authentication.UNVERIFIED, f"{hop} says nothing of DMARC"
    if any(result == "fail" for result, _ in findings):
        return Authentication.FAILED, f"{hop} says dmarc=fail for {domain}"
    for result, about in findings:
        if result == "pass" and about and about != domain:
            return Authentication.UNVERIFIED, f"{hop} says dmarc=pass for {about}, but From is of {domain}"
    if all(result == "pass" for result, _ in findings):
        if not any(about for _, about in findings):
            return Authentication.UNVERIFIED, f"{hop} says dmarc=pass without naming the From domain"
        return Authentication.VERIFIED, f"{hop} says dmarc=pass for {domain}"
    return Authentication.UNVERIFIED, f"{hop} says dmarc={findings[0][0]} for {domain}"


def dmarc_results(value: str) -> list[tuple[str, str]]:
    """The DMARC results of one field, as (result, header.from in lower case or '')."""
    parsed = _parsed(value)
    found = []
    for result in parsed.results if parsed is not None else ():
        if str(result.method).lower() != "dmarc":
            continue
        about = [p.value for p in result.properties if (p.type.lower(), p.name.lower()) == ("header", "from")]
        domains = {str(one).rpartition("@")[2].rstrip(".").lower() for one in about if one}
        # Two different domains in one result are a contradiction: as good as none.
        found.append((str(result.result).lower(), domains.pop() if len(domains) == 1 else ""))
    return found


def _parsed(value: str) -> "authres.AuthenticationResultsHeader | None":
    """One field, read by the RFC's grammar; None where it does not hold to it, which is as if it were not there."""
    if len(value) > _VALUE_CAP or not value.isascii():
        return None
    # Some big providers close the list with a semicolon, which says nothing more.
    text = " ".join(value.split()).removesuffix(";").rstrip()
    try:
        return authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {text}")
    except Exception:
        # The grammar's own error class is not the only one that the library raises on a hostile value.
        return None
