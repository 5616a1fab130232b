"""The judge: total, deterministic, the same in short and in full, and every mail has exactly one route."""

import json
import string
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.core.rules.backtest import Stored, run
from gatepost.core.rules.book import Book, load
from gatepost.core.rules.examples import failed_examples
from gatepost.core.rules.judge import FALLBACK, judge, matches
from gatepost.core.rules.kept import pack, unpack, verdict_of
from gatepost.core.rules.lint import lint, lint_words
from gatepost.core.rules.render import render_verdict, verdict_as_data
from gatepost.core.rules.seen import Seen
from gatepost.core.rules.words import CONDITIONS, STEPS, Type
from gatepost.core.verdict import Route, Verdict
from gatepost.patterns import compile_pattern


def book_of(*rules: dict[str, Any]) -> Book:
    """A book of the rules, with examples and names put in where a test does not care for them."""
    filled = [{"name": f"rule {at}", "hit": [{}], "miss": [{}], **rule} for at, rule in enumerate(rules)]
    loaded = load({"a.toml": {"rule": filled}}, compile_pattern)
    assert isinstance(loaded, Book), loaded
    return loaded


TRIAGE = {"route": "triage"}


def test_a_book_without_rules_sends_to_triage() -> None:
    verdict = judge(book_of(), Seen())
    assert (verdict.route, verdict.by, verdict.trail) == (Route.TRIAGE, FALLBACK, ())


def test_the_later_rule_wins_a_field_and_lists_add_up() -> None:
    verdict = judge(
        book_of(
            {"when": {}, "then": {"route": "team", "team": "billing", "flags": ["a", "b"], "rating": False}},
            {"when": {}, "then": {"route": "vendor", "flags": ["b", "c"], "acknowledge": "acknowledgement"}},
            {"when": {"party": "staff"}, "then": {"route": "event"}},
        ),
        Seen(),
    )
    assert (verdict.route, verdict.by, verdict.flags) == (Route.VENDOR, "rule 1", ("a", "b", "c"))
    assert (verdict.team, verdict.rating, verdict.acknowledge) == ("", False, "acknowledgement")


def test_stop_leaves_out_the_rules_behind_it() -> None:
    verdict = judge(
        book_of({"when": {}, "then": {"route": "vendor", "stop": True}}, {"when": {}, "then": TRIAGE}), Seen()
    )
    assert (verdict.route, len(verdict.trail)) == (Route.VENDOR, 1)


def test_nobody_is_answered_whose_mail_goes_to_nobody() -> None:
    verdict = judge(
        book_of({"when": {}, "then": {"acknowledge": "acknowledgement"}}, {"when": {}, "then": {"route": "event"}}),
        Seen(),
    )
    assert (verdict.route, verdict.acknowledge) == (Route.EVENT, "")


def test_the_trail_says_what_each_rule_wanted_and_saw() -> None:
    verdict = judge(
        book_of(
            {
                "when": {"words": ["money back", "refund*"], "standing": "active", "not": {"language": "de"}},
                "then": {"route": "team", "team": "billing", "stop": True},
            }
        ),
        Seen(text="Two refunds, please"),
    )
    shown = [(c.word, c.wanted, c.seen, c.held, c.depth) for c in verdict.trail[0].conditions]
    assert shown == [
        ("standing", "active", "active", True, 0),
        ("not", "", "", True, 0),
        ("language", "de", "en", False, 1),
        ("words", "money back, refund*", "refund*", True, 0),
    ]
    assert verdict.trail[0].steps == ("route = team", "team = billing", "stop")


def test_a_miss_is_told_up_to_the_condition_that_failed_and_in_full_when_asked() -> None:
    book = book_of({"when": {"party": "staff", "standing": "none", "words": "x"}, "then": TRIAGE})
    assert [c.word for c in judge(book, Seen()).trail[0].conditions] == ["party"]
    assert [c.word for c in judge(book, Seen(), thorough=True).trail[0].conditions] == ["party", "standing", "words"]


