"""A mailbox that is killed at every named instant, one after the other: each mail is taken once, and none is left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = str(Path(__file__).parents[2] / "daemon")
# Imports once, and forks for each order on its standard input: "POINT COUNT" dies at that hit of that point.
FORKING = """
import os, sys, time
from gatepost import crashpoint
from gatepost.clock import Clock
from gatepost.config import ImapSection, Secret
from gatepost.core.addresses import Addresses
from gatepost.core.party import Brand
from gatepost.ingress.imap import Mailbox
from gatepost.ingress.imap_session import Session
from gatepost.ingress.oauth import Tokens
from gatepost.store.database import Database
from gatepost.store.schema import migrate

folder, port, processed = sys.argv[1:]
section = ImapSection(server=f"127.0.0.1:{port}", tls="none", username="support", processed=processed, batch=2,
                      password=Secret(file=f"{folder}/password"), since="ever")

def visit():
    db = Database(f"sqlite:///{folder}/desk.sqlite3", prepare=migrate)
    brand = Brand(slug="market", name="Market", support=("support@market.example",))
    mailbox = Mailbox("support", section, db=db, addresses=Addresses((brand,)), otherwise="support@market.example",
                      octets=100_000, clock=Clock(), wake=lambda: None, tokens=Tokens(section), backlog=10**6)
    session = Session(section, Tokens(section), time.monotonic)
    while mailbox.look(session):
        pass
    db.close()

for line in sys.stdin:
    point, count = line.split()
    pid = os.fork()
    if pid == 0:
        crashpoint._WANTED, crashpoint._left = point, int(count)
        visit()
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@pytest.mark.catalogue("N03", "N09")
@pytest.mark.parametrize("able", [("MOVE",), ("UIDPLUS",), ()], ids=["move", "uidplus", "neither"])
@pytest.mark.parametrize("point", ["store.before_commit", "store.committed", "imap.taken", "imap.put_away"])
def test_a_kill_at_every_hit_of_every_point_loses_and_doubles_nothing(desk, make_server, mail, able, point):
    server = make_server(capabilities=able)
    with subprocess.Popen(
        [sys.executable, "-c", FORKING, str(desk.folder), str(server.port), "Processed"],
        env={**os.environ, "PYTHONPATH": PACKAGE},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forking:

        def visit(count):
            print(point, count, file=forking.stdin, flush=True)
            return int(forking.stdout.readline())

        sent, kills, code = [], 0, -signal.SIGKILL
        while code == -signal.SIGKILL:
            new = [mail(f"{kills}-{number}") for number in range(3)]
            server.add(*new)
            sent += new
            kills += 1
            code = visit(kills)
        assert code == 0
        forking.stdin.close()
    assert kills >= 3
    assert sorted(desk.raws()) == sorted(sent)
    left = server.raws() if not able else server.raws("Processed")
    assert sorted(set(left)) == sorted(sent)
    assert not able or server.raws() == []
