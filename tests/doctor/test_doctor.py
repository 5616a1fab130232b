"""What the doctor finds: for each organ what is fine, what deserves a look, what is wrong, and always a remedy."""

import asyncio
import base64
import json
import resource
import sqlite3
import subprocess

import pytest

from gatepost.authentication.dns_resolver import DnsResolver
from gatepost.cli import run as command
from gatepost.config import load
from gatepost.core.audit import Act, Action, operator
from gatepost.doctor.domains import mx
from gatepost.doctor.machine import file_system
from gatepost.keys import audit_key
from gatepost.lock import DataLock
from gatepost.store.audit import AuditLog
from gatepost.store.database import Database
from gatepost.store.schema import migrate


async def test_a_sound_house_has_nothing_that_fails(patient):
    patient.make_databases()
    states = {state for state, _ in await patient.findings(whole=True)}
    assert "wrong" not in states


# DNS.


async def test_dns_of_a_sound_domain_is_fine(patient):
    assert await patient.findings("dns.host") == [("fine", "mail.market.example is 192.0.2.7, and leads back")]
    assert await patient.findings("mx") == [("fine", "mail.market.example: this host")]
    assert await patient.findings("spf") == [("fine", "v=spf1 a:mail.market.example -all")]
    assert await patient.findings("dmarc") == [("fine", "p=reject at market.example")]


@pytest.mark.parametrize(
    ("name", "kind", "records", "subject", "state", "word"),
    [
        ("mail.market.example.", "A", None, "dns.host", "look", "has no address"),
        ("7.2.0.192.in-addr.arpa.", "PTR", ["other.example."], "dns.host", "look", "does not lead back"),
        ("market.example.", "MX", None, "mx", "wrong", "no MX record"),
        ("market.example.", "MX", ["5 mx.provider.example."], "mx", "fine", "hand our addresses on"),
        ("market.example.", "TXT", None, "spf", "wrong", "no SPF record"),
        ("market.example.", "TXT", ['"v=spf1 -all"', '"v=spf1 ~all"'], "spf", "wrong", "2 SPF records"),
        ("market.example.", "TXT", ['"v=spf1 ipv4:1.2.3.4 -all"'], "spf", "wrong", "no mechanism"),
        ("market.example.", "TXT", ['"v=spf1 +all"'], "spf", "wrong", "lets everybody send"),
        ("market.example.", "TXT", ['"v=spf1 mx"'], "spf", "look", "nothing of the rest"),
        ("_dmarc.market.example.", "TXT", None, "dmarc", "look", "no DMARC record"),
        ("_dmarc.market.example.", "TXT", ['"v=DMARC1; p=none"'], "dmarc", "look", "p=none"),
    ],
)
async def test_what_dns_lacks_is_told(patient, name, kind, records, subject, state, word):
    patient.dns.zone.pop((name, kind))
    if records:
        patient.dns.zone[name, kind] = records
    ((seen, said),) = await patient.findings(subject)
    assert (seen, word in said) == (state, True), said


async def test_a_door_on_port_25_that_no_mx_names_deserves_a_look(patient):
    patient.dns.zone["market.example.", "MX"] = ["5 mx.provider.example."]
    path = patient.path
    path.write_text(path.read_text().replace('["127.0.0.1:0"]', '["127.0.0.1:25"]'))
    resolver = DnsResolver(servers=[("127.0.0.1", patient.dns.port)], seconds=2, monotonic=lambda: 0.0)
    (finding,) = await mx(load(path), resolver, 0)
    assert finding.state.value == "look"


async def test_a_resolver_that_fails_is_told_as_such(patient):
    patient.dns.broken |= {"market.example.", "_dmarc.market.example.", "mail.market.example."}
    for subject in ("dns.host", "mx", "spf", "dmarc"):
        ((state, said),) = await patient.findings(subject)
        assert (state, "DNS gave no answer" in said) == ("wrong", True)


@pytest.mark.real("openssl")
async def test_our_key_and_the_published_one_must_belong_together(patient, make_dkim):
    own, public = make_dkim("own")
    _, foreign = make_dkim("foreign")
    patient.delivery += f'\ndkim = {{ domain = "market.example", selector = "g1", key = {{ file = "{own}" }} }}'
    ((state, said),) = await patient.findings("dkim")
    assert (state, "g1" in said or "key" in said) == ("wrong", True)
    patient.dns.zone["g1._domainkey.market.example.", "TXT"] = [_quoted(foreign)]
    ((state, _),) = await patient.findings("dkim")
    assert state == "wrong"
    patient.dns.zone["g1._domainkey.market.example.", "TXT"] = [_quoted(public)]
    ((state, said),) = await patient.findings("dkim")
    assert (state, "verifies" in said) == ("fine", True)