@pytest.mark.parametrize(
    ("when", "held"),
    [
        ({"any": [{"party": "staff"}, {"standing": "active"}]}, True),
        ({"any": [{"party": "staff"}, {"standing": "none"}]}, False),
        ({"all": [{"words": "one"}, {"words": "two"}]}, True),
        ({"all": [{"words": "one"}, {"words": "three"}]}, False),
        ({"not": {"party": "staff", "standing": "active"}}, True),
        ({"not": {"party": "customer", "standing": "active"}}, False),
        ({"not": {"not": {"party": "customer"}}}, True),
        ({"any": [{"party": "staff", "standing": "active"}, {"not": {"words": "three"}}]}, True),
        ({}, True),
    ],
)
def test_groups(when: dict[str, Any], held: bool) -> None:
    book = book_of({"when": when, "then": TRIAGE})
    assert matches(book.rules[0], Seen(text="one two"))[0] is held
    assert judge(book, Seen(text="one two")).trail[0].hit is held


def test_the_words_and_the_verdict_are_one_vocabulary() -> None:
    verdict_fields = {field.name for field in fields(Verdict)} - {"by", "trail", "fields"}
    assert set(STEPS) - {"stop"} == verdict_fields
    seen_fields = {field.name for field in fields(Seen)}
    assert seen_fields - set(CONDITIONS) == {"subject", "text", "doubt"}
    for word in CONDITIONS.values():
        assert word.read(Seen()) is not None
        assert word.help.endswith(".")


ORDER = r"order #?(?P<order_number>\d{4,})"


@pytest.mark.parametrize(
    ("when", "fields"),
    [
        ({"pattern": ORDER}, {"order_number": "5512"}),
        ({"text_pattern": ORDER}, {}),
        ({"pattern": [r"nothing (?P<never>x)", ORDER]}, {"order_number": "5512"}),
        ({"pattern": r"(?P<order_number>\d+)|(?P<key>never)"}, {"order_number": "5512"}),
        ({"any": [{"pattern": r"(?P<first>Order)"}, {"pattern": ORDER}]}, {"first": "Order"}),
        ({"any": [{"all": [{"pattern": ORDER}, {"party": "staff"}]}, {"words": "order"}]}, {}),
        ({"pattern": ORDER, "text_pattern": r"(?P<order_number>\d)$"}, {"order_number": "7"}),
        ({"pattern": r"Order(?P<empty>\s*)"}, {}),
        ({"pattern": r"(?s)(?P<all>O.+)"}, {"all": f"Order #5512 {'x ' * 200}"[:200]}),
    ],
)
def test_a_named_group_fills_a_field_where_its_rule_hits(when: dict[str, Any], fields: dict[str, str]) -> None:
    hit = {"subject": "Order #5512", "text": "x\x07\n" * 300 + "7"}
    book = book_of({"when": when, "then": {"route": "triage"}}, {"when": {}, "then": {"route": "triage"}})
    for thorough in (False, True):
        verdict = judge(book, Seen(**hit), thorough=thorough)  # type: ignore[arg-type]
        assert dict(verdict.fields) == fields
    assert all(f"{name} = {value}" in render_verdict(verdict) for name, value in fields.items())


def test_an_example_may_say_what_is_captured() -> None:
    rule = {
        "when": {"pattern": ORDER},
        "then": TRIAGE,
        "hit": [{"text": "order 5512.", "fields": {"order_number": "5512"}}],
    }
    assert failed_examples(book_of(rule)) == []
    wrong = {**rule, "when": {"pattern": r"order (?P<order_number>\S+)"}}
    assert [fault.message for fault in failed_examples(book_of(wrong))] == ["this example fills order_number = '5512.'"]
    none = {**rule, "when": {"pattern": r"order \d+"}}
    assert [fault.message for fault in failed_examples(book_of(none))] == ["this example fills nothing"]


def test_the_later_rule_wins_a_field() -> None:
    rules = [
        {"when": {"pattern": r"(?P<a>\d)(?P<b>\d)"}, "then": TRIAGE},
        {"when": {"pattern": r"(?P<b>\d)$"}, "then": TRIAGE},
    ]
    assert judge(book_of(*rules), Seen(text="12 and 3")).fields == (("a", "1"), ("b", "3"))


def test_a_digest_is_of_what_the_files_say() -> None:
    rule = {"when": {}, "then": TRIAGE}
    assert book_of(rule).digest == book_of(dict(reversed(rule.items()))).digest
    assert book_of(rule).digest != book_of({"when": {}, "then": {"route": "vendor"}}).digest


