"""A brand's face on its pages: logo and favicon from our own origin, and the colours that fit its own.

The files are read at start and at each reload; each has a name that changes with it, so that browsers keep it.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from ..core.contrast import SHAPE, ink, ratio
from ..core.party import Brand
from .page import Form, Page, Visitor, Who
from .stops import Missing

_log = logging.getLogger("gatepost.portal")
LIGHT, DARK = "#ffffff", "#1c1f25"
_TYPES = {
    ".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
    ".ico": "image/x-icon", ".gif": "image/gif",
}  # fmt: skip
# A picture of the operator's is shown, whatever else it holds; opened by itself it runs nothing.
_SHUT = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A file of the brand's, ready to be served."""

    octets: bytes
    kind: str
    path: str


class Faces:
    """The pictures of every brand."""

    def __init__(self, brands: Iterable[Brand] = ()) -> None:
        self._pictures: dict[str, Picture] = {}
        self._of: dict[str, dict[str, str]] = {}
        self.read(brands)

    def read(self, brands: Iterable[Brand]) -> None:
        """Read the brands' files, again where they have changed; pages that are on their way find the old ones still.

        A file that cannot be read leaves what was there.
        """
        before = self._pictures
        self._pictures = {}
        for brand in brands:
            files = {"logo": brand.logo, "logo_dark": brand.logo_dark, "favicon": brand.favicon}
            known = self._of.get(brand.slug, dict.fromkeys(files, ""))
            self._of[brand.slug] = {use: self._keep(file, known[use]) for use, file in files.items()}
        self._pictures = {**before, **self._pictures}

    def of(self, brand: Brand) -> Mapping[str, str]:
        """The paths of the brand's pictures, '' for those that it has not."""
        return self._of.get(brand.slug, {"logo": "", "logo_dark": "", "favicon": ""})

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        show = self.show
        return (Page("GET", "/face/{name}", show, Who.ANYONE, "Picture", form=Form.OPEN, impersonated=True),)

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """A picture, under the name that a page gives it."""
        picture = self._pictures.get(f"/face/{request.path_params['name']}")
        if picture is None:
            raise Missing
        headers = {"cache-control": "public, max-age=31536000, immutable", "content-security-policy": _SHUT}
        return Response(picture.octets, media_type=picture.kind, headers=headers)

    def _keep(self, file: str, known: str) -> str:
        """Read a file; the path at which it is served, '' where there is none."""
        kind = _TYPES.get(Path(file).suffix.lower()) if file else None
        if kind is None:
            return ""
        try:
            octets = Path(file).read_bytes()
        except OSError as error:
            _log.warning("portal.no_picture %s cannot be read: %s", file, error)
            return known
        path = f"/face/{sha256(octets).hexdigest()[:16]}{Path(file).suffix.lower()}"
        self._pictures[path] = Picture(octets=octets, kind=kind, path=path)
        return path


def colours(brand: Brand) -> dict[str, str]:
    """The colours of the stylesheet: the brand's, what is read on it, and an edge where it does not stand out."""
    return {
        "brand": brand.colour,
        "ink": ink(brand.colour),
        "edge": brand.colour if ratio(brand.colour, LIGHT) >= SHAPE else "var(--ink)",
        "edge_dark": brand.colour if ratio(brand.colour, DARK) >= SHAPE else "var(--ink)",
        "link": brand.link_colour,
        "link_dark": brand.link_colour_dark,
    }
