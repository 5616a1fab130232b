"""The causes for which a mail is kept whole for a human: a closed, numbered list. A number is never given twice."""

from dataclasses import dataclass
from enum import Enum


class Cause(Enum):
    """Why a mail is in quarantine: its number, and the sentence that staff read."""

    READER_TIMEOUT = (1, "reading it took longer than the limit")
    READER_MEMORY = (2, "reading it took more memory than the limit")
    READER_CRASH = (3, "the reader died over it")
    HOSTILE = (4, "it is built to harm the program that reads it")
    HANDLING_FAILED = (5, "handling it failed again and again")
    OTHER_USER_UPDATE = (10, "a reply address of ours, used by somebody to whom it does not belong")
    SENDER_UNVERIFIED = (11, "a reply whose sender is not proved; it waits for a confirmation")
    PARTICIPANT_REMOVED = (12, "a reply by somebody who is no longer on the ticket")
    VENDOR_INACTIVE = (13, "a reply by a vendor who has left the marketplace")
    UNKNOWN_TICKET = (14, "a signed reply address of a ticket that is not there")
    UNCLEAR_ANSWER = (15, "an answer to a question of ours that is no plain yes")
    BACKSCATTER = (20, "a delivery report that cites no mail of ours")
    LOOP = (21, "it has passed through us, or through too many servers, before")
    RULE = (30, "an operator's rule put it here")
    NO_ADDRESS = (31, "none of its recipients is an address of ours any more")

    def __init__(self, number: int, sentence: str) -> None:
        self.number = number
        self.sentence = sentence

    @property
    def word(self) -> str:
        """How the cause is written in tables, logs and rules."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Somebody's word for a held mail: it lifts the check that kept it, and stands for the proof of its sender.

    Every other check is made as ever. `said` is whose word it is, in a sentence.
    """

    cause: Cause
    said: str


def lifts(release: Release | None, cause: Cause) -> bool:
    """Whether the mail is released from this cause."""
    return release is not None and release.cause is cause


def cause_of(word: str) -> Cause:
    """The cause written `word`; RULE for a word that an operator made up."""
    return Cause.__members__.get(word.upper(), Cause.RULE)