@pytest.mark.catalogue("H10")
def test_rules_that_cannot_be_reached_are_warned_of() -> None:
    book = book_of(
        {"when": {"party": "customer"}, "then": {"route": "vendor", "stop": True}},
        {
            "when": {"party": "customer", "standing": "active"},
            "then": TRIAGE,
            "hit": [{}],
            "miss": [{"party": "staff"}],
        },
        {"when": {}, "then": {"route": "triage", "stop": True}},
        {"when": {"words": "x"}, "then": TRIAGE, "hit": [{"text": "x"}]},
    )
    told = [(fault.rule, fault.message) for fault in lint(book)]
    assert told == [
        ("rule 1", "never asked for its own examples: 'rule 0' in a.toml stops before it"),
        ("rule 2", "never asked for its own examples: 'rule 0' in a.toml stops before it"),
        ("rule 3", "never asked: 'rule 2' in a.toml stops for every mail"),
    ]


@pytest.mark.catalogue("H10")
def test_rules_that_contradict_each_other_are_warned_of() -> None:
    when = {"party": "customer", "words": ["a", "b"]}
    book = book_of(
        {"when": when, "then": {"route": "vendor", "rating": False, "flags": "x"}},
        {"when": dict(reversed(when.items())), "then": {"route": "triage", "rating": False, "flags": "y"}},
        {"when": {}, "then": {"route": "triage", "stop": True}},
    )
    told = [(fault.rule, fault.message) for fault in lint(book)]
    assert told == [("rule 1", "route = triage, where 'rule 0' in a.toml says route = vendor of the same mail")]


@pytest.mark.catalogue("H10")
def test_words_that_can_never_hit_are_warned_of() -> None:
    book = book_of(
        {"when": {"words": ["refund*", "money back", "Money  BACK"]}, "then": {"route": "vendor", "stop": True}},
        {"when": {"words": ["refundable", "card*", "cards", "card"], "party": "customer"}, "then": TRIAGE},
        {"when": {"party": "staff", "not": {"text_words": ["refund", "coupon"]}}, "then": TRIAGE},
        {"when": {"words": "退款", "subject_words": ["refund please"], "text_words": "x"}, "then": TRIAGE},
    )
    told = [(fault.rule, fault.message) for fault in lint_words(book)]
    assert told == [
        ("rule 0", "words: 'Money  BACK' is never needed, since 'money back' finds all that it finds"),
        ("rule 1", "words: 'cards' is never needed, since 'card*' finds all that it finds"),
        ("rule 1", "words: 'card' is never needed, since 'card*' finds all that it finds"),
        ("rule 1", "words: 'refundable' never hits: 'rule 0' stops before it"),
    ]


def test_a_word_that_one_kind_of_mail_brings_to_its_rule_is_none_of_them() -> None:
    book = book_of(
        {"when": {"words": "refund", "language": "de"}, "then": {"route": "vendor", "stop": True}},
        {"when": {"words": "refund"}, "then": TRIAGE, "hit": [{"language": "de"}, {"language": "en"}]},
    )
    assert lint_words(book) == []


def test_a_book_that_leaves_mail_over_is_warned_of() -> None:
    assert "no rule takes what is left" in lint(book_of({"when": {"words": "x"}, "then": TRIAGE}))[0].message


# ── any rules × any mail ─────────────────────────────────────────────────────────────────────────────────────────────

NAMES = st.sampled_from(["", "a", "b", "market", "en", "pt-BR", "zwrot*", "money back", "ŻÓŁW", "退款"])
WORD_TEXT = st.sampled_from(["a", "money back", "zwrot*", "ŻÓŁW", "退款", "straße"])
BY_TYPE: dict[Type, st.SearchStrategy[Any]] = {
    Type.NAME: NAMES,
    Type.YES_NO: st.booleans(),
    Type.ADDRESS: st.sampled_from(["a@b.example", "@b.example", ""]),
    Type.LANGUAGE: st.sampled_from(["en", "pt", "pt-BR"]),
    Type.NUMBER: st.one_of(st.integers(0, 3), st.sampled_from([">= 1", "< 0.9", "<=2", "> 0", "=1"])),
    Type.FILE_NAME: st.sampled_from(["*.log", "report.txt"]),
    Type.CONTENT_TYPE: st.sampled_from(["image/*", "text/plain"]),
    Type.WORDS: st.one_of(WORD_TEXT, st.lists(WORD_TEXT, min_size=1, max_size=3)),
    Type.PATTERN: st.sampled_from([r"a+b", r"\pL{3,}\s\d", r"(x+x+)+y", "^re:"]),
}


def value_of(word: str) -> st.SearchStrategy[Any]:
    entry = CONDITIONS[word]
    if entry.choices:
        one = st.sampled_from(entry.choices)
        return st.one_of(one, st.lists(one, min_size=1, max_size=3))
    return BY_TYPE[entry.type]


