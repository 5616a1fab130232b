"""`gatepost status` for a person: counts by their names, and what to do where nothing runs."""

import pytest

from gatepost.app import open_database
from gatepost.cli import run
from gatepost.config import find, load

CONFIG = """
[gatepost]
hostname = "mail.market.example"
staff = "leads@office.example"
data = "{data}"
[team.triage]
name = "Support"
address = "triage@office.example"
[team.billing]
name = "Billing"
address = "billing@office.example"
[authentication]
mode = "off"
[brand.market]
name = "Market"
support = ["support@market.example"]
privacy = "https://market.example/privacy"
data_use = "https://market.example/data-use"
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "data").mkdir(mode=0o700)
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(data=tmp_path / "data"))
    open_database(load(find(str(path)), secrets=False)).close()
    return str(path)


def test_status_without_a_daemon_says_so_in_words(config, capsys):
    assert run(["status", "-c", config]) == 1
    said = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert said["gate"].endswith("(Is gatepost running with this data folder?)")
    assert (said["quarantine"], said["outbox"]) == ("0", "-")
