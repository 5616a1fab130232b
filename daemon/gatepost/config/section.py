"""What every table of config.toml is, and how a secret is named in one; it knows no table."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from ..errors import PermanentError
from .types import FilePath


class Section(BaseModel):
    """One table of config.toml: strict types, no unknown key, frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, validate_default=True)


class Secret(Section):
    """A secret, never written into config.toml itself: the name of an environment variable, or a file of mode 0600."""

    env: str = ""
    file: FilePath = ""

    @model_validator(mode="after")
    def _one(self) -> "Secret":
        if bool(self.env) == bool(self.file):
            raise ValueError('name exactly one source: { env = "NAME" } or { file = "/path" }')
        return self

    def __str__(self) -> str:
        return f"the environment variable {self.env}" if self.env else self.file

    def read(self) -> bytes:
        """The secret itself, without the newline at its end.

        Raises PermanentError where it is missing or empty, or where others on this machine can read its file.
        """
        octets = self._from_environment() if self.env else self._from_file()
        if not octets.rstrip(b"\r\n"):
            raise PermanentError(f"{self} is empty", "Put the secret there, on one line.")
        return octets.rstrip(b"\r\n")

    def _from_environment(self) -> bytes:
        value = os.environ.get(self.env)
        if value is None:
            raise PermanentError(f"{self} is not set", f"Set {self.env} for the daemon, or name a file instead.")
        return os.fsencode(value)

    def _from_file(self) -> bytes:
        try:
            with Path(self.file).open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode & 0o777
                if mode & 0o077 and not self._is_credential():
                    raise PermanentError(f"{self} can be read by others (mode {mode:04o})", f"chmod 600 {self.file}")
                return file.read(65_536)
        except OSError as error:
            raise PermanentError(f"{self} cannot be read: {error.strerror}", "Make it, with mode 0600.") from error

    def _is_credential(self) -> bool:
        """Whether systemd keeps the file (LoadCredential=), in a folder that it guards itself."""
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        return bool(folder) and Path(self.file).parent == Path(str(folder))
