"""Ring 0, pure: values and decisions. Standard library only; no I/O, no clock, no chance, no logging.

Times are `Millis`, whole milliseconds since 1970-01-01T00:00Z, and come in as arguments.
"""

from typing import TypeAlias

Millis: TypeAlias = int

SECOND: Millis = 1_000
MINUTE: Millis = 60 * SECOND
HOUR: Millis = 60 * MINUTE
DAY: Millis = 24 * HOUR
