"""Which destinations one way out serves: some domains of their own, or all that no other way serves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """The destinations `only`; where there are none, every one but `but`. Domains in lower case."""

    only: frozenset[str] = frozenset()
    but: frozenset[str] = frozenset()

    def where(self) -> tuple[str, dict[str, str]]:
        """A further condition on `destination` for a query, beginning with AND, and its values; '' for all of them."""
        named = {f"lane_{number}": domain for number, domain in enumerate(sorted(self.only or self.but))}
        if not named:
            return "", {}
        places = ", ".join(f":{name}" for name in named)
        return f"AND destination {'IN' if self.only else 'NOT IN'} ({places})", named


EVERYWHERE = Lane()
