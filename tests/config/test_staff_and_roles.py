"""Members of staff and their roles, as the config names them."""

from pathlib import Path

from gatepost.config import load
from gatepost.core.staff import Permission

MINIMAL = (Path(__file__).with_name("good") / "minimal.toml").read_text()


def members(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(MINIMAL + text)
    return load(path).members()


def test_permissions_of_several_roles_add_up_and_an_own_role_takes_a_shipped_ones_place(tmp_path):
    found = members(
        tmp_path,
        """
[role.agent]
permissions = ["tickets.read"]
[role.keeper]
permissions = ["quarantine", "audit"]
[staff.vera]
name = "Vera Lind"
address = "vera@office.example"
roles = ["agent", "keeper"]
[staff.otto]
name = "Otto"
address = "otto@office.example"
[staff.ada]
name = "Ada"
address = "ada@office.example"
roles = ["admin"]
""",
    )
    assert found["vera"].permissions == {Permission.TICKETS_READ, Permission.QUARANTINE, Permission.AUDIT}
    assert found["otto"].permissions == {Permission.TICKETS_READ}
    assert found["ada"].permissions == set(Permission)
    assert not found["otto"].may(Permission.AUDIT)


def test_nobody_works_here_unless_the_config_says_so(tmp_path):
    assert members(tmp_path, "") == {}
