"""The courier against a sink that fails in every way at every stage."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.config import DeliverySection
from gatepost.core.outgoing import Later, Refused, Sent
from gatepost.delivery.courier import Courier
from gatepost.delivery.wire import fault_of, plain
from gatepost.demo.script import Action, Dribble, Drop, Garbage, Hang, KeepThenDrop, Partial, Reply, Slow, Stage
from gatepost.demo.sink import Sink

MAIL = b"Message-ID: <1@market.example>\r\nSubject: x\r\n\r\ntext\r\n"
FROM = "bounces@market.example"
PLAIN = ("SIZE 52428800", "8BITMIME")
PATIENT = 10.0
PIPELINED = ("PIPELINING", *PLAIN)

OpenSink = Callable[..., "asyncio.Future[Sink]"]
MakeCourier = Callable[..., Courier]


@pytest.fixture(params=[PLAIN, PIPELINED], ids=["step by step", "pipelined"])
def extensions(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return tuple(request.param)


async def test_a_mail_arrives_as_it_is(
    sink_with: OpenSink, courier_to: MakeCourier, extensions: tuple[str, ...]
) -> None:
    sink = await sink_with(extensions=extensions)
    (answer,) = await courier_to(sink.port).send(FROM, ["ann@a.example"], MAIL)
    assert answer == Sent(code=250, said="2.0.0 queued as 1")
    (mail,) = sink.mails
    assert (mail.mail_from, mail.recipients, mail.content) == (FROM, ("ann@a.example",), MAIL)
    assert mail.parameters == f"SIZE={len(MAIL)}"


async def test_the_null_sender(sink_with: OpenSink, courier_to: MakeCourier) -> None:
    sink = await sink_with()
    await courier_to(sink.port).send("", ["ann@a.example"], MAIL)
    assert sink.mails[0].mail_from == ""


FAULTS: dict[str, Action] = {
    "4xx": Reply(450, "4.2.0 not now"),
    "5xx": Reply(550, "5.7.1 never"),
    "421": Reply(421, "4.3.2 going down"),
    "drop": Drop(),
    "reset": Drop(reset=True),
    "hang": Hang(),
    "dribble": Dribble(every=0.02),
    "garbage": Garbage(),
    "partial line": Partial(),
    "partial answer": Partial(b"250-first\r\n"),
}
SILENT = {"hang", "dribble", "partial line", "partial answer"}
STAGES = [Stage.CONNECT, Stage.EHLO, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.END]


@pytest.mark.catalogue("F05", "F06", "F12")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stage", STAGES)
async def test_every_fault_at_every_stage(
    sink_with: OpenSink, courier_to: MakeCourier, extensions: tuple[str, ...], stage: Stage, fault: str
) -> None:
    sink = await sink_with([(stage, FAULTS[fault])], extensions=extensions)
    opening = stage in (Stage.CONNECT, Stage.EHLO)
    courier = courier_to(
        sink.port,
        seconds=0.1 if fault in SILENT else PATIENT,
        connect_seconds=0.1 if fault in SILENT and opening else PATIENT,
    )
    (answer,) = await courier.send(FROM, ["ann@a.example"], MAIL)
    if opening:
        if (stage, fault) == (Stage.EHLO, "5xx") or (stage, fault) == (Stage.EHLO, "4xx"):
            assert isinstance(answer, Sent)  # HELO was tried instead.
            return
        assert isinstance(answer, Later) and answer.unreachable
        assert answer.said
    elif fault == "5xx":
        assert answer == Refused(code=550, said="5.7.1 never")
    else:
        assert isinstance(answer, Later) and not answer.unreachable
        assert answer.said
        assert answer.code == {"4xx": 450, "421": 421}.get(fault, 0)
    assert sink.mails == []
    (again,) = await courier_to(sink.port).send(FROM, ["ann@a.example"], MAIL)
    assert isinstance(again, Sent)
    assert len(sink.mails) == 1


@pytest.mark.catalogue("F08")
async def test_a_lost_answer_to_the_data_means_once_more_and_the_same_bytes(
    sink_with: OpenSink, courier_to: MakeCourier, extensions: tuple[str, ...]
) -> None:
    sink = await sink_with([(Stage.END, KeepThenDrop())], extensions=extensions)
    courier = courier_to(sink.port)
    (answer,) = await courier.send(FROM, ["ann@a.example"], MAIL)
    assert isinstance(answer, Later) and "after the mail was sent" in answer.said
    await courier.send(FROM, ["ann@a.example"], MAIL)
    assert [mail.content for mail in sink.mails] == [MAIL, MAIL]


@pytest.mark.catalogue("F12")
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.END])
async def test_an_answer_that_stops_at_any_byte_is_given_up(
    sink_with: OpenSink, courier_to: MakeCourier, stage: Stage
) -> None:
    whole = b"250-2.0.0 yes\r\n250 indeed\r"
    sink = await sink_with(*([(stage, Partial(whole[:n]))] for n in range(len(whole))))
    couriers = [courier_to(sink.port, seconds=0.1, connect_seconds=PATIENT) for _ in whole]
    tries = [courier.send(FROM, ["ann@a.example"], MAIL) for courier in couriers]
    for (answer,) in await asyncio.gather(*tries):
        assert isinstance(answer, Later) and answer.said.endswith("no answer within 0.1 s")
    assert sink.mails == []


@pytest.mark.catalogue("F07")
async def test_each_recipient_has_an_end_of_its_own(
    sink_with: OpenSink, courier_to: MakeCourier, extensions: tuple[str, ...]
) -> None:
    sink = await sink_with(extensions=extensions)
    people = ["temperror@a.example", "ann@a.example", "permerror@a.example"]
    first, second, third = await courier_to(sink.port).send(FROM, people, MAIL)
    assert (first, third) == (
        Later(code=451, said="4.3.0 a fault on request"),
        Refused(code=550, said="5.1.1 no such mailbox, on request"),
    )
    assert isinstance(second, Sent)
    assert [mail.recipients for mail in sink.mails] == [("ann@a.example",)]


async def test_too_many_recipients_is_no_refusal(sink_with: OpenSink, courier_to: MakeCourier) -> None:
    sink = await sink_with([(Stage.RCPT, Slow(0)), (Stage.RCPT, Reply(552, "too many recipients"))])
    first, second = await courier_to(sink.port).send(FROM, ["ann@a.example", "bob@a.example"], MAIL)
    assert isinstance(first, Sent)
    assert second == Later(code=552, said="too many recipients")


@pytest.mark.parametrize("code", [530, 535])
async def test_a_server_that_wants_a_sign_in_refuses_nobody_for_good(
    sink_with: OpenSink, courier_to: MakeCourier, code: int
) -> None:
    sink = await sink_with([(Stage.MAIL, Reply(code, "5.7.0 sign in first"))])
    (answer,) = await courier_to(sink.port).send(FROM, ["ann@a.example"], MAIL)
    assert answer == Later(code=code, said="5.7.0 sign in first")


async def test_data_answered_with_250_is_not_taken_for_sent(
    sink_with: OpenSink, courier_to: MakeCourier, extensions: tuple[str, ...]
) -> None:
    sink = await sink_with([(Stage.DATA, Reply(250, "done already"))], extensions=extensions)
    (answer,) = await courier_to(sink.port).send(FROM, ["ann@a.example"], MAIL)
    assert isinstance(answer, Later)
    assert sink.mails == []


async def test_a_connection_is_kept_and_reset_after_a_refusal(
    sink_with: OpenSink, courier_to: MakeCourier, extensions: tuple[str, ...]
) -> None:
    sink = await sink_with(extensions=extensions)
    courier = courier_to(sink.port)
    for address in ("ann@a.example", "permerror@a.example", "bob@a.example"):
        await courier.send(FROM, [address], MAIL)
    assert [(mail.recipients, mail.connection) for mail in sink.mails] == [
        (("ann@a.example",), 0),
        (("bob@a.example",), 0),
    ]


async def test_a_kept_connection_that_died_says_nothing_about_the_mail(
    sink_with: OpenSink, courier_to: MakeCourier
) -> None:
    sink = await sink_with()
    courier = courier_to(sink.port)
    await courier.send(FROM, ["ann@a.example"], MAIL)
    for conversation in tuple(sink.open):
        conversation.break_off()
    (answer,) = await courier.send(FROM, ["bob@a.example"], MAIL)
    assert isinstance(answer, Sent)
    assert [mail.connection for mail in sink.mails] == [0, 1]


@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.END])
async def test_a_kept_connection_that_is_sent_away_says_nothing_about_the_mail(
    sink_with: OpenSink, courier_to: MakeCourier, extensions: tuple[str, ...], stage: Stage
) -> None:
    sink = await sink_with([(stage, Slow(0)), (stage, Reply(421, "4.4.2 idle"))], extensions=extensions)
    courier = courier_to(sink.port)
    for address in ("ann@a.example", "bob@a.example"):
        assert isinstance((await courier.send(FROM, [address], MAIL))[0], Sent)
    assert [mail.connection for mail in sink.mails] == [0, 1]


async def test_a_host_that_is_not_there(courier_to: MakeCourier, sink_with: OpenSink) -> None:
    sink = await sink_with()
    await sink.close()
    (answer,) = await courier_to(sink.port).send(FROM, ["ann@a.example"], MAIL)
    assert isinstance(answer, Later) and answer.unreachable and answer.code == 0
    assert answer.said.startswith("connect: ")


async def test_a_large_mail_goes_through_a_narrow_pipe(
    sink_with: OpenSink, courier_to: MakeCourier, extensions: tuple[str, ...]
) -> None:
    sink = await sink_with(extensions=extensions)
    content = b"Subject: big\r\n\r\n" + (b".x" * 39 + b"\r\n") * 50_000
    (answer,) = await courier_to(sink.port).send(FROM, ["ann@a.example"], content)
    assert isinstance(answer, Sent)
    assert sink.mails[0].content == content


@pytest.mark.catalogue("F04")
@given(lines=st.lists(st.text(alphabet=". ab", max_size=6), max_size=12))
def test_dots_at_the_beginning_of_lines_survive(lines: list[str]) -> None:
    content = "".join(f"{line}\r\n" for line in ["", *lines]).encode()

    async def trip() -> bytes:
        async with Sink() as sink:
            courier = courier_for(sink.port)
            await courier.send(FROM, ["ann@a.example"], content)
            await courier.close()
            return sink.mails[0].content

    assert asyncio.run(trip()) == content


def courier_for(port: int) -> Courier:
    return Courier(DeliverySection(smarthost=f"127.0.0.1:{port}", tls="none"), hostname="gate.example")


ODD_ADDRESSES = [
    "a@b.example>\r\nRCPT TO:<c@d.example",
    "a@b.example,c@d.example",
    "a@b.example NOTIFY=SUCCESS",
    "<a@b.example>",
    "a b@c.example",
    "a@b@c.example",
    '"a b"@c.example',
    "a",
    "@b.example",
    "a@",
    "a@-b.example",
    "ä b@b.example",
    "ä\u202eb@b.example",
    "ä\x85@b.example",
    "ä@b@c.example",
    "ä>@b.example",
    "ä@b\u3002\u3002example",
    f"{'ä' * 33}@b.example",
    "a@b.example\n",
    f"{'a' * 65}@b.example",
    f"a@{'b' * 254}",
]


@pytest.mark.catalogue("F02")
@pytest.mark.parametrize("odd", ODD_ADDRESSES)
async def test_an_address_that_is_more_than_one_never_reaches_the_wire(
    sink_with: OpenSink, courier_to: MakeCourier, odd: str
) -> None:
    sink = await sink_with()
    refused, good = await courier_to(sink.port).send(FROM, [odd, "ann@a.example"], MAIL)
    assert isinstance(refused, Refused) and refused.code == 0
    assert isinstance(good, Sent)
    assert [mail.recipients for mail in sink.mails] == [("ann@a.example",)]
    (answer,) = await courier_to(sink.port).send(odd, ["ann@a.example"], MAIL)
    assert isinstance(answer, Refused)
    assert len(sink.mails) == 1


@pytest.mark.parametrize("good", ["a@b.example", "a..b@c.example", "support+t1.ab=x@m.example", "a@xn--b.example"])
def test_the_addresses_of_plain_people(good: str) -> None:
    assert plain(good)


INTERNATIONAL = ("PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8")
TO_ADA = "From: a@b.example\r\nTo: ада@xn--80a1acny.example\r\n\r\nHello.\r\n".encode()


async def test_an_address_beyond_ascii_goes_to_a_server_that_takes_it(
    sink_with: OpenSink, courier_to: MakeCourier
) -> None:
    sink = await sink_with(extensions=INTERNATIONAL)
    (answer,) = await courier_to(sink.port).send(FROM, ["ада@почта.example"], TO_ADA)
    assert isinstance(answer, Sent)
    (mail,) = sink.mails
    assert (mail.recipients, mail.content) == (("ада@xn--80a1acny.example",), TO_ADA)
    assert "SMTPUTF8" in mail.parameters and "BODY=8BITMIME" in mail.parameters


async def test_a_server_that_does_not_is_told_nothing_and_the_next_mail_goes_out(
    sink_with: OpenSink, courier_to: MakeCourier
) -> None:
    sink = await sink_with()
    courier = courier_to(sink.port)
    (answer,) = await courier.send(FROM, ["ада@почта.example"], TO_ADA)
    assert isinstance(answer, Refused) and "SMTPUTF8" in answer.said
    (answer,) = await courier.send(FROM, ["ann@a.example"], MAIL)
    assert isinstance(answer, Sent)
    assert (len(sink.mails), sink.connections) == (1, 1)


async def test_a_domain_beyond_ascii_alone_needs_no_such_server(sink_with: OpenSink, courier_to: MakeCourier) -> None:
    sink = await sink_with()
    (answer,) = await courier_to(sink.port).send(FROM, ["ann@bücher.example"], MAIL)
    assert isinstance(answer, Sent)
    (mail,) = sink.mails
    assert mail.recipients == ("ann@xn--bcher-kva.example",)
    assert "SMTPUTF8" not in mail.parameters


@pytest.mark.catalogue("F03")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a\r\nb", "does not end with CRLF"),
        (b"a\nb\r\n", "bare CR or LF"),
        (b"a\rb\r\n", "bare CR or LF"),
        (b"a\r\n.\r\r\n", "bare CR or LF"),
        (b"a\0b\r\n", "NUL"),
        (b"x" * 999 + b"\r\n", "a line of more than 998 octets"),
        (b"", "does not end with CRLF"),
    ],
)
async def test_bytes_that_could_be_misread_never_reach_the_wire(
    sink_with: OpenSink, courier_to: MakeCourier, content: bytes, why: str
) -> None:
    sink = await sink_with()
    (answer,) = await courier_to(sink.port).send(FROM, ["ann@a.example"], content)
    assert isinstance(answer, Refused) and why in answer.said
    assert sink.connections == 0


@pytest.mark.catalogue("F03")
@given(st.lists(st.binary(max_size=8).map(lambda b: b.translate(None, b"\r\n\0")), min_size=1))
def test_lines_joined_by_crlf_may_be_sent(lines: list[bytes]) -> None:
    assert fault_of(b"\r\n".join(lines) + b"\r\n") == ""


@pytest.mark.catalogue("F03")
async def test_eight_bits_go_only_to_a_server_that_takes_them(sink_with: OpenSink, courier_to: MakeCourier) -> None:
    content = "Subject: x\r\n\r\nGrüße\r\n".encode()
    seven = await sink_with(extensions=("PIPELINING",))
    (answer,) = await courier_to(seven.port).send(FROM, ["ann@a.example"], content)
    assert isinstance(answer, Refused) and "8-bit" in answer.said
    eight = await sink_with()
    (answer,) = await courier_to(eight.port).send(FROM, ["ann@a.example"], content)
    assert isinstance(answer, Sent)
    assert "BODY=8BITMIME" in eight.mails[0].parameters


async def test_the_words_of_the_server_are_one_printable_line(sink_with: OpenSink, courier_to: MakeCourier) -> None:
    sink = await sink_with([(Stage.RCPT, Reply(450, "first\nsecond \x1b[31mred" + "x" * 2000))])
    (answer,) = await courier_to(sink.port).send(FROM, ["ann@a.example"], MAIL)
    assert answer.said.startswith("first second  [31mred")
    assert len(answer.said) <= 500


async def test_a_dribble_of_bytes_does_not_stretch_the_time(sink_with: OpenSink, courier_to: MakeCourier) -> None:
    sink = await sink_with([(Stage.RCPT, Dribble(every=0.02))])
    courier = courier_to(sink.port, seconds=0.1, connect_seconds=PATIENT)
    (answer,) = await courier.send(FROM, ["ann@a.example"], MAIL)
    assert answer == Later(said="no answer within 0.1 s")
