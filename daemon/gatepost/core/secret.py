"""What kinds of credentials are looked for in mail, and how a masked one reads; finding them is mail/secrets.py's."""

from enum import StrEnum

MASK = "[••••••]"


class Kind(StrEnum):
    """A kind of credential; a closed list. Of what was found only the kind is ever told."""

    PASSWORD = "password"  # noqa: S105 - the name of a kind
    WORDPRESS = "wordpress"
    SERVER = "server"
    DATABASE = "database"
    PRIVATE_KEY = "private_key"
    TOKEN = "token"  # noqa: S105 - the name of a kind
    URL = "url"
    CARD = "card"
