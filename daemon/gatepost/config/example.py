"""Writes config.example.toml and the table of docs/config.md from the model, so that neither can drift from it."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from .model import Config
from .section import Secret, Section

_HEAD = """\
# The config of Gatepost: every key with its default. Keys that are commented out show the default, or an example where
# there is none. Begin with a copy as config.toml, keep what you change, and try it with: gatepost check
# Relative paths are taken from the folder of this file.
"""

# What stands in the example for keys that have no default, and for defaults that show nothing.
_SAMPLES: dict[str, str] = {
    "gatepost.data": '"/var/lib/gatepost"',
    "gatepost.hostname": '"mail.market.example"',
    "gatepost.staff": '"support-leads@office.example"',
    "smtp.certificate": '"/etc/gatepost/tls/fullchain.pem"',
    "smtp.key": '"/etc/gatepost/tls/privkey.pem"',
    "smtp.proxies": '["10.0.0.5"]',
    "smtp.postponed": '["support@market.example"]',
    "lmtp.listen": '["127.0.0.1:2424"]',
    "lmtp.socket": '"/run/gatepost/lmtp.sock"',
    "imap.support.server": '"imap.market.example:993"',
    "imap.support.username": '"support@market.example"',
    "imap.support.password": '{ file = "/etc/gatepost/imap.password" }',
    "imap.support.client_secret": '{ file = "/etc/gatepost/oauth.secret" }',
    "imap.support.refresh_token": '{ file = "/etc/gatepost/oauth.refresh" }',
    "imap.support.recipient": '"support@market.example"',
    "route.acme.domains": '["acme.example"]',
    "route.acme.smarthost": '"mx.acme.example:25"',
    "route.acme.username": '"gatepost"',
    "route.acme.password": '{ file = "/etc/gatepost/acme.password" }',
    "delivery.username": '"gatepost"',
    "delivery.dkim": '{ domain = "market.example", selector = "g1", key = { file = "/etc/gatepost/dkim.pem" } }',
    "delivery.password": '{ file = "/etc/gatepost/smarthost.password" }',
    "reply_address.domain": '"reply.market.example"',
    "reply_address.keys": '{ 1 = { file = "/etc/gatepost/reply-1.key" } }',
    "authentication.authserv_id": '"mail.market.example"',
    "team.triage.name": '"Triage"',
    "team.triage.address": '"triage@office.example"',
    "team.billing.name": '"Billing"',
    "team.billing.address": '"billing@office.example"',
    "brand.market.name": '"Extension Market"',
    "brand.market.support": '["support@market.example"]',
    "brand.market.portal": '"https://help.market.example"',
    "brand.market.privacy": '"https://market.example/privacy"',
    "brand.market.data_use": '"https://market.example/data-use"',
    "brand.market.knowledge_base": '"https://market.example/help"',
    "brand.market.country": '"DE"',
    "brand.market.product_page": '"https://market.example/products/{slug}"',
    "role.reader.permissions": '["tickets.read", "customers.read"]',
    "staff.vera.name": '"Vera Lind"',
    "staff.vera.zone": '"Europe/Berlin"',
    "staff.vera.address": '"vera@office.example"',
    "staff_sso.roles": '{ "support-team" = ["agent"], "support-leads" = ["lead"] }',
    "metrics.listen": '"127.0.0.1:9125"',
    "discount.WINTER-20.percent": "20",
    "discount.WINTER-20.until": '"2027-01-31"',
    "away.acme.first": '"2026-12-21"',
    "away.acme.back": '"2027-01-04"',
    "away.acme.substitute": '"help@partner.example"',
    "away.acme.text": '"Acme is on holiday until 4 January; Partner answers meanwhile."',
}
_NAMED = {
    "imap": ("support",),
    "route": ("acme",),
    "role": ("reader",),
    "staff": ("vera",),
    "team": ("triage", "billing"),
    "brand": ("market",),
    "discount": ("WINTER-20",),
    "away": ("acme",),
}

# Tables that may be absent: the example shows them commented out.
_OFF = ("imap.", "role.", "staff.", "away.", "route.")

# Keys with a default that the example nevertheless sets, so that it can be loaded as it is.
_SET = frozenset({"authentication.authserv_id", "brand.market.privacy", "brand.market.data_use"})


# What stands above this line in docs/config.md is written by hand.
MARK = "<!-- from here on written by `make docs` -->\n\n"


def example() -> str:
    """The text of config.example.toml: it loads, and every key of the model stands in it once."""
    parts = [_HEAD]
    for table, field in Config.model_fields.items():
        model = _model(field)
        parts += (
            [_table(f"{table}.{name}", model) for name in _NAMED[table]] if table in _NAMED else [_table(table, model)]
        )
    return "\n".join(parts)


def reference() -> str:
    """The tables of docs/config.md, one for each table of the config."""
    return "\n".join(_reference(table, _model(field)) for table, field in Config.model_fields.items())


def write(root: Path) -> None:
    """Bring config.example.toml and docs/config.md under `root` up to the model (`make docs`)."""
    root.joinpath("config.example.toml").write_text(example(), encoding="utf-8")
    page = root / "docs" / "config.md"
    told = page.read_text(encoding="utf-8").partition(MARK)[0]
    page.write_text(told + MARK + reference(), encoding="utf-8")


def _table(path: str, model: type[BaseModel]) -> str:
    lines = [f"# {line}" for line in _sentence(model.__doc__)] + [f"[{path}]"]
    for name, field in model.model_fields.items():
        key = f"{path}.{name}"
        lines += [f"# {line}" for line in _sentence(field.description)]
        live = field.is_required() or key in _SET
        lines.append(f"{name} = {_SAMPLES[key]}" if live else f"# {name} = {_SAMPLES.get(key) or _toml(field.default)}")
    if path.startswith(_OFF):
        lines = [line if line.startswith("#") else f"# {line}" for line in lines]
    return "\n".join(lines) + "\n"


def _reference(table: str, model: type[BaseModel]) -> str:
    named = f"{table}.NAME" if table in _NAMED else table
    rows = [
        f"| `{name}` | {_kind(field.annotation, field)} | {_default(field)} | {_cell(field.description)} |"
        for name, field in model.model_fields.items()
    ]
    head = ["| key | value | default | meaning |", "|---|---|---|---|"]
    return "\n".join([f"## [{named}]", "", " ".join(_sentence(model.__doc__)), "", *head, *rows, ""])


def _model(field: FieldInfo) -> type[BaseModel]:
    annotation = field.annotation
    if get_origin(annotation) is dict:
        annotation = get_args(annotation)[1]
    assert isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation


def _sentence(text: str | None) -> list[str]:
    return wrap(" ".join((text or "").split()), 116)


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    return "required" if field.is_required() else f"`{_toml(field.get_default(call_default_factory=True))}`"


def _toml(value: Any) -> str:
    """A default as TOML writes it; keys that may be absent show as ''."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:_}" if value >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:_g}" if value < 10_000 else f"{value:_.0f}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return f'"{value}"' if isinstance(value, str) else '""' if value in (None, PydanticUndefined) else "{}"


def _kind(annotation: Any, field: FieldInfo | None = None) -> str:
    """What a value is, in a word or two."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(inside[0], field)
    if origin is Literal:
        return " or ".join(f"`{word}`" for word in inside)
    if origin is tuple:
        return f"list of {_kind(inside[0])}"
    if origin in (Union, UnionType):
        return _kind(inside[0], field)
    if origin is dict:
        return f"table of {_kind(inside[1])}"
    if annotation is Secret:
        return "secret"
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "table of " + ", ".join(f"`{name}`" for name in annotation.model_fields)
    return {bool: "true, false", int: "whole number", float: "number", str: "text"}[annotation] + _bounds(field)


def _bounds(field: FieldInfo | None) -> str:
    words = {"ge": "from", "gt": "above", "le": "to"}
    return "".join(f" {word} {bound}" for bound, word in _bounds_of(field, words))


def _bounds_of(field: FieldInfo | None, words: dict[str, str]) -> Iterator[tuple[str, str]]:
    for mark in field.metadata if field else ():
        for name, word in words.items():
            if getattr(mark, name, None) is not None:
                yield f"{getattr(mark, name):g}", word
