"""What must hold between the ways of signing in: single sign-on, the shop's word, and staff's own provider."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from .model import Config
from .sign_in import SsoSection
from .staff import roles_of

Found = tuple[tuple[str | int, ...], str, str]


def findings(config: Config) -> Iterator[Found]:
    """What does not fit together."""
    sso, shop = config.sso, config.shop_sign_in
    named = [table for table in ("sso", "shop_sign_in", "staff_sso") if getattr(config, table).issuer]
    if named and find_spec("joserfc") is None:
        yield (named[0], "issuer"), "this needs a package that is not there", "pip install gatepost[sso]"
    yield from _provider("sso", sso)
    yield from _provider("staff_sso", config.staff_sso)
    yield from _staff_provider(config)
    if shop.issuer and not shop.audience:
        yield ("shop_sign_in", "issuer"), "there is an issuer, but no audience", "add the name that the shop has for us"
    if shop.issuer and (shop.secret is None) == (not shop.public_key):
        yield ("shop_sign_in", "issuer"), "the shop's word needs one key", "name secret or public_key, not both"
    if shop.public_key and not Path(shop.public_key).is_file():
        yield ("shop_sign_in", "public_key"), f"there is no file {shop.public_key}", ""
    if config.portal.access == "sso" and not (sso.issuer or shop.issuer):
        yield (
            ("portal", "access"),
            "nobody could sign in: there is no [sso] and no [shop_sign_in]",
            'access = "everyone"',
        )
        return
    ready = {"mail": config.portal.access != "sso", "sso": bool(sso.issuer), "shop": bool(shop.issuer)}
    for slug, brand in config.brand.items():
        if brand.portal and not any(ready[way] for way in brand.sign_in):
            said = f"nobody could sign in at {brand.portal}: none of {', '.join(brand.sign_in)} is set up"
            yield ("brand", slug, "sign_in"), said, f"one of {', '.join(way for way, there in ready.items() if there)}"


def _provider(table: str, sso: SsoSection) -> Iterator[Found]:
    if sso.issuer and not sso.client_id:
        yield (table, "issuer"), "there is an issuer, but no client_id", "add the client_id that the provider gave you"
    if sso.issuer and not {"openid", "email"} <= set(sso.scopes):
        yield (table, "scopes"), "without openid and email nothing proves an address", 'scopes = ["openid", "email"]'


def _staff_provider(config: Config) -> Iterator[Found]:
    """What proves a customer proves no member of staff, and who comes by groups gets roles that are there."""
    staff, known = config.staff_sso, roles_of(config.role)
    ours = (staff.issuer.rstrip("/"), staff.client_id)
    if staff.issuer and ours == (config.sso.issuer.rstrip("/"), config.sso.client_id):
        said = "customers and staff would come by the same client of the same provider"
        yield ("staff_sso", "client_id"), said, "register a client of its own for staff, which customers may not use"
    if staff.only and not staff.issuer:
        yield ("staff_sso", "only"), "no member of staff could sign in: there is no issuer", "only = false"
    for group, roles in staff.roles.items():
        for role in roles:
            if role not in known:
                yield (
                    ("staff_sso", "roles", group),
                    f"there is no role {role}",
                    f"there are {', '.join(sorted(known))}; or add a table [role.{role}]",
                )
