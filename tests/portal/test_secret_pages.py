"""One-time secrets (S2) and temporary administrators (S3): handed over on a page, read once, tracked to their end."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.portal.conftest import JANE, answered, mail
from tests.portal.test_impersonation import Desk

from gatepost.case import case_of
from gatepost.core import DAY
from gatepost.core.audit import Action
from gatepost.links import For
from gatepost.privacy.handing import Ending, Handed, expire, hand_over, read
from gatepost.store import audit, one_time, tickets
from gatepost.store.one_time import State
from gatepost.vault import Purpose, Sealed, Unopened, Vault

CANARY = "Rev3al!Canary9"
ACME = "Ann <tickets@acme.example>"


@pytest.fixture
def filed(market):
    """A ticket of Jane's at Acme."""
    market.arrive(mail(f"Jane Roe <{JANE}>", "Shipping Labels prints nothing", "It stays blank."))
    return market


def link(text: str, path: str) -> str:
    """The path of the page in a mail of ours."""
    return re.search(rf"https://my\.orchard\.example(/{path}[\w.~-]+)", text)[1]


def hand(market, browser, **fields) -> str:
    """Hand something over as Jane, by a link; the path of the page that reveals it."""
    token = market.house.links.sign(For.HAND_OVER, (1001, 1), market.now + DAY)
    answer = browser().submit(f"/secret/give/{token}", **({"words": CANARY} | fields))
    assert answer.status_code == 200 and "Acme gets a link" in answer.text
    return link(market.sent("customer/secret-link")[-1].text, "secret/")


def actions(market) -> list[str]:
    return [row["action"] for row in market.rows("SELECT action FROM audit ORDER BY id")]


@pytest.mark.catalogue("K01")
def test_what_is_handed_over_is_shown_once_by_post_and_never_by_a_look(filed, browser):
    page = hand(filed, browser)
    scanner = browser(headers={"user-agent": "safelinks"})
    for _ in range(3):
        assert CANARY not in scanner.get(page).text
        assert scanner.head(page).status_code == 200
    vendor = browser()
    assert "Jane has handed over something" in vendor.get(page).text
    shown = vendor.submit(page)
    assert CANARY in shown.text and shown.headers["cache-control"] == "no-store"
    again = vendor.get(page)
    assert again.status_code == 410 and CANARY not in again.text and "was read on" in again.text
    assert actions(filed) == [Action.SECRET_CREATED.value, Action.SECRET_REVEALED.value]


def test_the_link_goes_to_who_answers_and_its_text_is_forgotten_once_sent(filed, browser):
    hand(filed, browser)
    (sent,) = filed.sent("customer/secret-link")
    assert sent.to == "tickets@acme.example"
    assert CANARY.encode() not in sent.raw


@pytest.mark.catalogue("K03")
def test_of_twenty_wrong_passphrases_at_once_five_count_and_the_right_one_comes_too_late(filed, browser):
    token = hand(filed, browser, passphrase="open sesame").rpartition("/")[2]

    def attempt(guess: str):
        return filed.db.write_now(lambda tx: read(tx, filed.house, token, guess, filed.now)).ending

    with ThreadPoolExecutor(20) as crowd:
        endings = list(crowd.map(lambda n: attempt(f"guess {n}"), range(20)))
    assert sorted(endings, key=str) == sorted([Ending.WRONG] * 4 + [Ending.GONE] * 16, key=str)
    assert attempt("open sesame") is Ending.GONE
    assert filed.rows("SELECT octets, state FROM one_time_secret")[0]["octets"] == b""


@pytest.mark.parametrize(
    ("given", "typed"),
    [("open sesame", " open sesame\t"), ("Gr\u00fc\u00dfe", "Gru\u0308\u00dfe"), ("long " * 60, "long " * 60)],
)
def test_a_passphrase_is_the_same_however_it_is_typed(filed, browser, given, typed):
    page = hand(filed, browser, passphrase=given)
    assert CANARY in browser().submit(page, passphrase=typed).text


