"""Names the program and the system behind a User-Agent line, so that people know their own sessions again.

The line says what its sender likes; only words of these closed lists are ever shown.
"""

_CAP = 300
# The first that is found counts: programs that are built on others name those too.
_PROGRAMS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def named(agent: str) -> str:
    """What a person would call the browser: `Firefox, Linux`; '' where nothing is known of it."""
    line = agent[:_CAP]
    program = next((name for sign, name in _PROGRAMS if sign in line), "")
    system = next((name for sign, name in _SYSTEMS if sign in line), "")
    return ", ".join(filter(None, (program, system)))
