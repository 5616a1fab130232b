"""Addresses beyond ASCII (RFC 6530): which of them can be written to, and the one form in which they are written.

A domain always goes as its A-labels (RFC 5890 2.3.2.1), which every server knows. A local part has no such form: a mail
to it needs a server that takes SMTPUTF8 (RFC 6531).
"""

import unicodedata

_ATOM = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~.-")
_LOCAL_OCTETS, _OCTETS = 64, 254


def written(address: str) -> str:
    """The form of `address` in envelope and header; '' where it is no address that can be written to.

    For those with something beyond ASCII in them only: letters, marks and digits of any script may stand in the local
    part, but nothing that is invisible or parts one word from another.
    """
    local, at, domain = address.rpartition("@")
    if not at or not domain or not _is_local_part(local):
        return ""
    try:
        host = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    whole = f"{local}@{host}"
    return whole if len(whole.encode("utf-8", "replace")) <= _OCTETS else ""


def _is_local_part(local: str) -> bool:
    """A dot-string of RFC 6531 3.3, of atoms that are letters, marks and digits beyond ASCII."""
    if not all(local.split(".")) or len(local.encode("utf-8", "replace")) > _LOCAL_OCTETS:
        return False
    return all(c in _ATOM or (not c.isascii() and unicodedata.category(c)[0] in "LMN") for c in local)
