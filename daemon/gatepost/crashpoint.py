"""Named instants at which the crash harness may end the process; nothing happens unless GATEPOST_CRASH names one.

`GATEPOST_CRASH=accept.committed:3` kills the process with SIGKILL at the third hit of that point.
"""

import os
import signal

_WANTED, _, _COUNT = os.environ.get("GATEPOST_CRASH", "").partition(":")
_left = int(_COUNT or "1")


def crashpoint(name: str) -> None:
    """Pass by, or die here if the harness asked for it."""
    global _left  # noqa: PLW0603 - one counter for the whole process is what the harness counts
    if name != _WANTED:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
