"""The list and the page of a ticket: one's own tickets and nobody else's, what was said, an answer that is like a mail."""

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.clock import FixedClock
from gatepost.config import LimitsSection, PortalSection
from gatepost.core import DAY, HOUR
from gatepost.portal.app import Portal, open_counter
from gatepost.portal.words import marked, shown, words_of

from .conftest import EDDIE, JANE, Browser, answered, link_in, mail

VENDOR = "tickets@acme.example"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def talk(market):
    """Jane has filed 1001 about Shipping Labels and 1002 about Tax Pro; Acme has answered 1001."""
    market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels jam", "Every label jams.\nSee https://shop.example/a?b=1."))
    (sent,) = market.sent("ticket")
    market.now += HOUR
    market.arrive(answered(sent, f"Ann <{VENDOR}>", "Please update the roller."), sent.reply_to)
    market.now += HOUR
    market.arrive(mail(f"Jane <{JANE}>", "Tax Pro rounds", "Cents are lost."))
    return market


def lines(text):
    return re.findall(r'href="/tickets/(\d+)">', text)


def test_the_list_shows_number_subject_times_and_status(talk, signed_in):
    page = signed_in().get("/tickets").text
    assert lines(page) == ["1002", "1001"]
    for said in (
        "Shipping Labels jam",
        "Tax Pro rounds",
        "#1001",
        "2 Nov 2026, 10:00",
        "2 Nov 2026, 11:00",
        "Answered",
        "Tax Pro",
    ):
        assert said in page
    assert lines(signed_in(EDDIE).get("/tickets").text) == []


def test_the_list_is_sorted_and_filtered(talk, signed_in):
    jane = signed_in()
    assert lines(jane.get("/tickets?order=oldest").text) == ["1001", "1002"]
    assert lines(jane.get("/tickets?sort=number&order=oldest").text) == ["1001", "1002"]
    assert lines(jane.get("/tickets?sort=created").text) == ["1002", "1001"]
    assert jane.submit("/tickets/1001", action="/tickets/1001/close").status_code == 303
    assert lines(jane.get("/tickets").text) == ["1002"]
    assert lines(jane.get("/tickets?state=closed").text) == ["1001"]
    assert lines(jane.get("/tickets?state=all").text) == ["1002", "1001"]


@pytest.mark.catalogue("I24")
def test_pages_are_short_whatever_is_asked(talk, signed_in, site, market):
    for number in range(60):
        market.now += 1
        market.arrive(mail(f"Jane <{JANE}>", f"Tax Pro {number}", f"Number {number}."))
    jane = signed_in()
    seen, address = [], "/tickets?limit=1000000000&state=open"
    while address:
        page = jane.get(address).text
        assert len(lines(page)) <= 25
        seen += lines(page)
        more = re.search(r'href="(/tickets\?[^"]*after=[^"]*)" rel="next"', page)
        address = more[1].replace("&amp;", "&") if more else ""
    assert seen == [str(number) for number in range(1062, 1000, -1)]
    for odd in (
        "after=x",
        "after=1.",
        "after=--1.2",
        f"after={'9' * 400}.1",
        "after=-1.-1",
        "sort=drop",
        "state=%00",
        "order=,",
    ):
        assert jane.get(f"/tickets?{odd}").status_code == 200


def test_the_search_finds_words_and_marks_them(talk, signed_in):
    jane = signed_in()
    page = jane.get("/tickets?q=ROLLER").text
    assert lines(page) == ["1001"] and "Please update the <mark>roller</mark>." in page
    assert "<mark>Tax</mark> Pro rounds" in jane.get("/tickets?q=tax").text
    assert lines(jane.get("/tickets?q=%231002").text) == ["1002"]
    assert lines(jane.get("/tickets?q=roller+nowhere").text) == []
    assert "Nothing was found" in jane.get("/tickets?q=roller+nowhere").text
    assert lines(signed_in(EDDIE).get("/tickets?q=roller").text) == []
    assert lines(signed_in(EDDIE).get("/tickets?q=1001").text) == []


