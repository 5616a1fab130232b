"""Gives each thread its name in /proc too, so that an account of CPU time can say whose it is.

Python imports it at its start where PYTHONPATH leads here; only measurements do that.
"""

import ctypes
import threading
from typing import Any

_PR_SET_NAME = 15
_bootstrap: Any = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]


def _named(thread: threading.Thread) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_NAME, thread.name.encode()[:15], 0, 0, 0)
    _bootstrap(thread)


threading.Thread._bootstrap_inner = _named  # type: ignore[attr-defined]