@pytest.mark.catalogue("K02")
def test_of_fifty_who_ask_at_once_one_gets_it(filed, browser):
    token = hand(filed, browser).rpartition("/")[2]
    with ThreadPoolExecutor(50) as crowd:
        readings = list(
            crowd.map(lambda _: filed.db.write_now(lambda tx: read(tx, filed.house, token, "", filed.now)), range(50))
        )
    assert [reading.ending for reading in readings].count(Ending.SHOWN) == 1
    assert [reading.words for reading in readings if reading.words] == [CANARY]
    assert filed.rows("SELECT octets FROM one_time_secret")[0]["octets"] == b""


@pytest.mark.catalogue("K03")
def test_five_wrong_passphrases_destroy_it(filed, browser):
    page = hand(filed, browser, passphrase="open sesame")
    vendor = browser()
    assert "passphrase" in vendor.get(page).text
    for left in (4, 3, 2, 1):
        wrong = vendor.submit(page, passphrase="wrong")
        assert wrong.status_code == 422 and f"{left} tr" in wrong.text and CANARY not in wrong.text
    assert vendor.submit(page, passphrase="wrong").status_code == 410
    gone = vendor.get(page)
    assert gone.status_code == 410 and "too often" in gone.text
    assert filed.rows("SELECT octets, state FROM one_time_secret")[0]["state"] == "destroyed"
    assert actions(filed)[-1] == Action.SECRET_DESTROYED.value


@pytest.mark.catalogue("K03")
def test_the_right_passphrase_opens_it(filed, browser):
    page = hand(filed, browser, passphrase="open sesame")
    assert CANARY in browser().submit(page, passphrase="open sesame").text


@pytest.mark.catalogue("K03")
@pytest.mark.parametrize(("asked", "days"), [("1", 1), ("7", 7), ("365", 3)])
def test_it_ends_after_its_days_and_never_after_more_than_seven(filed, browser, clock, asked, days):
    page = hand(filed, browser, days=asked)
    (row,) = filed.rows("SELECT * FROM one_time_secret")
    assert row["expires"] == filed.now + days * DAY
    clock.at = filed.now + days * DAY
    assert browser().get(page).status_code == 410
    token = page.rpartition("/")[2]
    assert filed.db.write_now(lambda tx: read(tx, filed.house, token, "", clock.now())).ending is Ending.GONE
    assert filed.db.write_now(lambda tx: expire(tx, filed.house, clock.now())) == 1
    assert filed.rows("SELECT octets, state FROM one_time_secret")[0]["octets"] == b""
    assert actions(filed)[-1] == Action.SECRET_DESTROYED.value


@pytest.mark.catalogue("K03")
def test_whoever_guesses_links_is_asked_to_wait(filed, browser):
    hand(filed, browser)
    guesser = browser()
    statuses = [guesser.get(f"/secret/{'x' * 40}{number}").status_code for number in range(12)]
    assert statuses[0] == 404 and statuses[-1] == 429


@pytest.mark.catalogue("K04")
def test_database_and_server_key_without_the_link_open_nothing(filed, browser):
    token = hand(filed, browser).rpartition("/")[2]
    (row,) = filed.rows("SELECT * FROM one_time_secret")
    assert CANARY.encode() not in bytes(row["octets"]) and token not in repr(tuple(row))
    sealed = Sealed(key=row["key"], octets=bytes(row["octets"]))
    vault, about = filed.house.vault, f"secret {row['id']}"
    for attempt in (b"", row["hash"].encode(), bytes.fromhex(row["hash"]), (token + "x").encode()):
        with pytest.raises(Unopened):
            vault.open(Purpose.ONE_TIME, about, sealed, token=attempt)
    with pytest.raises(Unopened):
        vault.open(Purpose.ONE_TIME, "secret 99", sealed, token=token.encode())
    with pytest.raises(Unopened):
        vault.open(Purpose.RAW, about, sealed, token=token.encode())
    other = Vault(current=row["key"], keys={row["key"]: b"k" * 64})
    with pytest.raises(Unopened):
        other.open(Purpose.ONE_TIME, about, sealed, token=token.encode())
    assert vault.open(Purpose.ONE_TIME, about, sealed, token=token.encode()) == CANARY.encode()


