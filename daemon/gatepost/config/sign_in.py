"""The sections [sso] and [shop_sign_in] of config.toml: who else proves that an address is a customer's."""

from pydantic import Field

from .section import Secret, Section
from .types import FilePath, Url


class SsoSection(Section):
    """Single sign-on at an OpenID provider. Needs the extra: pip install gatepost[sso]."""

    issuer: Url = Field("", description="The provider's issuer, for example https://id.market.example; '' has none.")
    name: str = Field("Single sign-on", max_length=60, description="What the provider is called on the sign-in page.")
    client_id: str = Field("", max_length=200, description="Our client id at the provider.")
    client_secret: Secret | None = Field(None, description="Our client secret at the provider, where it has one.")
    scopes: tuple[str, ...] = Field(
        ("openid", "email", "profile"), description="What is asked for; openid and email are needed."
    )


class ShopSignInSection(Section):
    """Signing in by a word that the shop signs (a JWT), for who is signed in there already. Needs the extra sso."""

    issuer: str = Field("", max_length=200, description="The word's iss; '' takes none.")
    audience: str = Field("", max_length=200, description="The word's aud: the name that the shop has for this portal.")
    secret: Secret | None = Field(None, description="The secret that both know (HS256), of 32 octets or more.")
    public_key: FilePath = Field("", description="PEM file of the shop's public key (EdDSA, ES256, RS256), instead.")
    longest_seconds: int = Field(300, ge=30, le=3600, description="The longest that a word may be good for.")
