"""Counts what a network address or a person has tried lately, in memory: for limits, not for the record.

A restart forgets it. The table is bounded: under a flood of addresses the oldest are forgotten first.
"""

from collections import OrderedDict, deque
from ipaddress import ip_address, ip_network

from ..core import Millis

_MOST = 20_000


class Tries:
    """When each (what, who) was tried, as far as it still counts."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._seen: OrderedDict[tuple[str, str], deque[Millis]] = OrderedDict()

    def count(self, what: str, who: str, now: Millis, within: Millis) -> int:
        """How often this was tried in the time before `now`."""
        times = self._seen.get((what, who))
        if times is None:
            return 0
        while times and times[0] <= now - within:
            times.popleft()
        if not times:
            del self._seen[what, who]
        return len(times)

    def add(self, what: str, who: str, now: Millis) -> None:
        """It was tried once more."""
        times = self._seen.setdefault((what, who), deque(maxlen=1000))
        times.append(now)
        self._seen.move_to_end((what, who))
        while len(self._seen) > self._most:
            self._seen.popitem(last=False)

    def allow(self, what: str, who: str, now: Millis, within: Millis, most: int) -> bool:
        """Count one more try, unless there were `most` within that time: then it is not one."""
        if self.count(what, who, now, within) >= most:
            return False
        self.add(what, who, now)
        return True


def neighbourhood(peer: str) -> str:
    """What is counted as one network address: an IPv4 address, or the 64 bits of IPv6 that one subscriber has."""
    try:
        address = ip_address(peer)
    except ValueError:
        return peer
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