@pytest.mark.catalogue("K05")
def test_neither_words_nor_keys_stand_in_a_repr(filed):
    vault = Vault(current=1, keys={1: b"secretsecretsecretsecretsecretse"})
    assert "secretsecret" not in repr(vault)
    assert CANARY not in repr(Handed(words=CANARY, days=1, passphrase=CANARY))


def test_a_customer_hands_over_on_a_ticket_of_their_own_and_on_no_other(filed, signed_in):
    jane, eddie = signed_in(JANE), signed_in("eddie@customer.example")
    assert "Acme can read it once" in jane.get("/tickets/1001/secret").text
    assert jane.submit("/tickets/1001/secret", words=CANARY).status_code == 200
    assert eddie.get("/tickets/1001/secret").status_code == 404
    assert jane.get("/tickets/99/secret").status_code == 404
    assert len(filed.rows("SELECT * FROM one_time_secret")) == 1


@pytest.mark.parametrize(("words", "said"), [(" \r\n ", "what you want to hand over"), ("x" * 20_001, "too long")])
def test_nothing_and_too_much_is_refused_with_a_sentence(filed, browser, words, said):
    token = filed.house.links.sign(For.HAND_OVER, (1001, 1), filed.now + DAY)
    answer = browser().submit(f"/secret/give/{token}", words=words)
    assert answer.status_code == 422 and said in answer.text
    assert not filed.rows("SELECT * FROM one_time_secret")


def test_what_a_vendor_hands_over_goes_to_the_customer(filed, browser):
    token = filed.house.links.sign(For.HAND_OVER, (1001, 2), filed.now + DAY)
    answer = browser().submit(f"/secret/give/{token}", words=CANARY)
    assert "Jane gets a link" in answer.text and "temporary" not in browser().get(f"/secret/give/{token}").text
    assert filed.sent("customer/secret-link")[0].to == JANE


def command(market, word: str) -> None:
    (ticket,) = market.sent("ticket")
    market.arrive(answered(ticket, ACME, f"{word}\n\nPlease let me look."), ticket.reply_to)


def test_a_vendors_command_asks_the_customer_for_a_secret(filed, browser):
    command(filed, "#secret")
    (asked,) = filed.sent("customer/hand-over")
    assert asked.to == JANE
    assert "Acme can read it once" in browser().get(link(asked.text, "secret/give/")).text
    assert "was sent a link" in filed.sent("transcript")[0].text


@pytest.mark.catalogue("K08")
def test_the_text_about_access_names_other_means_a_copy_and_data_protection_first(filed, browser):
    command(filed, "#access")
    (asked,) = filed.sent("customer/access")
    text = " ".join(asked.text.split())
    wanted = (
        "Other means first", "system status report", "staging site", "Health Check", "role Administrator",
        "Never give your own login", "never by mail", "Delete the user", "Data protection", "GDPR", "You may say no",
    )  # fmt: skip
    places = [text.index(word) for word in wanted]
    assert places == sorted(places)
    assert browser().get(link(asked.text, "secret/give/")).status_code == 200


def temporary(market, browser) -> None:
    hand(market, browser, temporary="yes", login="acme-helper")


@pytest.mark.catalogue("K08")
def test_a_temporary_administrator_is_tracked_and_its_owner_reminded_when_its_time_is_over(filed, browser):
    temporary(filed, browser)
    temporary(filed, browser)
    (account,) = filed.rows("SELECT * FROM access_account")
    assert (account["login"], account["expires"]) == ("acme-helper", filed.now + 14 * DAY)
    filed.now += 14 * DAY
    assert "access" in filed.do_what_is_due()
    (reminder,) = filed.sent("customer/access-remove")
    assert reminder.to == JANE and "acme-helper" in reminder.text and "time that you set is over" in reminder.text


