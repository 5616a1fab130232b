"""The cost of understanding a mail grows with its length and no faster, whatever a stranger writes into it."""

import time
from collections.abc import Callable
from email import message_from_bytes

import pytest

from gatepost.core import absence
from gatepost.core.identity import Authentication
from gatepost.mail.authenticate import from_results
from gatepost.mail.bounce import report
from gatepost.mail.language import language
from gatepost.mail.quote import reply_text

SHAPES = [
    ">", ">\n", "\n", "On ", "On \n", "On a wrote\n", "-", "--\n", "-- \n", "From: a\n", ":\n", "On 2024-01-01 a@b wrote:\n",
    "On 2024-01-01 a@b wrote:\n> x\ny\n", "_____\n", "##~ x\n", "sent from my x\n", "> x\ny\n", "> http\nzz\n", "From: a@b Date: 1 To: c ",
    "<a@b.example> ", "@", "<", "Message-ID:\n", "550 5.1.1 ", "x", "\u0130", "ß\n", "(", "dmarc=pass ", ";", '"', "---- a ",
]  # fmt: skip
SMALLEST = 2_000


def reading_a_report(text: str) -> None:
    head = "From: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    report(message_from_bytes(head.encode() + text.encode()))


def reading_results(text: str) -> None:
    assert from_results([text], "x.example", "mx.example")[0] is Authentication.UNVERIFIED


def reading_for_absence(text: str) -> None:
    absence.is_absence(text, text)
    absence.program_line(text)


READERS: list[Callable[[str], object]] = [
    reply_text, reading_a_report, reading_results, reading_for_absence, lambda text: language((), text),
]  # fmt: skip


@pytest.mark.catalogue("C21", "C22")
@pytest.mark.parametrize("read", READERS, ids=["reply", "report", "results", "absence", "language"])
@pytest.mark.parametrize("shape", SHAPES, ids=[repr(shape) for shape in SHAPES])
def test_twice_the_text_costs_about_twice(read, shape):
    costs = []
    for factor in (1, 2, 4, 8):
        text = (shape * (SMALLEST * factor // len(shape) + 1))[: SMALLEST * factor]
        costs.append(min(cost(read, text) for _ in range(2)))
    # Eight times the text may cost sixteen times and no more; what takes under 50 ms of processor time is not compared.
    assert costs[3] < 0.05 or costs[3] < 16 * max(costs[0], 0.001), costs


def cost(read: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    read(text)
    return time.process_time() - began
