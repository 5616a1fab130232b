"""SPF (RFC 7208): policies with their zone, the sending address, and the result; limits that end a greedy record."""

from ipaddress import ip_address

import pytest

from gatepost.authentication.resolver import Kind, Lookups
from gatepost.authentication.spf import Spf, check
from gatepost.authentication.spf_macro import Values, expand
from gatepost.authentication.table import Table

ZONE = {
    "host.example": {"A": ["192.0.2.10"], "AAAA": ["2001:db8::10"]},
    "mx1.example": {"A": ["192.0.2.20"]},
    "mx2.example": {"A": ["192.0.2.21"]},
    "exchanged.example": {"MX": ["mx1.example", "mx2.example"]},
    "partner.example": {"TXT": ["v=spf1 ip4:198.51.100.0/24 -all"]},
    "soft.example": {"TXT": ["v=spf1 ~all"]},
    "txt.example": {"TXT": ["unrelated", "v=spf10 -all"]},
    "twice.example": {"TXT": ["v=spf1 -all", "v=spf1 +all"]},
    "slow.example": "timeout",
    "1.2.0.192.in-addr.arpa": {"PTR": ["mail.a.example.", "stranger.example"]},
    "mail.a.example": {"A": ["192.0.2.1"]},
    "jane._spf.a.example": {"A": ["127.0.0.2"]},
    "1.2.0.192.jane.a.example": {"A": ["127.0.0.2"]},
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.a.example": {"A": ["127.0.0.2"]},
    "mailout.a.example": {"A": ["127.0.0.2"]},
    "many.example": {"MX": [f"mx{n}.example" for n in range(11)]},
}


async def result(policy, ip="192.0.2.1", mail_from="jane@a.example", helo="mailout.a.example", **more):
    table = Table({**ZONE, "a.example": {"TXT": [policy]} if policy is not None else {}, **more})
    outcome, domain, _ = await check(Lookups(table), ip_address(ip), mail_from, helo)
    return outcome, domain, table


@pytest.mark.parametrize(
    ("policy", "ip", "expected"),
    [
        ("v=spf1 ip4:192.0.2.1 -all", "192.0.2.1", "pass"),
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.99", "pass"),
        ("v=spf1 ip4:192.0.2.1 -all", "203.0.113.1", "fail"),
        ("v=spf1 ip4:192.0.2.1 ~all", "203.0.113.1", "softfail"),
        ("v=spf1 ip4:192.0.2.1 ?all", "203.0.113.1", "neutral"),
        ("v=spf1 ip4:192.0.2.1", "203.0.113.1", "neutral"),
        ("V=SPF1 IP4:192.0.2.1 -ALL", "192.0.2.1", "pass"),
        (None, "192.0.2.1", "none"),
        ("v=spf10 ip4:192.0.2.1", "192.0.2.1", "none"),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::1", "pass"),
        ("v=spf1 ip6:2001:db8::/32 -all", "192.0.2.1", "fail"),
        ("v=spf1 ip4:192.0.2.1 -all", "::ffff:192.0.2.1", "pass"),
        ("v=spf1 a:host.example -all", "2001:db8::10", "pass"),
        ("v=spf1 a:host.example/24 -all", "192.0.2.200", "pass"),
        ("v=spf1 a:host.example//64 -all", "2001:db8::99", "pass"),
        ("v=spf1 a:host.example/24//64 -all", "2001:db9::1", "fail"),
        ("v=spf1 mx:exchanged.example -all", "192.0.2.21", "pass"),
        ("v=spf1 include:partner.example -all", "198.51.100.7", "pass"),
        ("v=spf1 include:partner.example ~all", "203.0.113.1", "softfail"),
        ("v=spf1 include:soft.example ?all", "203.0.113.1", "neutral"),
        ("v=spf1 redirect=partner.example", "198.51.100.7", "pass"),
        ("v=spf1 redirect=partner.example", "203.0.113.1", "fail"),
        ("v=spf1 ptr:a.example -all", "192.0.2.1", "pass"),
        ("v=spf1 exists:%{l}._spf.%{d} -all", "192.0.2.1", "pass"),
        ("v=spf1 exists:%{ir}.%{l1r-}.%{o} -all", "192.0.2.1", "pass"),
        ("v=spf1 exists:%{ir}.%{v}.%{d} -all", "2001:db8::1", "pass"),
        ("v=spf1 exists:%{h} -all", "192.0.2.1", "pass"),
        ("v=spf1 exists:%{p} -all", "192.0.2.1", "pass"),
        ("v=spf1 exists:%{l}%%%_x.%{d} -all", "192.0.2.1", "fail"),
        ("v=spf1 unknown-modifier=%{l} ip4:192.0.2.1 -all", "192.0.2.1", "pass"),
    ],
)
async def test_a_policy_gives_its_result(policy, ip, expected):
    assert (await result(policy, ip))[0] == expected


