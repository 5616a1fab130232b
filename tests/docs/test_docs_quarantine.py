"""docs/quarantine.md lists every cause as the code has it: number, word, sentence."""

from pathlib import Path

from gatepost.core.quarantine import Cause

PAGE = Path(__file__).parents[2] / "docs" / "quarantine.md"


def test_the_page_lists_every_cause():
    rows = [f"| {cause.number} | `{cause.word}` | {cause.sentence} |" for cause in Cause]
    table = "\n".join(["| number | word | the mail |", "|---|---|---|", *rows])
    _, _, rest = PAGE.read_text().partition("<!-- causes -->\n")
    assert rest.partition("\n<!-- /causes -->")[0] == table


def test_no_number_and_no_word_is_given_twice():
    assert len({cause.number for cause in Cause}) == len({cause.word for cause in Cause}) == len(Cause)