@pytest.mark.catalogue("I23")
@given(
    question=st.text(max_size=60)
    | st.sampled_from(['"', "*", "NEAR(a b)", "a AND", "%", "_", "' OR 1=1--", "col:x", "^a", "-a", "\0"])
)
def test_any_text_is_a_search(searcher, question):
    answer = searcher.get("/tickets", params={"q": question})
    assert answer.status_code == 200
    assert lines(answer.text) in ([], ["1001"], ["1002"], ["1002", "1001"])


@pytest.fixture(scope="module")
def searcher(make_market):
    """One signed-in browser for many searches."""
    with make_market() as market:
        market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels jam", "Every label jams."))
        market.arrive(mail(f"Jane <{JANE}>", "Tax Pro rounds", "Cents are lost."))
        site = Portal(open_counter(market.house, market.db, FixedClock(market.now)))
        jane = Browser(site.app)
        jane.submit("/sign-in", address=JANE)
        jane.submit(link_in(market, JANE))
        yield jane


def test_what_is_masked_cannot_be_searched_for(market, signed_in):
    market.db.write_now(lambda tx: tx.run("UPDATE vendor SET masking = 1"))
    market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels", "It jams."))
    (sent,) = market.sent("ticket")
    market.arrive(answered(sent, f"Ann <{VENDOR}>", f"Write to {VENDOR} next time."), sent.reply_to)
    jane = signed_in()
    page = jane.get("/tickets/1001").text
    assert "next time" in page and VENDOR not in page
    assert lines(jane.get("/tickets?q=next").text) == ["1001"]
    assert lines(jane.get("/tickets?q=acme.example").text) == []


def test_the_page_shows_both_sides_and_no_internal_word(talk, signed_in):
    (sent,) = [one for one in talk.sent("ticket") if one.ticket == 1001]
    talk.arrive(answered(sent, VENDOR, "#note She is a difficult one.\n"), sent.reply_to)
    page = signed_in().get("/tickets/1001").text
    assert "Every label jams." in page and "Please update the roller." in page
    assert "Ann (Acme)" in page and "(you)" in page
    assert (
        '<a href="https://shop.example/a?b=1" rel="noopener noreferrer nofollow ugc">https://shop.example/a?b=1</a>.'
        in page
    )
    assert "difficult" not in page
    assert signed_in().get("/tickets?q=difficult").text.count("/tickets/1001") == 0
    assert re.search(r"support\+[a-z2-7]{40}@", page) is None


def test_quoted_text_is_folded(talk, signed_in):
    sent = talk.sent("ticket")[0]
    quoted = "Better now?\n\nOn Mon, 2 Nov 2026, Jane wrote:\n> Every label jams.\n> Always.\n"
    talk.arrive(answered(sent, VENDOR, quoted), sent.reply_to)
    page = signed_in().get("/tickets/1001").text
    before, _, folded = page.partition("<summary>Show quoted text</summary>")
    assert "Better now?" in before and "Always." not in before
    assert "Always." in folded


