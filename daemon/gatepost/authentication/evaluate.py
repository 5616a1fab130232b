"""The evaluation of one mail as its MX: SPF, DKIM, DMARC and ARC joined to one `Proof` (RFC 7489 6.6.2).

What proves is alignment: SPF or a DKIM signature of a name that speaks for the From domain. A published policy decides
only whether its absence is a fail or nothing. DNS that does not answer proves nothing, either way.
"""

import asyncio
import logging
from collections.abc import Iterable

from ..core.identity import Authentication, Finding, Proof
from ..core.letter import Arrival, Door, Envelope, Letter, Trouble
from . import arc, dmarc, spf
from .arc import Chain
from .message import Signed, split
from .resolver import Lookups, NoAnswer, Resolver, Unusable
from .signature import Dkim, Signature, domain_of, verify
from .spf import Spf

_log = logging.getLogger("gatepost.authentication")
_SIGNATURES = 5


class Evaluator:
    """Asks `resolver` about senders; believes the ARC seals of `sealers`. An evaluation ends after `seconds`."""

    def __init__(self, resolver: Resolver, *, sealers: Iterable[str] = (), seconds: float = 15.0) -> None:
        self._resolver = resolver
        self._sealers = frozenset(sealer.lower() for sealer in sealers)
        self._seconds = seconds

    async def prove(self, arrival: Arrival, letter: Letter) -> Proof:
        """What is known of the letter's sender, and how. Never raises."""
        try:
            return await self._prove(arrival, letter)
        except Exception:
            # A fault of ours must not cost a mail, still less the desk: the sender stays unproved, and the log tells.
            _log.exception("authentication.failed id=%d", arrival.id)
            return _unproved("the evaluation itself failed; the log says how")

    async def _prove(self, arrival: Arrival, letter: Letter) -> Proof:
        mail = split(arrival.raw)
        if (refusal := _author_trouble(letter, mail)) is not None:
            return refusal
        assert letter.sender is not None, "a missing author is a trouble"
        domain = letter.sender.address.rpartition("@")[2]
        try:
            async with asyncio.timeout(self._seconds):
                return await self._evaluate(arrival, mail, domain)
        except TimeoutError:
            return _unproved(f"DNS took longer than {self._seconds:g} seconds")

    async def _evaluate(self, arrival: Arrival, mail: Signed | None, domain: str) -> Proof:
        lookups = Lookups(self._resolver)
        sender, signatures, policy = await asyncio.gather(
            _spf(arrival.envelope, lookups), _dkim(mail, domain, arrival, lookups), _policy(domain, lookups)
        )
        case = _Case(domain=domain, spf=sender, signatures=signatures, policy=policy)
        proof = case.proof()
        if proof.result is Authentication.VERIFIED or mail is None or not self._sealers:
            return proof
        return _with_chain(proof, await arc.judge(mail, domain, self._sealers, lookups))


