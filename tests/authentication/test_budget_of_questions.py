"""What one mail may cost: questions, time, memory; and a table in place of DNS."""

import asyncio
import time

import pytest

from gatepost.authentication import Evaluator
from gatepost.authentication.message import body_hash, split
from gatepost.authentication.resolver import Kind, Lookups, NoAnswer, Unusable, canonical
from gatepost.authentication.table import Table, load
from gatepost.core.identity import Authentication
from gatepost.core.letter import Arrival, Envelope
from gatepost.errors import PermanentError
from gatepost.mail.parse import read_letter


async def test_a_question_is_asked_once_and_the_budget_is_kept():
    table = Table({"a.example": {"A": ["192.0.2.1"]}, "slow.example": "timeout"})
    lookups = Lookups(table, most=3)
    for _ in range(4):
        assert await lookups.ask("A.Example.", Kind.A) == ("192.0.2.1",)
        with pytest.raises(NoAnswer):
            await lookups.ask("slow.example", Kind.TXT)
    assert await lookups.ask("b.example", Kind.A) == ()
    with pytest.raises(Unusable):
        await lookups.ask("c.example", Kind.A)
    assert len(table.asked) == 3


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "x" * 64 + ".example", "é.example", "a.\n", ".a", "a." * 127 + "example"]
)
async def test_a_name_that_cannot_be_asked_for_has_no_records(name):
    table = Table({})
    assert canonical(name) is None
    assert await Lookups(table).ask(name, Kind.A) == ()
    assert table.asked == []


class Silent:
    """DNS that never answers."""

    async def ask(self, name, kind):
        await asyncio.Event().wait()


async def test_dns_that_never_answers_ends_with_the_time_of_the_evaluation(signed):
    raw = signed()
    arrival = Arrival(
        id=1, received=0, envelope=Envelope(mail_from="a@b.example", recipients=(), peer="192.0.2.1"), raw=raw
    )
    proof = await Evaluator(Silent(), seconds=0.01).prove(arrival, read_letter(raw))
    assert (proof.result, proof.why) == (
        Authentication.UNVERIFIED,
        "DMARC temperror: DNS took longer than 0.01 seconds",
    )


async def test_a_policy_that_is_beyond_measure_is_not_believed(post):
    class Flood(Table):
        async def ask(self, name, kind):
            if name.startswith("_dmarc"):
                raise Unusable("too much")
            return await super().ask(name, kind)

    arrival = Arrival(
        id=1, received=0, envelope=Envelope(mail_from="", recipients=()), raw=b"From: a@b.example\r\n\r\n"
    )
    proof = await Evaluator(Flood({})).prove(arrival, read_letter(arrival.raw))
    assert proof.result is Authentication.UNVERIFIED


async def test_a_mail_costs_a_bounded_number_of_questions(post, signed):
    """Every budget at once: SPF of many hosts, nine signatures, and a policy two labels up."""
    names = [f"m{n}.evil.example" for n in range(10)]
    post.zone["evil.example"] = {"TXT": ["v=spf1 mx mx:b.evil.example mx:c.evil.example ptr -all"]}
    for name in ("evil.example", "b.evil.example", "c.evil.example"):
        post.zone[name] = {**post.zone.get(name, {}), "MX": [f"{n}.{name}" for n in names]}
    raw = signed()
    for number in range(9):
        raw = signed(raw, domain=f"d{number}.evil.example")
    proof = await post.evaluate(raw, ip="203.0.113.1", mail_from="x@evil.example")
    assert proof.result is Authentication.VERIFIED
    assert len(post.table.asked) <= 60


@pytest.mark.parametrize("unit", [b" ", b"\t ", b"a ", b"\r\n", b" \r\n", b"ab\r\n", b"\n"])
def test_hashing_a_body_is_linear(unit):
    def cost(count):
        body = unit * (count // len(unit)) + b"x"
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            body_hash(body, b"relaxed")
            best = min(best, time.process_time() - start)
        return best

    base = 400_000
    costs = [cost(base * factor) for factor in (1, 2, 4, 8)]
    assert costs[3] < 8 * 6 * max(costs[0], 0.001)


@pytest.mark.parametrize("unit", [b"X: y\r\n", b" \r\n", b"X:\r\n ", b"\r\n x", b"x"])
def test_splitting_a_header_is_linear(unit):
    def cost(count):
        raw = b"From: a@b.example\r\n" + unit * (count // len(unit)) + b"\r\n\r\nbody"
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            split(raw)
            best = min(best, time.process_time() - start)
        return best

    costs = [cost(30_000 * factor) for factor in (1, 2, 4, 8)]
    assert costs[3] < 8 * 6 * max(costs[0], 0.001)


async def test_a_field_of_blanks_around_its_signature_is_given_up_at_once(post, signed):
    field = (
        b"DKIM-Signature: v=1; a=rsa-sha256; d=customer.example; s=k1; h=from; bh=AAAA; b"
        + b"\n \n" * 20
        + b"=AAAA\r\n"
    )
    raw = field.replace(b"\n \n", b"\r\n \r\n ") + b"From: jane@customer.example\r\n\r\n"
    assert (await post.evaluate(raw, ip="203.0.113.5")).result is Authentication.FAILED


def test_a_table_is_read_from_a_file(tmp_path):
    path = tmp_path / "dns.json"
    path.write_text('{"Example.org.": {"TXT": ["v=spf1 -all"]}, "slow.example": "timeout"}')
    assert asyncio.run(load(path).ask("example.org", Kind.TXT)) == ("v=spf1 -all",)
    for wrong in ("[]", "{", '{"a": 1}', '{"a": {"TXT": "x"}}', '{"a": {"SPF": ["x"]}}', '{"a": {"TXT": [1]}}'):
        path.write_text(wrong)
        with pytest.raises(PermanentError, match="DNS table"):
            load(path)
    with pytest.raises(PermanentError):
        load(tmp_path / "absent.json")