def test_an_answer_by_page_is_the_same_as_one_by_mail(talk, signed_in):
    jane = signed_in()
    sent = jane.submit("/tickets/1001", action="/tickets/1001/reply", text="Updated & still <b>jams</b>.",
                       files={"files": ("../roller.png", PNG, "image/png")})  # fmt: skip
    assert (sent.status_code, sent.headers["location"]) == (303, "/tickets/1001?sent#end")
    relayed = talk.sent("ticket")[-1]
    assert (relayed.to, relayed.ticket) == (VENDOR, 1001)
    assert "Updated & still <b>jams</b>." in relayed.text
    (file,) = [part for part in relayed.message.walk() if part.get_filename()]
    assert (file.get_filename(), file.get_payload(decode=True)) == ("roller.png", PNG)
    page = jane.get("/tickets/1001?sent").text
    assert "Updated &amp; still &lt;b&gt;jams&lt;/b&gt;." in page and "on its way" in page
    picture = re.search(r'<img src="(/tickets/1001/files/\d+)"', page)[1]
    assert jane.get(picture).content == PNG
    assert talk.ticket(1001).waiting_since is not None
    talk.arrive(answered(relayed, VENDOR, "Send it in."), relayed.reply_to)
    (answer,) = talk.sent("answer")[-1:]
    assert (answer.to, answer.ticket) == (JANE, 1001) and "Send it in." in answer.text
    assert "Send it in." in jane.get("/tickets/1001").text
    (act,) = talk.rows("SELECT * FROM audit WHERE action = 'ticket.written'")
    assert act["object"] == "ticket 1001"


def test_an_answer_that_is_sent_twice_counts_once(talk, signed_in):
    jane = signed_in()
    page = jane.get("/tickets/1001")
    for _ in range(2):
        sent = jane.submit(page, action="/tickets/1001/reply", text="Only once.")
        assert sent.headers["location"] == "/tickets/1001?sent#end"
    assert [row["text"].strip() for row in talk.rows("SELECT text FROM message WHERE text LIKE 'Only once%'")] == [
        "Only once."
    ]


def test_an_empty_answer_is_asked_for_again_and_large_files_are_told(talk, signed_in, site):
    jane = signed_in()
    empty = jane.submit("/tickets/1001", action="/tickets/1001/reply", text="  \n")
    assert empty.status_code == 422 and "Please write something" in empty.text
    most = site.counter.portal.upload_octets
    large = jane.submit(
        "/tickets/1001", action="/tickets/1001/reply", text="Kept words", files={"files": ("a.bin", b"x" * (most + 1))}
    )
    assert large.status_code == 422 and "Kept words" in large.text


@pytest.mark.catalogue("I26")
def test_uploads_have_bounds(talk, signed_in, site):
    jane = signed_in()
    form = jane.get("/tickets/1001")
    many = [("files", (f"{n}.txt", b"x")) for n in range(11)]
    assert jane.submit(form, action="/tickets/1001/reply", text="x", files=many).status_code in (400, 413)
    huge = jane.submit(
        form,
        action="/tickets/1001/reply",
        text="x",
        files={"files": ("a", b"x" * (site.counter.portal.upload_octets + 600_000))},
    )
    assert huge.status_code == 413
    names = ["../../etc/passwd", "a\r\nX: y.txt", "con.txt", "x" * 400, "\u202etxt.exe", "a\0b.html", ""]
    for name in names:
        jane.submit(
            "/tickets/1001",
            action="/tickets/1001/reply",
            text="One more.",
            files={"files": (name or "f", b"<script>x</script>", "text/html")},
        )
    page = jane.get("/tickets/1001").text
    assert "/etc/passwd" not in page
    assert "\u202e" not in page
    for link in re.findall(r'href="(/tickets/1001/files/\d+)"', page):
        saved = jane.get(link)
        assert saved.headers["content-type"] == "application/octet-stream"
        assert saved.headers["content-disposition"].startswith("attachment")


