"""Every reply of the SMTP and LMTP doors, listed once: a basic code, an enhanced code (RFC 3463), one generic sentence.

No reply tells what is inside: the details stand in the log, under the id in brackets where there is one.
"""

from enum import Enum


class Reply(bytes, Enum):
    """One reply line without its CRLF."""

    OK = b"250 2.0.0 Ok"
    SENDER_OK = b"250 2.1.0 Ok"
    RECIPIENT_OK = b"250 2.1.5 Ok"
    GO_AHEAD = b"354 End data with <CR><LF>.<CR><LF>"
    START_TLS = b"220 2.0.0 Ready to start TLS"
    BYE = b"221 2.0.0 Bye"
    CANNOT_VERIFY = b"252 2.0.0 Cannot verify, but will take mail for our addresses"
    HELP = b"214 2.0.0 EHLO HELO MAIL RCPT DATA RSET NOOP VRFY STARTTLS QUIT"

    SHUTTING_DOWN = b"421 4.3.2 Service is stopping, try again later"
    TIMEOUT = b"421 4.4.2 Timeout, closing the connection"
    TOO_MANY_CONNECTIONS = b"421 4.7.0 Too many connections, try again later"
    TOO_MANY_COMMANDS = b"421 4.7.0 Too many commands, closing the connection"
    TOO_MANY_ERRORS = b"421 4.7.0 Too many errors, closing the connection"

    POSTPONED = b"451 4.2.1 This address takes no mail for now, try again later"
    DISK_LOW = b"452 4.3.1 Not enough room, try again later"
    TOO_MANY_RECIPIENTS = b"452 4.5.3 Too many recipients, send the rest in another mail"

    NOT_MAIL = b"500 5.5.2 This is a mail server, good bye"
    UNKNOWN = b"500 5.5.1 Command not recognized"
    LINE_TOO_LONG = b"500 5.5.2 Command line too long"
    BARE_NEWLINE = b"500 5.5.2 Lines end with CR LF, closing the connection"
    CONTROL_BYTES = b"500 5.5.2 Control characters in a command"
    SYNTAX = b"501 5.5.4 Syntax error in parameters"
    SENDER_SYNTAX = b"501 5.1.7 Syntax error in the sender address"
    RECIPIENT_SYNTAX = b"501 5.1.3 Syntax error in the recipient address"
    NOT_IMPLEMENTED = b"502 5.5.1 Command not implemented"
    BAD_SEQUENCE = b"503 5.5.1 Bad sequence of commands"
    HELO_FIRST = b"503 5.5.1 Say EHLO or HELO first"
    ALREADY_TLS = b"503 5.5.1 TLS is already active"
    TLS_FIRST = b"530 5.7.0 Issue STARTTLS first"
    NO_SUCH_USER = b"550 5.1.1 No such address here"
    NO_RELAY = b"550 5.7.1 We do not relay"
    NEEDS_SMTPUTF8 = b"553 5.6.7 The address needs SMTPUTF8"
    UNKNOWN_PARAMETER = b"555 5.5.4 Parameter not recognized"

    BARE_CR_IN_DATA = b"550 5.5.2 Bare CR in the mail"
    BARE_LF_IN_DATA = b"550 5.5.2 Bare LF in the mail"
    NUL_IN_DATA = b"550 5.6.0 NUL in the mail"
    MAIL_TOO_LARGE = b"552 5.3.4 Mail is too large"
    TEXT_LINE_TOO_LONG = b"552 5.6.0 A line of the mail is too long"
    HEADER_TOO_LARGE = b"552 5.6.0 The header of the mail is too large"

    @property
    def is_error(self) -> bool:
        """Whether the sender did something wrong: the replies that count against [smtp] errors."""
        return self[:1] == b"5" or self is Reply.DISK_LOW


def try_later(incident: str) -> bytes:
    """The one reply to a fault of ours; `incident` is the id under which the log tells the cause."""
    return b"451 4.3.0 Trouble on our side, try again later [%s]" % incident.encode("ascii")


def accepted(number: int) -> bytes:
    """The promise that arrival `number` is on the disk."""
    return b"250 2.0.0 Accepted as %d" % number


def escaped(value: str, limit: int = 256) -> str:
    """`value` for the log: no control character, nothing that ends a line or moves a cursor, at most `limit` long."""
    short = value if len(value) <= limit else value[:limit] + "…"
    return short.encode("unicode_escape").decode("ascii") if not (short.isascii() and short.isprintable()) else short