@pytest.mark.parametrize(
    "policy",
    [
        "v=spf1 include:none.example -all", "v=spf1 redirect=none.example", "v=spf1 include:twice.example -all",
        "v=spf1 ip4:192.0.2.1 moo", "v=spf1 ip4:192.0.2.256 +all", "v=spf1 ip4:192.0.2.0/33 +all", "v=spf1 ip4 +all",
        "v=spf1 a:host.example/0/24 +all", "v=spf1 a:host.example/33 +all", "v=spf1 a: +all", "v=spf1 include +all",
        "v=spf1 all:x.example", "v=spf1 exists:%{c}.a.example +all", "v=spf1 exists:%{d +all", "v=spf1 a:%x.example +all",
        "v=spf1 redirect=partner.example redirect=soft.example", "v=spf1 exp=a.example exp=a.example +all",
        "v=spf1 a:\x80.example +all", "v=spf1 mx:many.example -all", "v=spf1\ta +all x", "v=spf1 a:localhost +all",
    ],
)  # fmt: skip
async def test_a_mistake_anywhere_makes_the_whole_record_count_for_nothing(policy):
    outcome = (await result(policy))[0]
    assert outcome == ("none" if "\t" in policy else "permerror")


async def test_two_records_are_none():
    assert (await result(None, mail_from="x@twice.example"))[0] is Spf.PERMERROR


@pytest.mark.parametrize(
    ("mail_from", "helo", "domain", "expected"),
    [
        ("", "mail.a.example", "mail.a.example", "pass"),
        ("", "[192.0.2.1]", "[192.0.2.1]", "none"),
        ("", "localhost", "localhost", "none"),
        ("jane@[192.0.2.1]", "mail.a.example", "[192.0.2.1]", "none"),
        ("jane@" + "x" * 64 + ".example", "mail.a.example", "x" * 64 + ".example", "none"),
        ("jane@пример.рф", "mail.a.example", "xn--e1afmkfd.xn--p1ai", "pass"),
        ("jane@\ud800.рф", "mail.a.example", "\ud800.рф", "none"),
        ("@a.example", "mail.a.example", "a.example", "fail"),
    ],
)
async def test_whose_policy_is_looked_at(mail_from, helo, domain, expected):
    zone = {
        "mail.a.example": {"TXT": ["v=spf1 a -all"], "A": ["192.0.2.1"]},
        "xn--e1afmkfd.xn--p1ai": {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]},
    }
    outcome, about, _ = await result("v=spf1 exists:%{l}._spf.%{d} -all", mail_from=mail_from, helo=helo, **zone)
    assert (outcome, about) == (expected, domain)


async def test_no_answer_is_never_a_pass_and_never_a_fail():
    for policy in ("v=spf1 include:slow.example +all", "v=spf1 a:slow.example +all", "v=spf1 mx:slow.example +all"):
        assert (await result(policy))[0] is Spf.TEMPERROR
    assert (await result(None, mail_from="x@slow.example"))[0] is Spf.TEMPERROR
    slow = {"1.2.0.192.in-addr.arpa": "SERVFAIL"}
    assert (await result("v=spf1 ptr -all", **slow))[0] is Spf.FAIL


async def test_the_eleventh_mechanism_that_asks_dns_ends_the_evaluation():
    for count, expected in ((10, Spf.PASS), (11, Spf.PERMERROR)):
        policy = "v=spf1 " + "a:host.example " * count + "+all"
        assert (await result(policy))[0] is expected


async def test_the_third_name_without_records_ends_the_evaluation():
    for count, expected in ((2, Spf.PASS), (3, Spf.PERMERROR)):
        policy = "v=spf1 " + " ".join(f"a:gone{n}.example" for n in range(count)) + " +all"
        assert (await result(policy))[0] is expected


async def test_records_that_lead_round_in_circles_end():
    outcome, _, table = await result(
        "v=spf1 include:b.example -all", **{"b.example": {"TXT": ["v=spf1 include:a.example -all"]}}
    )
    assert (outcome, len(table.asked)) == (Spf.PERMERROR, 2)
    assert (await result("v=spf1 redirect=a.example"))[0] is Spf.PERMERROR
    growing = "v=spf1 include:%{d}.%{d} -all"
    assert (await result(growing))[0] is Spf.PERMERROR


@pytest.mark.parametrize(
    ("length", "kept"),
    [(253, 253), (254, 249), (10_000, 249)],
)
def test_a_name_too_long_loses_labels_on_its_left(length, kept):
    values = Values(ip=ip_address("192.0.2.1"), sender="a@b.example", helo="h.example", domain="d.example")
    spec = ("abcd." * 2_000)[-length:]
    name = expand(spec[1:] + "x" if spec[0] == "." else spec[:-1] + "x", values)
    assert len(name) <= 253
    assert len(name) >= kept - 5
    assert spec[:-1].endswith(name[:-1])


async def test_macros_cannot_make_a_name_that_costs_time():
    """A record of macros alone, over a sender as long as a sender may be: the name is cut once, not label by label."""
    sender = "a.b" * 100 + "@a.example"
    policy = "v=spf1 exists:" + "%{s}." * 3_000 + "example -all"
    outcome, _, table = await result(policy, mail_from=sender)
    assert outcome is Spf.FAIL
    assert all(len(name) <= 253 for name, _ in table.asked)


async def test_a_record_of_thousands_of_terms_is_read_in_linear_time_and_asks_ten_questions():
    outcome, _, table = await result("v=spf1 " + "a:host.example ?a:mx1.example " * 4_000 + "-all")
    assert outcome is Spf.PERMERROR
    assert len(table.asked) <= 3
    assert {kind for _, kind in table.asked} == {Kind.TXT, Kind.A}
