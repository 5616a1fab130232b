"""`gatepost topics …`, and a ticket that gets its topics: in the store, the trace and the vendor's mail."""

import json
import subprocess
import sys
from email import message_from_bytes

import pytest

from gatepost import shipped
from gatepost.cli import run
from gatepost.cli.options import look
from gatepost.config import load
from gatepost.core.letter import Arrival, Envelope
from gatepost.mail.parse import read_letter
from gatepost.parts import build_house, open_database
from gatepost.pipeline import handle
from gatepost.store import marks, tickets

NOW = 1_794_582_000_000
PARCEL = "Where is my parcel? The tracking number shows nothing since Friday."


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text((shipped.folder("examples") / "marketplace" / "config.toml").read_text())
    for kind in ("vendors", "products", "customers", "subscriptions"):
        run(["import", kind, str(shipped.folder("examples") / "marketplace" / f"{kind}.csv"), "-c", str(path)])
    return path


@pytest.fixture
def filed(config):
    """The database after one mail about a parcel that opened ticket 1001."""
    loaded, header = load(config), "From: ada@teashop.example\r\nTo: support@orchard.example\r\n"
    db, house = open_database(loaded), build_house(loaded)
    for number, text in enumerate((PARCEL, "It broke after the update."), 1):
        raw = f"{header}Message-ID: <{number}@x>\r\nSubject: Checkout Composer\r\n\r\n{text}\r\n".encode()
        envelope = Envelope(mail_from="ada@teashop.example", recipients=("support@orchard.example",))
        arrival = Arrival(id=number, received=NOW, envelope=envelope, raw=raw)
        db.write_now(lambda tx, a=arrival, r=raw: handle(tx, house, a, read_letter(r), NOW))
    yield db
    db.close()


def test_a_ticket_gets_its_topic_and_the_vendor_reads_its_name(filed):
    def read(tx):
        said = [row["said"] for row in tx.rows("SELECT said FROM trace WHERE kind = 'label'")]
        raw = tx.value("SELECT raw FROM outbox WHERE template = 'ticket' ORDER BY id")
        return tickets.labels(tx, 1001), tickets.labels(tx, 1002), said, raw

    first, second, said, raw = filed.write_now(read)
    assert (first, second) == (("shipping",), ())
    assert len(said) == 1 and said[0].startswith("shipping (0.9")
    text = message_from_bytes(raw).as_string()
    assert "Shipping" in text


def test_a_correction_is_kept(config, filed, capsys):
    assert run(["topics", "label", "1002", "returns", "-c", str(config)]) == 0
    assert look(load(config), marks.corrections) == {1002: "returns"}
    assert "kept for the next training" in capsys.readouterr().out
    run(["topics", "label", "1002", "none", "-c", str(config)])
    assert look(load(config), marks.corrections) == {1002: "none"}


@pytest.mark.parametrize("wrong", [("1001", "weather", "no topic 'weather'"), ("77", "returns", "no ticket 77")])
def test_a_wrong_correction_is_refused(config, filed, capsys, wrong):
    number, topic, said = wrong
    assert run(["topics", "label", number, topic, "-c", str(config)]) == 70
    assert said in capsys.readouterr().err
    assert look(load(config), marks.corrections) == {}


def test_show_says_why(config, capsys, tmp_path):
    assert run(["topics", "show", PARCEL, "-c", str(config)]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0].endswith("  shipping") and "parcel +" in said
    (tmp_path / "mail.txt").write_text("hm")
    assert run(["topics", "show", str(tmp_path / "mail.txt"), "-c", str(config)]) == 0
    assert "below 0.90: not given" in capsys.readouterr().out


def test_evaluate_reports_and_plots(config, capsys, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="the plot needs Pillow: pip install gatepost[topics]")
    assert run(["topics", "evaluate", "-c", str(config), "--plot", str(tmp_path / "plot.png")]) == 0
    said = capsys.readouterr().out
    assert "wanted \\ given" in said and "precision 9" in said and "\nvi  " in said
    with image.open(tmp_path / "plot.png") as plot:
        # The bar is a red line from top to bottom, and the ranges are dots of blue.
        red, blue = (
            sum(count for count, colour in plot.getcolors(100_000) if colour[own] > 2 * colour[other])
            for own, other in ((0, 2), (2, 0))
        )
        assert plot.format == "PNG" and red > 400 and blue > 200
    assert run(["topics", "evaluate", "-c", str(config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["precision"] >= 0.95


def test_training_learns_from_a_correction(config, filed, capsys, tmp_path, monkeypatch):
    pytest.importorskip("sklearn", reason="training needs scikit-learn: pip install gatepost[topics]")
    small = tmp_path / "small"
    words = ("one", "two", "three", "four", "five", "six", "seven", "eight")
    for part in ("train", "held-out"):
        for topic, text in (("shipping", "parcel"), ("returns", "refund"), ("none", "hello")):
            path = small / "topics" / part / f"{topic}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(f"en: {text} {word}" for word in words))
    (small / "topics.toml").write_bytes((shipped.folder("rules") / "topics.toml").read_bytes())
    monkeypatch.setattr("gatepost.cli.topics.shipped.folder", lambda kind: small)
    run(["topics", "label", "1002", "returns", "-c", str(config)])
    run(["topics", "label", "1001", "wholesale", "-c", str(config)])
    target = tmp_path / "model.json"
    assert run(["topics", "train", "-c", str(config), "-o", str(target), "--progress"]) == 0
    said = capsys.readouterr().err
    assert "folds 8/8" in said and "wholesale is left out: it has 1 of the 8 examples that it needs" in said
    written = json.loads(target.read_text())
    assert written["corrections"] == 2 and written["counts"] == {"none": 8, "returns": 9, "shipping": 8}


@pytest.mark.parametrize(
    ("command", "missing", "said"),
    [
        (["train", "-o", "model.json"], "sklearn", "training needs scikit-learn"),
        (["evaluate", "--plot", "plot.png"], "PIL", "the reliability plot needs Pillow"),
    ],
)
def test_without_the_extra_the_command_that_brings_it_is_named(tmp_path, command, missing, said):
    """As in an installation without the extra: the package cannot be found."""
    hidden = f"import sys; sys.modules[{missing!r}] = None; from gatepost.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "topics", *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 70 and said in done.stderr, done.stderr
    assert f"{sys.executable} -m pip install 'gatepost[topics]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_daemon_never_loads_what_only_training_needs():
    code = (
        "import sys, gatepost.app, gatepost.daemon, gatepost.cli.topics; from gatepost import shipped; "
        "from gatepost.topics import catalogue; print(len(catalogue.load(shipped.folder('rules')).of('Where is my parcel?')));"
        "print([name for name in ('scipy', 'sklearn', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["1", "[]"]
