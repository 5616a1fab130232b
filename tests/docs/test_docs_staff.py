"""The page on staff names every permission with what it lets do, and which shipped role has it."""

from pathlib import Path

from gatepost.core.staff import MEANING, ROLES, Permission

TEXT = (Path(__file__).parents[2] / "docs" / "staff.md").read_text()


def test_the_table_of_permissions_is_the_programs():
    for permission in Permission:
        cells = " | ".join("yes" if permission in ROLES[role] else "" for role in ("agent", "lead", "auditor", "admin"))
        assert f"| `{permission.value}` | {MEANING[permission]} | {cells} |" in TEXT
