"""The sections [role.NAME], [staff.NAME] and [audit] of config.toml: who works here, and what they may do."""

from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ..core.staff import ROLES, Member, Permission, permitted
from .section import Section
from .sign_in import SsoSection
from .types import Address, Count, FilePath, Name, Slug, Zone


def _permission(value: str) -> str:
    known = [permission.value for permission in Permission]
    if value not in known:
        near = get_close_matches(value, known, n=1, cutoff=0.7)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise ValueError(f"{value!r} is no permission; {hint}")
    return value


class RoleSection(Section):
    """What a kind of staff may do. The roles agent, lead, auditor and admin are there without a table of their own."""

    permissions: tuple[Annotated[str, AfterValidator(_permission)], ...] = Field(
        description="What the role permits, for example tickets.read; docs/staff.md lists them all."
    )


class StaffSection(Section):
    """A member of staff, who signs in to the staff pages by a mailed link and a code from an authenticator app."""

    name: Name = Field(description="What colleagues and customers read, for example Vera Lind.")
    address: Address = Field(description="Where the sign-in link goes, and whence they give mail commands.")
    zone: Zone | Literal[""] = Field("", description="Time zone in which they see times; '' is the brand's.")
    brands: tuple[Slug, ...] = Field((), description="The brands whose tickets they see and work on; [] is every one.")
    roles: tuple[Slug, ...] = Field(("agent",), min_length=1, description="Their roles; what each permits adds up.")


class StaffPagesSection(Section):
    """The staff pages, at /staff below every portal."""

    hours: int = Field(12, ge=1, le=168, description="Hours after which staff have to sign in again.")
    idle_minutes: Count = Field(60, description="Minutes without a page after which staff have to sign in again.")
    assigned_mail: bool = Field(True, description="Mail a member when somebody else assigns them a ticket.")
    rows: int = Field(50, ge=10, le=200, description="Rows on one page of a list.")


class StaffSsoSection(SsoSection):
    """Single sign-on for staff, at a provider of their own. Needs the extra: pip install gatepost[sso]."""

    only: bool = Field(False, description="Staff come by single sign-on alone; no link is mailed and no code taken.")
    claim: str = Field(
        "groups", min_length=1, max_length=100, description="The claim of the ID token that lists a person's groups."
    )
    roles: dict[str, tuple[Slug, ...]] = Field(
        default_factory=dict,
        description="Roles by group. Who comes by single sign-on has the roles of their groups in place of those of "
        "their own table; without a line here, those of their table.",
    )


class AuditSection(Section):
    """The audit log's heads, noted outside the database, so that a log that was cut short is found."""

    heads: FilePath = Field("", description="File to which heads are added; '' is audit-heads in the data folder.")
    minutes: Count = Field(5, description="How often the head is noted there, if the log has grown.")
    mail: Literal["daily", "never"] = Field(
        "daily", description="Mail the head to gatepost.staff once a day, or never."
    )


def roles_of(sections: dict[str, RoleSection]) -> dict[str, tuple[Permission, ...]]:
    """Every role by name: the shipped ones, and those of the config in their place."""
    own = {name: tuple(map(Permission, section.permissions)) for name, section in sections.items()}
    return {**ROLES, **own}


def members_of(staff: dict[str, StaffSection], roles: dict[str, RoleSection]) -> dict[str, Member]:
    """The members of staff by name; every role they name must be there."""
    known = roles_of(roles)
    return {
        slug: Member(
            slug=slug,
            name=section.name,
            address=section.address,
            zone=section.zone,
            roles=section.roles,
            brands=section.brands,
            permissions=permitted(section.roles, known),
        )
        for slug, section in staff.items()
    }
