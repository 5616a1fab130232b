"""The daemon that runs on this data folder: whether the gate answers, and what its watch has seen last."""

from ..check import Finding
from ..config import Config
from ..core import MINUTE, Millis
from ..errors import TemporaryError
from ..ingress.gate_link import ask_status
from ..lock import holder
from ..outline import instant
from ..store.glance import DESK_FILE, glance
from ..store.vitals import last
from .findings import fine, look, wrong


async def running(config: Config, now: Millis) -> list[Finding]:
    """The gate and the watch, where a daemon runs; where none does, that is all there is to say."""
    process = holder(config.data)
    if not process:
        return [
            look("daemon", "gatepost does not run on this data folder", "systemctl start gatepost, or gatepost run")
        ]
    return [fine("daemon", f"it runs as process {process}"), await _gate(config), *_watch(config, now)]


async def _gate(config: Config) -> Finding:
    try:
        status = await ask_status(config.data)
    except TemporaryError as error:
        return wrong(
            "gate", error.message, "Without the gate no mail comes in: see why it does not stay up in the log."
        )
    return fine("gate", f"it takes mail: {status['accepted']} since its start, {status['connections']} connections now")


def _watch(config: Config, now: Millis) -> list[Finding]:
    said = glance(config.data, last) if (config.data / DESK_FILE).exists() else None
    if said is None:
        return [look("watch", "it has not looked yet", "Wait a minute, then ask again.")]
    at, seen = said
    if now - at > 2 * MINUTE:
        return [wrong("watch", f"the desk last looked at {instant(at)}", "It hangs or cannot write: see the log.")]
    told = [
        (wrong if trouble["unhealthy"] else look)("watch", f"{trouble['what']}: {trouble['why']}", trouble["advice"])
        for trouble in seen["troubles"]
    ]
    return told or [fine("watch", f"at {instant(at)} all was well")]