LEAVES = st.lists(st.sampled_from(sorted(CONDITIONS)), max_size=3, unique=True).flatmap(
    lambda words: st.fixed_dictionaries({word: value_of(word) for word in words})
)
WHEN = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(
            lambda table, parts: {**table, "any": parts}, LEAVES, st.lists(inner.filter(bool), min_size=1, max_size=3)
        ),
        st.builds(
            lambda table, parts: {**table, "all": parts}, LEAVES, st.lists(inner.filter(bool), min_size=1, max_size=3)
        ),
        st.builds(lambda table, part: {**table, "not": part}, LEAVES, inner.filter(bool)),
    ),
    max_leaves=4,
)
ROUTES = st.one_of(
    st.sampled_from(["vendor", "triage", "ticket", "event"]).map(lambda route: {"route": route}),
    st.just({"route": "team", "team": "billing"}),
    st.just({"route": "quarantine", "cause": "spam"}),
    st.just({"flags": ["x", "y"], "notes": "seen", "labels": "refund"}),
    st.just({"rating": False, "clock": False, "copies": "a@b.example"}),
)
RULES = st.lists(
    st.builds(lambda when, then, stop: {"when": when, "then": {**then, "stop": stop}}, WHEN, ROUTES, st.booleans()),
    max_size=6,
)
TEXTS = st.text(alphabet=string.ascii_letters + " .żółwß退款é\u200b\u0301*@[]\n", max_size=60)


def seen_of() -> st.SearchStrategy[Seen]:
    made: dict[str, st.SearchStrategy[Any]] = {}
    for field in fields(Seen):
        choices = CONDITIONS[field.name].choices if field.name in CONDITIONS else ()
        if isinstance(field.default, bool):
            made[field.name] = st.booleans()
        elif isinstance(field.default, int | float):
            made[field.name] = st.integers(0, 3)
        elif isinstance(field.default, tuple):
            made[field.name] = st.lists(st.sampled_from(choices) if choices else TEXTS, max_size=2).map(tuple)
        else:
            made[field.name] = st.sampled_from(choices) if choices else st.one_of(NAMES, TEXTS)
    return st.builds(Seen, **made)


@pytest.mark.catalogue("H10")
@settings(max_examples=150, deadline=None)
@given(rules=RULES, seen=seen_of())
def test_any_rules_give_any_mail_exactly_one_route(rules: list[dict[str, Any]], seen: Seen) -> None:
    book = book_of(*rules)
    verdict = judge(book, seen)
    assert verdict.route in Route
    assert judge(book, seen) == verdict
    in_full = judge(book, seen, thorough=True)
    assert replace(in_full, trail=()) == replace(verdict, trail=())
    assert [(t.rule, t.hit) for t in in_full.trail] == [(t.rule, t.hit) for t in verdict.trail]
    assert (verdict.team != "") == (verdict.route is Route.TEAM)
    assert (verdict.cause != "") == (verdict.route is Route.QUARANTINE)
    assert not (verdict.acknowledge and verdict.route in (Route.EVENT, Route.QUARANTINE))
    assert verdict.route.value in render_verdict(verdict)
    assert verdict_as_data(verdict)["route"] == verdict.route


@pytest.mark.catalogue("H12")
@settings(max_examples=50, deadline=None)
@given(rules=RULES, seen=seen_of())
def test_what_is_kept_of_a_decision_decides_the_same_again(rules: list[dict[str, Any]], seen: Seen) -> None:
    book = book_of(*rules)
    said = json.loads(json.dumps(verdict_as_data(judge(book, seen))))
    again = unpack(json.loads(json.dumps(pack(seen))))
    assert again == seen
    test = run(book, [Stored(arrival=1, ticket=0, seen=again, before=verdict_of(said))])
    assert (test.mails, test.changes) == (1, {})


@settings(max_examples=200, deadline=None)
@given(
    content=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.one_of(
                    st.sampled_from(["rule", "name", "when", "then", "hit", "miss", "any", "not", *CONDITIONS, *STEPS]),
                    st.text(max_size=5),
                ),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=12,
    )
)
def test_whatever_a_file_says_loading_never_raises(content: Any) -> None:
    for table in ({"rule": content}, {"rule": [content]}, {"rule": [{"name": "x", "when": content, "then": content}]}):
        loaded = load({"a.toml": table}, compile_pattern)
        assert isinstance(loaded, Book | list)