@pytest.mark.catalogue("K08")
def test_closing_a_ticket_reminds_of_its_temporary_administrators(filed, browser):
    temporary(filed, browser)
    command(filed, "#close")
    (reminder,) = filed.sent("customer/access-remove")
    assert reminder.to == JANE and "is closed" in " ".join(reminder.text.split())
    page = link(reminder.text, "access/")
    assert "acme-helper" in browser().get(page).text
    assert filed.rows("SELECT removed FROM access_account")[0]["removed"] is None
    assert "remind you no more" in browser().submit(page).text
    assert filed.rows("SELECT removed FROM access_account")[0]["removed"] == filed.now
    filed.now += 15 * DAY
    filed.do_what_is_due()
    assert len(filed.sent("customer/access-remove")) == 1


def leave(market, number):
    sql = "UPDATE participant SET membership = 'removed' WHERE ticket = 1001 AND number = :number"
    market.db.write_now(lambda tx: tx.run(sql, number=number))


def test_a_link_about_temporary_administrators_ends_with_its_persons_part_in_the_ticket(filed, browser):
    temporary(filed, browser)
    command(filed, "#close")
    page = link(filed.sent("customer/access-remove")[0].text, "access/")
    asked = browser().get(page)
    leave(filed, 1)
    assert browser().get(page).status_code == 410
    assert browser().submit(asked).status_code == 410
    assert filed.rows("SELECT removed FROM access_account")[0]["removed"] is None


def test_whoever_left_the_ticket_reads_nothing_that_was_handed_over_before(filed, browser):
    page = hand(filed, browser)
    waiting = browser().get(page)
    leave(filed, 2)
    for answer in (browser().get(page), browser().submit(waiting)):
        assert answer.status_code == 410 and CANARY not in answer.text
    assert filed.rows("SELECT state FROM one_time_secret")[0]["state"] == "open"


def test_a_ticket_without_one_closes_without_a_reminder(filed):
    command(filed, "#close")
    assert not filed.sent("customer/access-remove")


def test_a_secret_for_nobody_is_not_taken(filed):
    def run(tx):
        case = case_of(tx, filed.house, tickets.find(tx, 1001), filed.now)
        stranger = case.participants[1]
        tx.run("UPDATE participant SET membership = 'removed' WHERE ticket = 1001 AND number = 1")
        case = case_of(tx, filed.house, tickets.find(tx, 1001), filed.now)
        hand_over(tx, filed.house, case, stranger, Handed(words=CANARY, days=1), filed.now)

    with pytest.raises(LookupError):
        filed.db.write_now(run)
    assert not filed.rows("SELECT * FROM one_time_secret")


def test_the_audit_log_names_who_and_never_what(filed, browser):
    page = hand(filed, browser)
    browser().submit(page)
    entries = filed.db.read_now(lambda tx: list(audit.entries(tx)))
    assert [entry.actor.text for entry in entries] == [JANE, "tickets@acme.example"]
    assert CANARY not in repr(entries)
    assert filed.db.read_now(lambda tx: one_time.find(tx, 1)).state is State.REVEALED


@pytest.mark.catalogue("K06")
def test_who_is_logged_in_as_the_customer_neither_reads_nor_makes_a_secret_and_is_on_record(market):
    desk = Desk(market)
    anna = desk.granted(scope="act")
    give = f"/secret/give/{market.house.links.sign(For.HAND_OVER, (1001, 1), market.now + DAY)}"
    assert desk.browser().submit(give, words=CANARY).status_code == 200
    read_page = link(market.sent("customer/secret-link")[0].text, "secret/")
    for path in (give, "/tickets/1001/secret", read_page):
        looked, tried = anna.get(path), anna.post(path, data={"form": "x", "words": CANARY})
        assert (looked.status_code, tried.status_code) == (403, 403)
        assert CANARY not in looked.text + tried.text
    (secret,) = market.rows("SELECT state FROM one_time_secret")
    assert secret["state"] == "open"
    refused = desk.audit(Action.IMPERSONATION_REFUSED.value)
    assert [entry.actor.text for entry in refused] == ["anna"] * 3
    assert {entry.on_behalf_of.party for entry in refused} == {desk.jane}


@pytest.mark.catalogue("I12", "I24")
@pytest.mark.parametrize("number", ["²", "٣", "9" * 30, "-1", "x"])
def test_a_ticket_with_a_number_that_is_none_is_not_there(filed, signed_in, number):
    assert signed_in().get(f"/tickets/{number}/secret").status_code == 404
