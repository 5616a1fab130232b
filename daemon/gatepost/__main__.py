"""The door of the command line: `gatepost …` and `python -m gatepost …` both come in here."""

import sys


def main() -> None:
    """Run the command named on the command line and end the process with its exit code (sysexits.h)."""
    from .cli import run  # noqa: PLC0415

    sys.exit(run())


if __name__ == "__main__":
    main()
