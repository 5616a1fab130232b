"""Finds the page that a request is for, by its path and method."""

from collections.abc import Mapping, Sequence
from re import Pattern

from starlette.routing import compile_path

from .page import Page
from .stops import Missing, WrongMethod

_LONGEST = 2048


class Table:
    """The pages, ready to be found: whole paths at once, those with a value in them in their order."""

    def __init__(self, pages: Sequence[Page]) -> None:
        by_path: dict[str, dict[str, Page]] = {}
        for page in pages:
            if by_path.setdefault(page.path, {}).setdefault(page.method, page) is not page:
                raise ValueError(f"{page.method} {page.path} stands twice in the table")
        self._whole = {path: at for path, at in by_path.items() if "{" not in path}
        self._patterns: list[tuple[Pattern[str], dict[str, Page]]] = [
            (compile_path(path)[0], at) for path, at in by_path.items() if "{" in path
        ]

    def find(self, method: str, path: str) -> tuple[Page, Mapping[str, str]]:
        """The page and the values in its path. Raises Missing, or WrongMethod that says which methods there are."""
        at, values = self._at(path)
        wanted = "GET" if method == "HEAD" else method
        if wanted not in at:
            raise WrongMethod(", ".join(sorted({*at, *({"HEAD"} if "GET" in at else ())})))
        return at[wanted], values

    def leads_somewhere(self, path: str) -> bool:
        """Whether `path` is that of a page that can be seen."""
        try:
            self.find("GET", path)
        except (Missing, WrongMethod):
            return False
        return True

    def _at(self, path: str) -> tuple[dict[str, Page], Mapping[str, str]]:
        if path in self._whole:
            return self._whole[path], {}
        if len(path) <= _LONGEST:
            for pattern, at in self._patterns:
                if found := pattern.match(path):
                    return at, found.groupdict()
        raise Missing
