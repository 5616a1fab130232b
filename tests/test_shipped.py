"""What ships is found: here beside the code, in a wheel inside the package (tests of the wheel)."""

import importlib.resources
from pathlib import Path

import pytest

from gatepost import shipped
from gatepost.errors import PermanentError


@pytest.mark.parametrize(("kind", "file"), [("rules", "99-fallback.toml"), ("templates", "mail")])
def test_a_checkout_has_its_folders_at_the_root(kind, file):
    assert (shipped.folder(kind) / file).exists()


def test_a_wheel_has_them_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "_shipped" / "rules").mkdir(parents=True)
    monkeypatch.setattr(importlib.resources, "files", lambda name: tmp_path)
    assert shipped.folder("rules") == tmp_path / "_shipped" / "rules"


def test_an_installation_that_lost_them_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib.resources, "files", lambda name: tmp_path)
    monkeypatch.setattr(shipped, "_ROOT", tmp_path)
    with pytest.raises(PermanentError, match="shipped rules are missing"):
        shipped.folder("rules")
