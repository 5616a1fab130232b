"""The sections [brand.NAME] of config.toml: a storefront, its addresses, its face, its legal links."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from ..core.contrast import TEXT, least, nearest
from .section import Section
from .types import Address, Colour, Country, FilePath, Language, Name, ProductPage, Url, Zone

Place = tuple[str | int, ...]
Finding = tuple[Place, str, str]

_PICTURES = {
    "logo": (".svg", ".png", ".webp", ".jpg", ".jpeg", ".gif"),
    "logo_dark": (".svg", ".png", ".webp", ".jpg", ".jpeg", ".gif"),
    "favicon": (".svg", ".png", ".ico"),
}
_MOST_OCTETS = 64 * 1024
# What links stand on in the stylesheet, by day and by night.
_GROUNDS = {
    "link_colour": ("#ffffff", "#f3f4f6", "#f7f8fa"),
    "link_colour_dark": ("#131519", "#1c1f25", "#23272f"),
}


class BrandSection(Section):
    """One storefront."""

    name: Name = Field(description="What customers read, for example Extension Market.")
    support: tuple[Address, ...] = Field(
        min_length=1, description="Addresses that file a ticket; the first is our From."
    )
    languages: tuple[Language, ...] = Field(
        ("en",), min_length=1, description="Languages of letters and pages, the default first."
    )
    portal: Url = Field("", description="Base URL of the portal, for example https://help.market.example.")
    title: str = Field("", max_length=80, description="What the portal's pages are headed with; '' takes the name.")
    logo: FilePath = Field("", description="Picture beside the title: SVG, PNG, WebP, JPEG or GIF, 64 KiB at most.")
    logo_dark: FilePath = Field("", description="The same for who reads by night; '' takes logo.")
    favicon: FilePath = Field("", description="Picture in the browser's tab: SVG, PNG or ICO, 64 KiB at most.")
    privacy: Url = Field("", description="URL of the privacy policy, linked in acknowledgements.")
    data_use: Url = Field("", description="URL of the data-use policy, linked in acknowledgements.")
    imprint: Url = Field("", description="URL of the imprint, linked on the portal.")
    terms: Url = Field("", description="URL of the terms of service, linked on the portal.")
    knowledge_base: Url = Field("", description="URL of the knowledge base.")
    colour: Colour = Field("#3858e9", description="The brand's colour; what stands on it is black or white.")
    link_colour: Colour = Field("#1d4fc4", description="Colour of links on white; its contrast is checked.")
    link_colour_dark: Colour = Field("#9dbdff", description="Colour of links by night; its contrast is checked.")
    zone: Zone = Field("UTC", description="Time zone, for example Europe/Berlin.")
    country: Country = Field("", description="Country of the public holidays, for example DE.")
    masking: bool = Field(False, description="Keep each side's real address from the other.")
    impersonation: bool = Field(
        False, description="Let staff log in as a customer of this brand, with that customer's leave."
    )
    sign_in: tuple[Literal["mail", "sso", "shop"], ...] = Field(
        ("mail", "sso", "shop"),
        min_length=1,
        description="How customers sign in at this portal, as far as it is set up: by a mailed link, by the provider "
        "of [sso], by the word of [shop_sign_in]. A session at one brand's portal is none at another's.",
    )
    product_page: ProductPage = Field(
        "", description="URL of a product's page, with {slug} in it: what #link puts below an answer; '' has none."
    )


def findings(slug: str, brand: BrandSection) -> Iterator[Finding]:
    """What of a brand's face cannot be shown, or not be read."""
    for key, kinds in _PICTURES.items():
        file = Path(str(getattr(brand, key)))
        if not file.name:
            continue
        place = ("brand", slug, key)
        if not file.is_file():
            yield place, f"there is no file {file}", ""
        elif file.suffix.lower() not in kinds:
            yield place, f"{file.name} is no picture that browsers show there", f"one of {' '.join(kinds)}"
        elif file.stat().st_size > _MOST_OCTETS:
            yield place, f"{file.name} has {file.stat().st_size:,} octets", f"{_MOST_OCTETS:,} at most"
    for key, grounds in _GROUNDS.items():
        colour = str(getattr(brand, key))
        contrast = least(colour, grounds)
        if contrast < TEXT:
            told = f"{colour} has a contrast of {contrast:.1f} on the page; to be read it needs {TEXT}"
            yield ("brand", slug, key), told, f"{nearest(colour, grounds, TEXT)} would do"
