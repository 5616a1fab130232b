"""What must hold between the keys of a section [imap.NAME], and between it and the brands."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from .imap import ImapSection
from .types import endpoint, is_loopback

Found = tuple[tuple[str | int, ...], str, str]


def findings(boxes: Mapping[str, ImapSection], support: set[str]) -> Iterator[Found]:
    """What does not fit together; `support` are the brands' addresses in lower case."""
    for name, box in boxes.items():
        if not box.endpoint():
            yield ("imap", name), f"the mailbox {name} has no server", 'add server = "imap.market.example:993"'
        if not box.username:
            yield ("imap", name), f"the mailbox {name} has no username", "add username"
        yield from _signing_in(name, box)
        if box.folder in (box.processed, box.failed):
            yield ("imap", name, "folder"), f"mails of {box.folder} would be moved to {box.folder}", "name another"
        if box.recipient and box.recipient.lower() not in support:
            yield ("imap", name, "recipient"), f"{box.recipient} is no support address of a brand", "name one that is"
        if box.endpoint() and box.tls == "none" and not is_loopback(endpoint(box.endpoint())[0]):
            yield ("imap", name, "tls"), "the password would cross the network in the clear", 'write tls = "tls"'
    yield from _twice(boxes)


def _twice(boxes: Mapping[str, ImapSection]) -> Iterator[Found]:
    """Folders that two sections fetch, or out of which one fetches what the other has put away there."""
    for name, box in boxes.items():
        for other, theirs in boxes.items():
            if (box.endpoint(), box.username) != (theirs.endpoint(), theirs.username) or other == name:
                continue
            if box.folder == theirs.folder and name > other:
                yield ("imap", name), f"the mailboxes {other} and {name} are the same folder", "take one of them out"
            elif box.folder in (theirs.processed, theirs.failed):
                said = f"{other} puts away into {box.folder} what it has fetched, and {name} would fetch it again"
                yield ("imap", name, "folder"), said, "name another"


def _signing_in(name: str, box: ImapSection) -> Iterator[Found]:
    shown = box.refresh_token is not None or box.client_secret is not None
    by_oauth = bool(box.token_endpoint() and box.client_id)
    if (box.password is not None and shown) or (box.password is None and not by_oauth):
        said = "sign in by password, or by OAuth2: client_id, and a preset or token_url"
        yield ("imap", name), said, "write one of the two"
    elif box.password is None and box.by_person and box.refresh_token is None and not _asks(box):
        said = f"nobody knows where a person would let us into the mailbox {name}"
        yield ("imap", name), said, "add authorise_url or device_url, or a client_secret or refresh_token"
    for key in ("token_url", "authorise_url", "device_url"):
        url = urlsplit(getattr(box, key))
        if url.scheme == "http" and not is_loopback(url.hostname or ""):
            yield ("imap", name, key), "what lets us in would cross the network in the clear", "write https://"


def _asks(box: ImapSection) -> bool:
    return bool(box.authorise_endpoint() or box.device_endpoint())
