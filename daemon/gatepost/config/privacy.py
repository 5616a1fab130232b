"""The sections [secrets] and [retention] of config.toml: credentials in mail, and how long what is kept."""

from typing import Annotated

from pydantic import Field

from .section import Section
from .types import Count

_Days = Annotated[int, Field(ge=0, le=36_500)]


class SecretsSection(Section):
    """Credentials that people write into mails are masked; by one-time links they are handed over safely."""

    keep_raw_hours: int = Field(
        72,
        ge=0,
        le=720,
        description="How long the mail as it came is kept sealed after something was masked in it; 0 keeps none.",
    )
    tell_sender: bool = Field(True, description="Write to a known sender what was masked, and what to do.")
    tell_staff: bool = Field(True, description="Write to staff that something was masked, and on which ticket.")
    link_days: int = Field(3, ge=1, le=7, description="How long a one-time secret can be read, unless its giver says.")
    secret_octets: Count = Field(20_000, description="The longest one-time secret, in octets.")
    tries: int = Field(5, ge=1, le=20, description="Wrong passphrases after which a one-time secret is destroyed.")
    access_days: int = Field(14, ge=1, le=90, description="After so many days a temporary administrator is to be gone.")


class RetentionSection(Section):
    """How long what is kept, in days; 0 keeps it for ever. A person's legal hold keeps all that is theirs."""

    raw_days: _Days = Field(365, description="Mails as they came, and how they were decided.")
    outbox_days: _Days = Field(90, description="Mails that were sent: their text. That they were sent stays.")
    quarantine_days: _Days = Field(180, description="Mails in quarantine, from the day on which they came there.")
    trace_days: _Days = Field(730, description="Lines of the trace, and the tries to deliver.")
    ticket_days: _Days = Field(0, description="Words and files of closed tickets, from the last that happened.")
