"""Whatever stands in a table: rows that go in, rows that are refused with a reason, or a mistake; never another error."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatepost.config import load
from gatepost.errors import MistakesError
from gatepost.ingress.marketplace import COLUMNS, Import, Kind, run
from gatepost.ingress.table_file import read_table
from gatepost.store.database import Database
from gatepost.store.schema import migrate

CONFIG = load(Path(__file__).parents[2] / "examples" / "marketplace" / "config.toml")
ODD = ["", "a\r\nb", "\x00", "x" * 3000, "🦊", "=1+1", "|", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59"]
PLAIN = """x a@b.example A@ORCHARD.example @b.example 2026-12-31 9999-12-31 2026-02-30 09:00 24:00 24:01 Europe/Berlin
../etc/passwd true active none DE pt-BR orchard"""
CELLS = st.one_of(st.text(max_size=12), st.sampled_from([*ODD, *PLAIN.split()]))
VALUES = st.one_of(CELLS, st.none(), st.booleans(), st.integers(), st.floats(), st.lists(CELLS, max_size=2))


@pytest.fixture
def db(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)
    yield database
    database.close()


@st.composite
def tables(draw):
    kind = draw(st.sampled_from(list(Kind)))
    names = draw(st.permutations(COLUMNS[kind].known))[: draw(st.integers(1, 16))]
    names = list(dict.fromkeys([*COLUMNS[kind].required, *names]))
    return kind, draw(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUES)), max_size=4))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_any_json_table_is_taken_or_refused_with_reasons(db, tmp_path, table):
    kind, entries = table
    path = tmp_path / "table.json"
    path.write_text(json.dumps(entries))
    try:
        rows = read_table(path, COLUMNS[kind])
    except MistakesError:
        return
    report = run(db, Import(kind=kind, rows=rows, partial=True), CONFIG, lambda tx, report: None)
    assert report.new + report.changed + report.unchanged + report.refused == len(entries)
    assert all(each.reason for each in report.refusals)
    assert {each.row for each in report.refusals} <= set(range(1, len(entries) + 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(list(Kind)),
    st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace"))),
)
def test_any_octets_as_csv_are_rows_or_a_mistake(tmp_path, kind, octets):
    path = tmp_path / "table.csv"
    path.write_bytes(",".join(COLUMNS[kind].known).encode() + b"\r\n" + octets)
    try:
        assert all(set(row.cells) <= set(COLUMNS[kind].known) for row in read_table(path, COLUMNS[kind]))
    except MistakesError as error:
        assert error.mistakes
