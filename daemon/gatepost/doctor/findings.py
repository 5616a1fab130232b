"""Short ways to write a finding: fine, worth a look, wrong; each but the first with what to do."""

from ..check import Finding, State


def fine(subject: str, seen: str) -> Finding:
    """All is well with it."""
    return Finding(state=State.FINE, subject=subject, seen=seen)


def look(subject: str, seen: str, remedy: str) -> Finding:
    """It works, and somebody should look."""
    return Finding(state=State.LOOK, subject=subject, seen=seen, detail=(remedy,))


def wrong(subject: str, seen: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(state=State.WRONG, subject=subject, seen=seen, detail=(remedy,))