def _quoted(public):
    text = f"v=DKIM1; k=rsa; p={public}"
    return " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))


@pytest.fixture
def make_dkim(tmp_path):
    """Makes an RSA key; its file and the public half as DNS has it."""

    def make(name):
        path = tmp_path / f"{name}.pem"
        subprocess.run(
            ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path],
            check=True, capture_output=True,
        )  # fmt: skip
        path.chmod(0o600)
        der = subprocess.run(
            ["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True, capture_output=True
        )
        return path, base64.b64encode(der.stdout).decode()

    return make


# Servers.


async def test_the_smarthost_is_greeted_and_its_size_is_read(patient):
    found = await patient.findings("smarthost")
    assert [state for state, _ in found] == ["fine", "fine"]
    assert "takes 52428800 octets" in found[1][1]
    assert patient.smarthost.mails == []


@pytest.mark.parametrize(
    ("extensions", "word"),
    [(("SIZE 1000",), "it takes 1000 octets, and 26214400 come in here"), (("8BITMIME",), "does not say how large")],
)
async def test_a_smarthost_that_takes_less_than_we_do_deserves_a_look(patient, extensions, word):
    patient.smarthost.extensions = extensions
    _, (state, said) = await patient.findings("smarthost")
    assert (state, word in said) == ("look", True)


async def test_a_smarthost_that_is_away_or_wants_no_tls_fails(patient):
    patient.delivery = 'tls = "required"'
    ((state, said),) = await patient.findings("smarthost")
    assert (state, "STARTTLS" in said) == ("wrong", True)
    patient.delivery = 'tls = "none"'
    await patient.smarthost.close()
    ((state, said),) = await patient.findings("smarthost")
    assert (state, "connect" in said) == ("wrong", True)


async def test_each_route_is_tried_with_its_own_policy(patient):
    port = patient.smarthost.port
    patient.more = f'[route.acme]\ndomains = ["acme.example"]\nsmarthost = "127.0.0.1:{port}"\n'
    ((state, said),) = await patient.findings("route.acme")
    assert (state, "STARTTLS" in said) == ("wrong", True)
    assert [state for state, _ in await patient.findings("smarthost")] == ["fine", "fine"]
    patient.more += 'tls = "none"\n'
    assert [state for state, _ in await patient.findings("route.acme")] == ["fine", "fine"]


async def test_a_mailbox_whose_server_is_away_fails(patient):
    (patient.folder / "password").write_text("secret")
    (patient.folder / "password").chmod(0o600)
    patient.more = (
        '[imap.support]\nserver = "127.0.0.1:1"\ntls = "none"\nusername = "support"\npassword = { file = "password" }'
    )
    ((state, said),) = await patient.findings("imap.support")
    assert (state, "127.0.0.1:1" in said) == ("wrong", True)


# Inside.


async def test_both_databases_are_read_back_and_their_invariants_hold(patient):
    patient.make_databases()
    found = await patient.findings("database")
    assert [state for state, _ in found] == ["fine"] * 3
    assert "I1–I7 hold" in found[-1][1]


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ("PRAGMA journal_mode = DELETE", "journal_mode is delete"),
        ("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('gatepost', 'm9999_future')", "newer gatepost"),
        ("INSERT INTO delivery (outbox, ticket, recipient, destination, state, attempts, since, owner, code, said,"
         " changed) VALUES (7, 0, 'a@b.example', 'b.example', 'sent', 1, 1, '', 0, '', 1)", "I4"),
    ],
)  # fmt: skip
async def test_a_database_that_is_not_as_it_should_be_fails(patient, fault, word):
    patient.make_databases()
    connection = sqlite3.connect(patient.data / "desk.sqlite3", isolation_level=None)
    connection.execute(fault)
    connection.close()
    found = await patient.findings("database")
    assert any(state == "wrong" and word in said for state, said in found), found


async def test_a_damaged_database_fails(patient):
    patient.make_databases()
    path = patient.data / "desk.sqlite3"
    octets = bytearray(path.read_bytes())
    octets[8_192:40_960] = b"\x5a" * 32_768
    path.write_bytes(octets)
    found = await patient.findings("database")
    assert any(state == "wrong" for state, _ in found)


async def test_an_older_database_deserves_a_look_and_is_not_changed(patient):
    patient.make_databases()
    connection = sqlite3.connect(patient.data / "desk.sqlite3", isolation_level=None)
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm0070_alarms'")
    connection.close()
    assert ("look", "desk.sqlite3: the next start brings it up to date (m0070_alarms)") in await patient.findings(
        "database"
    )


