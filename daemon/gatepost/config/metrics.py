"""The section [metrics] of config.toml: where health and figures can be asked for."""

from typing import Literal

from pydantic import Field

from .section import Section
from .types import Endpoint


class MetricsSection(Section):
    """Where monitoring asks whether all is well; it needs no password, so keep it on a private address."""

    listen: Endpoint | Literal[""] = Field(
        "", description="Where /health and /metrics (Prometheus) are served, as HOST:PORT; '' opens nothing."
    )
