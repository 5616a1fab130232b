"""The ways in which a page is not shown: each has its status, and one page that says it (`stop.html.j2`).

A handler raises one of them, or LinkError; the guard answers. What is not there and what is not yours look the same.
"""

from ..errors import PermanentError


class Stop(PermanentError):
    """An end without the page. `status` is what the answer says; `why` goes to the page's text where it has one."""

    status = 400

    def __init__(self, why: str = "") -> None:
        super().__init__(why or type(self).__name__)
        self.why = why


class Unreadable(Stop):
    """The request is not one that a browser sends."""


class Forbidden(Stop):
    """The form was not sent from our page, or the visitor may not do this."""

    status = 403


class Missing(Stop):
    """There is no such page, or nothing of the visitor's under that number (I12)."""

    status = 404


class WrongMethod(Stop):
    """The page is there, but not for this method."""

    status = 405


class TooLarge(Stop):
    """The body of a request is larger than the page takes."""

    status = 413


class Misdirected(Stop):
    """No brand has a portal at this host (I13)."""

    status = 421


class TooMany(Stop):
    """This was asked for too often; later it is answered again."""

    status = 429


class TooManyFields(Stop):
    """The request has more header fields than any browser sends (RFC 6585 5)."""

    status = 431


class SignInNeeded(Stop):
    """The page is for somebody who is signed in; the guard leads there."""

    status = 401

    def __init__(self, staff: bool = False) -> None:
        super().__init__("staff" if staff else "")
        self.staff = staff


class Over(Stop):
    """The session of a member of staff as a customer is over; `why` says what ended it, '' where nobody knows it."""

    status = 403