@pytest.mark.catalogue("G09", "G10")
def test_files_are_shut_in(talk, signed_in):
    jane = signed_in()
    files = [
        ("files", ("page.html", b"<script>alert(1)</script>", "text/html")),
        ("files", ("draw.svg", b"<svg onload=alert(1)>", "image/svg+xml")),
        ("files", ("fake.png", b"<html><script>", "image/png")),
        ("files", ("true.png", PNG, "image/png")),
        ("files", ("u.txt", b"+ADw-script+AD4-", "text/plain")),
        ("files", ("r.pdf", b"%PDF-1.7", "application/pdf")),
    ]
    jane.submit("/tickets/1001", action="/tickets/1001/reply", text="Files.", files=files)
    page = jane.get("/tickets/1001").text
    links = dict.fromkeys(re.findall(r'(?:href|src)="(/tickets/1001/files/\d+)"', page))
    kinds = {}
    for link in links:
        answer = jane.get(link)
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        name = re.search(r'filename="([^"]*)"', answer.headers["content-disposition"])[1]
        kinds[name] = (answer.headers["content-type"], answer.headers["content-disposition"].partition(";")[0])
    assert kinds == {
        "page.html": ("application/octet-stream", "attachment"),
        "draw.svg": ("application/octet-stream", "attachment"),
        "fake.png": ("application/octet-stream", "attachment"),
        "true.png": ("image/png", "inline"),
        "u.txt": ("text/plain; charset=utf-8", "attachment"),
        "r.pdf": ("application/pdf", "attachment"),
    }
    answer = jane.get("/tickets/1001")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_closing_and_opening_are_events_that_both_sides_see(talk, signed_in):
    jane = signed_in()
    jane.submit("/tickets/1002", action="/tickets/1002/close")
    assert talk.ticket(1002).state.value == "closed" and talk.ticket(1002).waiting_since is None
    page = jane.get("/tickets/1002").text
    assert "The ticket was closed." in page
    assert talk.rows("SELECT * FROM deadline WHERE ticket = 1002 AND state = 'open' AND kind <> 'rating'") == []
    jane.submit("/tickets/1002", action="/tickets/1002/open")
    assert "The ticket was opened again." in jane.get("/tickets/1002").text
    jane.submit("/tickets/1002", action="/tickets/1002/close")
    jane.submit("/tickets/1002", action="/tickets/1002/reply", text="One more thing.")
    assert talk.ticket(1002).state.value == "open"


@pytest.mark.catalogue("I12")
def test_what_is_not_mine_is_not_there(talk, signed_in):
    eddie = signed_in(EDDIE)
    missing = eddie.get("/tickets/9999")
    for path in (
        "/tickets/1001",
        "/tickets/1001/files/1",
        "/tickets/0",
        "/tickets/-1",
        "/tickets/1e3",
        "/tickets/%31%30%30%31x",
    ):
        answer = eddie.get(path)
        assert (answer.status_code, answer.text) == (404, missing.text)
    form = {"form": re.search(r'name="form" value="(\w+)"', eddie.get("/tickets").text)[1], "text": "Hello"}
    for act in ("reply", "close", "open"):
        answer, nowhere = (eddie.post(f"/tickets/{number}/{act}", data=form) for number in (1001, 9999))
        assert (answer.status_code, answer.text) == (404, nowhere.text)
    assert talk.ticket(1001).state.value == "open"


def test_copied_people_see_the_whole_conversation_once_they_are_confirmed(market, signed_in):
    bob = "bob@friend.example"
    market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels", "It jams.", f"Cc: Bob <{bob}>"))
    assert lines(signed_in(bob).get("/tickets").text) == []
    question = market.sent("customer/confirm-copies")[0]
    market.arrive(answered(question, JANE, "yes"), question.reply_to)
    visitor = signed_in(bob)
    assert lines(visitor.get("/tickets").text) == ["1001"]
    page = visitor.get("/tickets/1001").text
    assert "It jams." in page and "Close the ticket" not in page
    visitor.submit("/tickets/1001", action="/tickets/1001/reply", text="Here too.")
    assert "Here too." in signed_in().get("/tickets/1001").text
    form = {"form": re.search(r'name="form" value="(\w+)"', page)[1]}
    assert visitor.post("/tickets/1001/close", data=form).status_code == 404


