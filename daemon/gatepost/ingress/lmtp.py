"""The LMTP door (RFC 2033): the SMTP door with LHLO, and after the final dot one reply for each accepted recipient.

The mail is committed once for all of its recipients. What is said for one of them may still differ: an address that is
postponed gets 451, the others 250, and the server in front tries again for that one alone.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from .replies import Reply
from .smtp import Conversation


class LmtpConversation(Conversation):
    """One LMTP peer."""

    speaks = b"LMTP"

    def _forget_mail(self) -> None:
        super()._forget_mail()
        self._told_yes: list[str] = []

    def _put_off(self, address: str) -> Reply | None:
        """Said at the dot instead, where each recipient has a reply of its own."""
        del address
        return None

    def _rcpt(self, argument: bytes) -> Reply:
        """RFC 2033 4.2 counts replies by accepted RCPT commands, so that a recipient named twice gets two."""
        reply = super()._rcpt(argument)
        if reply is Reply.RECIPIENT_OK:
            self._told_yes.append(self._named)
        return reply

    def _data(self, argument: bytes) -> Reply | None:
        reply = super()._data(argument)
        if reply is Reply.GO_AHEAD:
            self._asked = tuple(self._told_yes)
            self._recipients = {each: None for each in self._recipients if not self._doorway.postpones(each)}
        return reply

    async def _commit(self, raw: bytes) -> None:
        if self._recipients:
            return await super()._commit(raw)
        self._end_text()
        self._forget_mail()
        return self._answer_dot(Reply.POSTPONED)

    def _answer_dot(self, reply: bytes) -> None:
        """One reply for each recipient, in the order of RCPT; together they count as one error at most."""
        *most, last = (Reply.POSTPONED if self._doorway.postpones(each) else reply for each in self._asked)
        for each in most:
            self._say(each)
        self._answer(last)

    verbs: ClassVar[Mapping[bytes, Callable[[Any, bytes], bytes | None]]] = {
        # RFC 2033 4.1: LHLO stands for EHLO, and a client that says HELO or EHLO speaks the wrong protocol.
        **{verb: method for verb, method in Conversation.verbs.items() if verb not in (b"HELO", b"EHLO")},
        b"LHLO": Conversation._ehlo,
        b"RCPT": _rcpt,
        b"DATA": _data,
    }
