"""A command leaves a question for the running desk, which alone writes its database; the closed list of questions."""

import asyncio
import json

import pytest

from gatepost.errors import PermanentError, TemporaryError
from gatepost.tray import Question, Tray, ask


async def echo(said):
    if "wrong" in said:
        raise PermanentError("that is wrong", "Ask better.")
    return said


@pytest.fixture
def tray(tmp_path):
    return Tray(tmp_path, dict.fromkeys(Question, echo))


def asked(data, tray, said, question=Question.FORGET):
    return ask(data, question, said, lambda: 0.0, pause=lambda _: asyncio.run(tray.look()))


def test_a_question_is_answered_and_nothing_is_left(tmp_path, tray):
    assert asked(tmp_path, tray, {"id": 7, "said": "ü"}) == {"id": 7, "said": "ü"}
    assert list((tmp_path / "tray").iterdir()) == []


def test_what_the_desk_refuses_is_told_to_the_command(tmp_path, tray):
    with pytest.raises(PermanentError, match="that is wrong"):
        asked(tmp_path, tray, {"wrong": True})


def test_questions_are_answered_in_the_order_in_which_they_came(tmp_path):
    seen = []

    async def remember(said):
        seen.append(said["n"])
        return {}

    tray = Tray(tmp_path, dict.fromkeys(Question, remember))
    for n in range(5):
        with pytest.raises(TimeoutError):
            ask(tmp_path, Question.RELEASE, {"n": n}, lambda: 0.0, pause=lambda _: (_ for _ in ()).throw(TimeoutError))
    asyncio.run(tray.look())
    assert seen == [0, 1, 2, 3, 4]


def test_a_desk_that_does_not_answer_leaves_nothing_in_the_tray(tmp_path):
    times = iter([0.0, 30.0, 61.0])
    with pytest.raises(TemporaryError, match="did not answer"):
        ask(tmp_path, Question.RELEASE, {}, lambda: next(times), pause=lambda _: None)
    assert list((tmp_path / "tray").iterdir()) == []


@pytest.mark.parametrize("content", ["{}", "[]", "not json", '{"question": "shutdown", "said": {}}'])
def test_what_is_no_question_is_answered_and_taken_away(tmp_path, tray, content):
    (tmp_path / "tray").mkdir()
    (tmp_path / "tray" / "1.json").write_text(content)
    asyncio.run(tray.look())
    answer = json.loads((tmp_path / "tray" / "1.done").read_text())
    assert "not a question" in answer["error"] and not (tmp_path / "tray" / "1.json").exists()


def test_a_new_desk_clears_answers_that_nobody_fetched(tmp_path):
    (tmp_path / "tray").mkdir()
    (tmp_path / "tray" / "1.done").write_text("{}")
    Tray(tmp_path, dict.fromkeys(Question, echo))
    assert list((tmp_path / "tray").iterdir()) == []


def test_every_question_has_somebody_who_answers_it(tmp_path):
    with pytest.raises(ValueError, match="nobody answers"):
        Tray(tmp_path, {Question.IMPORT: echo})