def test_what_was_written_comes_back_where_one_was_signed_out_meanwhile(talk, signed_in, site):
    jane = signed_in()
    page = jane.get("/tickets/1001")
    talk.db.write_now(lambda tx: tx.run("UPDATE session SET ended = 1"))
    words = "An hour's work & <b>more</b>."
    back = jane.submit(page, action="/tickets/1001/reply", text=words, files={"files": ("a.png", PNG, "image/png")})
    assert back.status_code == 401 and "An hour&#39;s work &amp; &lt;b&gt;more&lt;/b&gt;." in back.text
    assert 'href="/sign-in?next=/tickets/1001"' in back.text and "Files have to be chosen again" in back.text
    # Nothing of what another site has sent is shown on a page of ours.
    for site_ in ("cross-site", "same-site", "none"):
        other = jane.post("/tickets/1001/reply", data={"text": words}, headers={"sec-fetch-site": site_})
        assert "work" not in other.text
    secret = jane.post("/tickets/1001/secret", data={"words": "hunter2", "passphrase": "x"})
    assert secret.status_code == 401 and "hunter2" not in secret.text


def test_what_was_written_comes_back_where_we_failed(talk, signed_in, site):
    jane = signed_in()
    page = jane.get("/tickets/1001")

    async def broken(octets):
        raise OSError("no space left on device")

    failing = Browser(Portal(replace(site.counter, read_letter=broken)).app, raise_server_exceptions=False)
    failing.cookies.update(jane.cookies)
    back = failing.submit(page, action="/tickets/1001/reply", text="An hour's work.")
    assert back.status_code == 500 and "An hour&#39;s work." in back.text and "no space" not in back.text


@pytest.mark.catalogue("D15")
@pytest.mark.parametrize("masking", [False, True])
def test_an_answer_by_page_reaches_copied_people_by_mail_as_reply_all_would(market, signed_in, masking):
    market.house.brands["orchard"] = replace(market.house.brands["orchard"], masking=masking)
    bob = "bob@friend.example"
    market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels", "It jams.", f"Cc: Bob <{bob}>"))
    question = market.sent("customer/confirm-copies")[0]
    signed_in().submit("/tickets/1001", action="/tickets/1001/reply", text="Before Bob was let in.")
    assert market.sent("answer") == []
    market.arrive(answered(question, JANE, "yes"), question.reply_to)
    signed_in().submit(
        "/tickets/1001",
        action="/tickets/1001/reply",
        text=f"It jams on {VENDOR}.",
        files={"files": ("roller.png", PNG, "image/png")},
    )
    (heard,) = market.sent("answer")
    assert (
        heard.to == bob
        and "Jane wrote:" in heard.text
        and "It jams on" in heard.text
        and (VENDOR in heard.text) is not masking
    )
    assert [part.get_filename() for part in heard.message.walk() if part.get_filename()] == ["roller.png"]
    ours = {sent.reply_to for sent in market.sent() if sent.participant != heard.participant}
    assert heard.reply_to not in ours and not any(address.encode() in heard.raw for address in ours if "+" in address)
    # Bob answers by mail, to the address that is his: it is his word, and reaches both others.
    assert market.arrive(answered(heard, f"Bob <{bob}>", "On my desk too."), heard.reply_to) == "continued"
    assert (market.sent("answer")[-1].to, market.sent("ticket")[-1].to) == (JANE, VENDOR)
    assert "Bob wrote:" in market.sent("answer")[-1].text and "On my desk too." in market.sent("ticket")[-1].text
    # A Reply All of Jane's own mail program goes to Bob by itself: he gets no second one.
    told = market.sent("answer")[-1]
    both = answered(told, f"Jane <{JANE}>", "To all of you.").replace("Subject:", f"Cc: Bob <{bob}>\nSubject:", 1)
    assert market.arrive(both, told.reply_to) == "continued"
    assert [sent.to for sent in market.sent("answer")] == [bob, JANE]


