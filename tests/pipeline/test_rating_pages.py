"""The rating: five links in a letter, a page that changes nothing, a form that records, one click to hear no more."""

import re

import pytest
from starlette.testclient import TestClient

from gatepost.clock import FixedClock
from gatepost.core import DAY
from gatepost.core.reply_address import Keys
from gatepost.links import For, LinkError, Links
from gatepost.portal.app import Portal, open_counter

JANE = "jane@customer.example"
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


@pytest.fixture
def asked(market, compose_mail, reply_to):
    """Jane was answered, a week has passed, she was asked for a rating."""
    market.arrive(compose_mail(f"Jane <{JANE}>", "Shipping Labels", "It jams."))
    (ticket,) = market.sent("ticket")
    market.arrive(reply_to(ticket, "tickets@acme.example", "Update."), ticket.reply_to)
    market.now += 7 * DAY
    assert market.do_what_is_due() == ["rating"]
    return market


@pytest.fixture
def clock(asked):
    return FixedClock(asked.now)


@pytest.fixture
def pages(asked, clock):
    return Portal(open_counter(asked.house, asked.db, clock))


class Browser(TestClient):
    """Sends a form as a browser does: with the hidden field of the page on which it stands, or stood before."""

    def __init__(self, app, **options):
        super().__init__(app, **options)
        self.kept = {}

    def rate(self, path, **fields):
        found = re.search(r'name="form" value="(\w+)"', self.get(path).text)
        if found:
            self.kept[path] = found[1]
        return self.post(path, data={"form": self.kept.get(path, ""), **fields})


@pytest.fixture
def visitor(pages):
    return Browser(pages.app, headers=BROWSER, base_url="https://my.orchard.example")


@pytest.fixture
def links(asked):
    """The paths of the letter's links: five scores, the best first, and the one to unsubscribe."""
    (letter,) = asked.sent("rating")
    return re.findall(r"https://my\.orchard\.example(/\S+)", letter.text)


def ratings(market):
    return [(row["score"], row["comment"]) for row in market.rows("SELECT * FROM rating")]


async def visits(market, pages):
    await pages.look()
    rows = market.rows("SELECT name, value FROM counter WHERE name LIKE 'rating.visit.%'")
    return {row["name"].rpartition(".")[2]: row["value"] for row in rows}


def test_the_letter_has_five_links_and_the_headers_of_rfc_8058(asked, links):
    (letter,) = asked.sent("rating")
    assert [path.rpartition("/")[2] for path in links[:5]] == ["5", "4", "3", "2", "1"]
    assert letter.message["List-Unsubscribe"] == f"<https://my.orchard.example{links[5]}>"
    assert letter.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Very good" in letter.text


@pytest.mark.catalogue("E16")
async def test_a_look_shows_the_choice_and_records_nothing(asked, visitor, links, pages):
    page = visitor.get(links[1])
    assert page.status_code == 200
    assert re.search(r'value="4" required checked', page.text)
    assert page.text.count("checked>") == 1
    assert visitor.head(links[1]).status_code == 200
    visitor.get(links[1], headers={"user-agent": "BarracudaLinkScan/1.0"})
    visitor.get(links[1], headers={"sec-purpose": "prefetch;prerender"})
    assert ratings(asked) == []
    assert await visits(asked, pages) == {"person": 1, "machine": 3}


def test_the_form_records_and_may_be_changed_for_two_weeks(asked, visitor, links, clock):
    thanks = visitor.rate(links[0], score="5", comment="Quick & <b>kind</b>")
    assert thanks.status_code == 200
    assert "Very good" in thanks.text
    visitor.rate(links[4], score="2", comment="Broke again")
    assert ratings(asked) == [(2, "Broke again")]
    clock.at += 14 * DAY + 1
    late = visitor.rate(links[0], score="5")
    assert "can no longer be changed" in late.text
    assert "<form" not in visitor.get(links[0]).text
    assert ratings(asked) == [(2, "Broke again")]
    said = [row["said"] for row in asked.rows("SELECT said FROM trace WHERE kind = 'rating'")]
    assert said == ["5 of 5, first", "2 of 5, changed"]


def test_foreign_text_is_escaped(visitor, links):
    visitor.rate(links[0], score="5", comment="</textarea><script>x</script>")
    assert "<script>" not in visitor.get(links[0]).text


@pytest.mark.parametrize("score", ["", "0", "6", "5.0", "٥", "five"])
def test_a_form_without_a_score_is_asked_again(asked, visitor, links, score):
    page = visitor.rate(links[0], score=score, comment="x")
    assert (page.status_code, ratings(asked)) == (422, [])
    assert "choose one of the five" in page.text


def test_one_click_unsubscribes_and_a_look_does_not(asked, visitor, links, compose_mail, reply_to):
    assert JANE in visitor.get(links[5]).text
    assert asked.rows("SELECT * FROM unsubscribed") == []
    assert visitor.post(links[5], content="List-Unsubscribe=One-Click").status_code == 200
    assert [row["folded"] for row in asked.rows("SELECT folded FROM unsubscribed")] == [JANE]
    asked.arrive(compose_mail(f"Jane <{JANE}>", "Tax Pro", "It jams too."))
    ticket = asked.sent("ticket")[-1]
    asked.arrive(reply_to(ticket, "tickets@acme.example", "Update again."), ticket.reply_to)
    asked.now += 7 * DAY
    assert "rating" in asked.do_what_is_due()
    assert len(asked.sent("rating")) == 1


def test_a_link_opens_only_what_it_is_for(visitor, links, clock):
    token = links[0].split("/")[2]
    assert visitor.post(f"/unsubscribe/{token}").status_code == 404
    assert visitor.get(f"/rate/{token[:-1]}x/5").status_code == 404
    assert visitor.get("/rate/nonsense/5").status_code == 404
    assert visitor.get("/elsewhere").status_code == 404
    assert visitor.put(links[0]).status_code == 405
    clock.at += 60 * DAY
    assert visitor.get(links[0]).status_code == 410
    assert visitor.rate(links[0], score="5").status_code == 410


def test_every_answer_has_the_headers_and_no_cookie(visitor, links):
    large = b"score=5&comment=" + b"x" * 65_536
    answers = [
        visitor.get(links[0]),
        visitor.get("/elsewhere"),
        visitor.put(links[0]),
        visitor.post(links[0], content=large, headers={"content-type": "application/x-www-form-urlencoded"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 405, 413]
    for answer in answers:
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
    assert "script" not in answers[0].text


def test_links_are_read_with_older_keys_and_are_good_until_their_instant():
    old, new = Keys(current=1, secrets={1: b"a" * 32}), Keys(current=2, secrets={1: b"a" * 32, 2: b"b" * 32})
    text = Links(old).sign(For.RATE, (7, 1), until=5_000)
    assert Links(new).read(For.RATE, text, now=4_999) == (7, 1)
    with pytest.raises(LinkError) as late:
        Links(new).read(For.RATE, text, now=5_000)
    assert late.value.expired
    for wrong in (text[:-2], "", "x" * 9_999, Links(new).sign(For.UNSUBSCRIBE, (7, 1), until=5_000)):
        with pytest.raises(LinkError) as forged:
            Links(new).read(For.RATE, wrong, now=0)
        assert not forged.value.expired