class _Case:
    """The results of one mail, weighed."""

    def __init__(
        self,
        *,
        domain: str,
        spf: tuple[Spf, str, str] | None,
        signatures: tuple[Signature, ...],
        policy: dmarc.Policy | NoAnswer | Unusable | None,
    ) -> None:
        self._domain = domain
        self._spf = spf
        self._signatures = signatures
        self._policy = policy
        # Without a policy nobody has said that subdomains speak for each other: only the very same name proves.
        self._rules = policy if isinstance(policy, dmarc.Policy) else dmarc.Policy(strict_dkim=True, strict_spf=True)

    def proof(self) -> Proof:
        """The result for the From domain, and the sentence that says how."""
        if isinstance(self._policy, NoAnswer | Unusable):
            return self._said(Authentication.UNVERIFIED, "temperror", f"DMARC temperror: {self._policy.message}")
        if (how := self._aligned_pass()) is not None:
            return self._said(Authentication.VERIFIED, "pass", f"DMARC pass: {how} aligned with From {self._domain}")
        if (unanswered := self._unanswered()) is not None:
            return self._said(Authentication.UNVERIFIED, "temperror", f"DMARC temperror: {unanswered}")
        nothing = f"neither SPF nor DKIM proves {self._domain}"
        if self._policy is None:
            return self._said(Authentication.UNVERIFIED, "none", f"DMARC none: {nothing}, which publishes no policy")
        asks = f"{self._rules.published} asks for p={self._rules.policy}"
        return self._said(Authentication.FAILED, "fail", f"DMARC fail: {nothing}; {asks}")

    def _aligned_pass(self) -> str | None:
        for signature in self._signatures:
            if signature.result is Dkim.PASS and self._dkim_aligned(signature):
                return f"DKIM d={signature.domain}"
        if self._spf is not None and self._spf[0] is Spf.PASS and self._spf_aligned(self._spf[1]):
            return f"SPF of {self._spf[1]}"
        return None

    def _unanswered(self) -> str | None:
        """What would have proved the sender, had DNS answered."""
        for signature in self._signatures:
            if signature.result is Dkim.TEMPERROR and self._dkim_aligned(signature):
                return signature.detail
        if self._spf is not None and self._spf[0] is Spf.TEMPERROR and self._spf_aligned(self._spf[1]):
            return self._spf[2]
        return None

    def _dkim_aligned(self, signature: Signature) -> bool:
        return dmarc.aligned(signature.domain, self._domain, strict=self._rules.strict_dkim)

    def _spf_aligned(self, domain: str) -> bool:
        return dmarc.aligned(domain, self._domain, strict=self._rules.strict_spf)

    def _said(self, result: Authentication, word: str, why: str) -> Proof:
        findings = [
            Finding(
                method="dkim", result=each.result, domain=each.domain, aligned=self._dkim_aligned(each),
                detail="; ".join(filter(None, (each.selector and f"s={each.selector}", each.detail))),
            )
            for each in self._signatures
        ]  # fmt: skip
        if self._spf is not None:
            outcome, domain, detail = self._spf
            aligned = self._spf_aligned(domain)
            findings.insert(0, Finding(method="spf", result=outcome, domain=domain, aligned=aligned, detail=detail))
        published = f"p={self._rules.policy} of {self._rules.published}" if self._rules.published else ""
        findings.append(Finding(method="dmarc", result=word, domain=self._domain, detail=published))
        return Proof(result=result, why=why, findings=tuple(findings))


def _author_trouble(letter: Letter, mail: Signed | None) -> Proof | None:
    """A mail of several authors is nobody's, whoever signed it; one without an author has nothing to prove."""
    several = (
        len(letter.all("from")) > 1 or len(letter.from_) > 1 or (mail is not None and len(mail.named(b"from")) > 1)
    )
    if several:
        return Proof(result=Authentication.FAILED, why="DMARC fail: From names several authors (RFC 7489 6.6.1)")
    if letter.sender is not None:
        return None
    word = "cannot be told for certain" if Trouble.FROM_AMBIGUOUS in letter.troubles else "is missing"
    return Proof(result=Authentication.UNVERIFIED, why=f"DMARC none: From {word}")


async def _spf(envelope: Envelope, lookups: Lookups) -> tuple[Spf, str, str] | None:
    """SPF, where we heard the sending side ourselves: not from another mail server of this machine."""
    peer = spf.address_of(envelope.peer) if envelope.door is Door.SMTP else None
    return (
        None if peer is None or peer.is_loopback else await spf.check(lookups, peer, envelope.mail_from, envelope.helo)
    )


async def _dkim(mail: Signed | None, domain: str, arrival: Arrival, lookups: Lookups) -> tuple[Signature, ...]:
    """The signatures of a mail, those that may be aligned first: a mail of many costs no more than one of five."""
    fields = mail.named(b"dkim-signature") if mail is not None else []
    fields.sort(key=lambda field: not dmarc.aligned(domain_of(field), domain, strict=False))
    if mail is None:
        return ()
    verified = (verify(mail, field, lookups, arrival.received) for field in fields[:_SIGNATURES])
    return tuple(await asyncio.gather(*verified))


async def _policy(domain: str, lookups: Lookups) -> dmarc.Policy | NoAnswer | Unusable | None:
    try:
        return await dmarc.policy_of(domain, lookups)
    except (NoAnswer, Unusable) as error:
        return error


def _with_chain(proof: Proof, chain: Chain) -> Proof:
    """The proof, or better news of a listed sealer."""
    found = Finding(method="arc", result=chain.result, domain=chain.sealer, detail=chain.detail)
    if chain.result == "none" and not chain.sealer:
        return proof
    if not chain.passed:
        return Proof(result=proof.result, why=proof.why, findings=(*proof.findings, found))
    why = f"ARC pass: the listed sealer {chain.sealer} {chain.detail.replace('it saw', 'saw')}"
    return Proof(result=Authentication.VERIFIED, why=why, findings=(*proof.findings, found))


def _unproved(why: str) -> Proof:
    return Proof(result=Authentication.UNVERIFIED, why=f"DMARC temperror: {why}")