def test_a_ticket_of_an_unproved_mail_waits_for_its_confirmation(strict_site, strict_market):
    """P7: filed in Jane's name by somebody; she sees it after she has said that it is hers."""
    strict_market.arrive(mail(f"Jane <{JANE}>", "Shipping Labels", "Give me the money back."))
    jane = Browser(strict_site.app)
    jane.submit("/sign-in", address=JANE)
    jane.submit(link_in(strict_market, JANE))
    assert lines(jane.get("/tickets").text) == [] and jane.get("/tickets/1001").status_code == 404
    assert jane.get("/tickets?q=money").text.count("1001") == 0


def test_the_config_says_which_tickets_appear(talk, market, clock):
    def seen(**section):
        site = Portal(open_counter(market.house, market.db, clock, portal=PortalSection(**section)))
        jane = Browser(site.app)
        jane.submit("/sign-in", address=JANE)
        jane.submit(link_in(market, JANE))
        clock.at += DAY
        return lines(jane.get("/tickets?state=all").text)

    market.db.write_now(lambda tx: tx.run("UPDATE ticket SET route = 'team', team = 'billing' WHERE number = 1002"))
    assert seen() == ["1002", "1001"]
    assert seen(show=("vendor",)) == ["1001"]
    assert seen(show=("team",)) == ["1002"]
    market.db.write_now(lambda tx: tx.run("UPDATE ticket SET flags = 'late spam' WHERE number = 1001"))
    assert seen() == ["1002"]
    market.db.write_now(lambda tx: tx.run("UPDATE ticket SET flags = 'imported' WHERE number = 1001"))
    assert seen(show=("vendor", "team")) == ["1002"]


@pytest.mark.catalogue("G04")
@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("see http://a.example/x, please", 'see <a href="http://a.example/x" rel="noopener noreferrer nofollow ugc">http://a.example/x</a>, please'),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("https://good.example@evil.example/", "https://good.example@evil.example/"),
        ("http://", "http://"),
        ('https://a.example/"onx=1', '<a href="https://a.example/" rel="noopener noreferrer nofollow ugc">https://a.example/</a>&#34;onx=1'),
    ],
)  # fmt: skip
def test_a_link_says_whole_where_it_leads(text, html):
    assert shown(text) == html


@pytest.mark.catalogue("G04")
def test_a_host_in_other_letters_is_shown_as_dns_sees_it():
    assert "(xn--pple-43d.example)" in shown("https://аpple.example/login")


@given(text=st.text(max_size=300), question=st.text(max_size=30))
def test_marking_loses_and_adds_nothing(text, question):
    made = str(marked(text, words_of(question)))
    assert unescape(made.replace("<mark>", "").replace("</mark>", "")) == text or "<mark>" in text or "</mark>" in text
    assert (
        unescape(re.sub(r"</?a\b[^>]*>| \(xn--[^)]*\)| \(\?\)", "", str(shown(text)))) == text
        or "<a" in text
        or "</a" in text
    )


def test_an_answer_that_is_held_says_so(talk, signed_in):
    """A circuit breaker keeps what goes round and round on one ticket; the words are kept, and the page tells."""
    talk.house.limits = LimitsSection(breaker_per_ticket=2)
    jane = signed_in()
    done = jane.submit("/tickets/1001", action="/tickets/1001/reply", text="Again and again.")
    assert done.headers["location"] == "/tickets/1001?held"
    assert "Somebody looks at it" in jane.get(done.headers["location"]).text
    assert len(talk.rows("SELECT * FROM quarantine WHERE state = 'held'")) == 1


def test_an_answer_long_after_the_end_opens_a_ticket_that_follows(talk, signed_in, clock):
    jane = signed_in()
    jane.submit("/tickets/1001", action="/tickets/1001/close")
    clock.at += 61 * DAY
    jane = signed_in()
    done = jane.submit("/tickets/1001", action="/tickets/1001/reply", text="It is back.")
    assert done.headers["location"] == "/tickets/1003?sent#end"
    assert "It is back." in jane.get("/tickets/1003").text