async def test_a_lost_key_is_told_before_the_replies_come_in(patient):
    patient.make_databases()
    assert (await patient.findings("keys"))[0][0] == "fine"
    key = patient.data / "keys" / "reply"
    key.parent.mkdir(mode=0o700)
    key.write_text("ab" * 32)
    key.chmod(0o644)
    assert (await patient.findings("keys"))[0][0] == "wrong"
    key.chmod(0o600)
    assert (await patient.findings("keys"))[0][0] == "fine"
    key.unlink()
    Database(f"sqlite:///{patient.data / 'desk.sqlite3'}", prepare=migrate).close()
    connection = sqlite3.connect(patient.data / "desk.sqlite3")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(ticket)") if row[3]]
    connection.execute(f"INSERT INTO ticket ({', '.join(columns)}) VALUES ({', '.join('1' for _ in columns)})")
    connection.commit()
    connection.close()
    assert (await patient.findings("keys")) == [("wrong", f"{key} is gone, and there are tickets")]


# The machine.


@pytest.mark.parametrize(
    ("mounts", "kind"),
    [
        ("/dev/a / ext4 rw 0 0\nserver:/x {folder} nfs4 rw 0 0\n", "nfs4"),
        ("/dev/a / ext4 rw 0 0\nserver:/x {folder}er nfs4 rw 0 0\n", "ext4"),
        ("/dev/a / ext4 rw 0 0\ntmpfs {folder} tmpfs rw 0 0\nserver:/x {folder}/sub cifs rw 0 0\n", "tmpfs"),
        ("", ""),
    ],
)
def test_the_file_system_of_a_folder_is_that_of_the_longest_mount_point(tmp_path, mounts, kind):
    assert file_system(tmp_path, mounts.format(folder=tmp_path)) == kind


async def test_too_few_open_files_deserve_a_look(patient):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
    try:
        assert await patient.findings("limits") == [("look", "300 files may be open, 480 can be needed")]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# The daemon, and the command.


async def test_that_nothing_runs_is_told_and_a_gate_that_is_away_fails(patient):
    patient.make_databases()
    assert await patient.findings("daemon") == [("look", "gatepost does not run on this data folder")]
    with DataLock(patient.data):
        assert (await patient.findings("gate"))[0][0] == "wrong"
        assert (await patient.findings("watch")) == [("look", "it has not looked yet")]


async def test_offline_nobody_is_asked(patient):
    found = await patient.findings("", outside=False)
    assert not [said for _, said in found if "SPF" in said or "smarthost" in said]
    assert patient.smarthost.connections == 0


async def test_the_command_says_ok_warn_or_fail_and_what_to_do(patient, capsys):
    path = str(patient.path)
    assert await asyncio.to_thread(command, ["doctor", "-c", path]) == 0
    out = capsys.readouterr().out
    assert "ok    mx market.example      mail.market.example: this host" in out
    patient.dns.zone.pop(("market.example.", "TXT"))
    assert await asyncio.to_thread(command, ["doctor", "-c", path, "--json"]) == 1
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (spf,) = [each for each in said if each["subject"] == "spf market.example"]
    assert (spf["state"], spf["seen"]) == ("fail", "no SPF record")
    assert "v=spf1" in spf["do"][0]


def test_a_config_with_a_mistake_is_the_only_finding(tmp_path, capsys):
    path = tmp_path / "config.toml"
    path.write_text("[gatepost]\n")
    assert command(["doctor", "-c", str(path)]) == 78
    assert capsys.readouterr().out.startswith("fail  config")


# The audit log.


async def test_an_audit_log_that_was_touched_is_wrong_and_a_whole_one_is_fine(patient):
    patient.make_databases()
    assert await patient.findings("audit") == [("fine", "nothing is in it yet")]
    log, path = AuditLog(audit_key(patient.data)), patient.data / "desk.sqlite3"
    db = Database(f"sqlite:///{path}", prepare=migrate)
    for number in range(3):
        act = Act(actor=operator("ann"), action=Action.IMPORTED, object=f"table {number}")
        db.write_now(lambda tx, act=act: log.write(tx, act, 1))
    db.close()
    ((state, said),) = await patient.findings("audit")
    assert state == "fine" and said.startswith("3 rows")
    with sqlite3.connect(path) as intruder:
        intruder.executescript("DROP TRIGGER audit_kept; UPDATE audit SET at = 2 WHERE id = 2")
    intruder.close()
    ((state, said),) = await patient.findings("audit")
    assert state == "wrong" and said.startswith("row 2")
