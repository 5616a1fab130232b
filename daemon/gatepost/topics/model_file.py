"""Writes and reads the model file: JSON with where the model comes from, what it reached, and a hash of all of it.

A weight takes one byte, so that the file stays small; the model in memory is exactly the one that the file says.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.topics import TOKENISER, Calibration, Feature, Model
from ..errors import PermanentError

FORMAT = 2
NAME = "model.json"
_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a model comes from: when it was trained (ISO 8601, UTC), the hashes of its data, and what it reached."""

    trained: str
    data: str
    held_out: str
    corrections: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, object] = field(default_factory=dict)
    bar: float
    tokeniser: int = TOKENISER


def write(path: Path, model: Model, provenance: Provenance) -> str:
    """Write the file in one step, so that a daemon that reads meanwhile finds the old one; the hash of its content."""
    content = _content(model, provenance)
    digest = _digest(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"digest": digest, **content}, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    draft.replace(path)
    return digest


def settled(model: Model, provenance: Provenance) -> Model:
    """The model as its file will give it back: what is measured is what is shipped."""
    return _model(_content(model, provenance), "")


def read(path: Path) -> tuple[Model, Provenance]:
    """The model of a file. Raises PermanentError where there is none, or it was changed, or is of another version."""
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_LIMIT))
    except (OSError, ValueError, RecursionError) as error:
        raise _unfit(path, f"cannot be read: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("tokeniser") != TOKENISER:
        raise _unfit(path, "is of another version")
    if content.pop("digest", "") != (digest := _digest(content)):
        raise _unfit(path, "is not as it was written: its hash does not fit")
    try:
        return _model(content, digest), Provenance(**{name: content[name] for name in Provenance.__slots__})
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _unfit(path, f"does not hold a model: {error}") from error


def _unfit(path: Path, why: str) -> PermanentError:
    return PermanentError(f"{path} {why}", "gatepost topics train makes a new one; without any, nothing is labelled.")


def _content(model: Model, provenance: Provenance) -> dict[str, Any]:
    scale = max((abs(add / one.idf) for one in model.features.values() for add in one.adds), default=0.0) / 127 or 1.0
    return {
        "what": "a model of topics for gatepost: see docs/topics.md",
        "format": FORMAT,
        **{name: getattr(provenance, name) for name in Provenance.__slots__},
        "topics": list(model.topics),
        "biases": list(model.biases),
        "calibrations": [[one.slope, one.offset] for one in model.calibrations],
        "unknown": model.unknown,
        "scale": scale,
        "features": {name: _packed(feature, scale) for name, feature in sorted(model.features.items())},
    }


def _packed(feature: Feature, scale: float) -> str:
    weights = (round(add / feature.idf / scale) % 256 for add in feature.adds)
    return base64.b64encode(bytes((round(feature.idf * 10), *weights))).decode("ascii").rstrip("=")


def _model(content: Mapping[str, Any], digest: str) -> Model:
    scale, count = float(content["scale"]), len(content["topics"])
    adds: _Adds = [None] * 256
    model = Model(
        topics=tuple(content["topics"]),
        features={name: _unpacked(packed, scale, count + 1, adds) for name, packed in content["features"].items()},
        biases=tuple(map(float, content["biases"])),
        calibrations=tuple(
            Calibration(slope=float(slope), offset=float(offset)) for slope, offset in content["calibrations"]
        ),
        unknown=float(content["unknown"]),
        digest=digest,
    )
    if not len(model.biases) - 1 == len(model.calibrations) == count:
        raise ValueError("topics, biases and calibrations differ in number")
    return model


_Adds = list[tuple[float, ...] | None]
"""By ten times the idf: what each of the 256 weights that there are adds. So each such number is one object."""


def _unpacked(packed: str, scale: float, count: int, adds: _Adds) -> Feature:
    octets = base64.b64decode(packed + "=" * (-len(packed) % 4))
    if len(octets) != count + 1:
        raise ValueError("a feature has not one weight for each topic, and one for none")
    idf = octets[0] / 10
    row = adds[octets[0]]
    if row is None:
        row = adds[octets[0]] = tuple((octet - (octet > 127) * 256) * scale * idf for octet in range(256))
    return Feature(idf=idf, adds=tuple(map(row.__getitem__, octets[1:])))


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
