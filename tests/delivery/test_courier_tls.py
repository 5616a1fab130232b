"""TLS towards the smarthost as the policy says, and signing in only where nobody listens."""

import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatepost.core.outgoing import Later, Sent
from gatepost.delivery.courier import Courier
from gatepost.demo.script import Garbage, Reply, Stage
from gatepost.demo.sink import Sink

MAIL = b"Subject: x\r\n\r\ntext\r\n"
FROM = "bounces@market.example"
ANN = ("ann@a.example",)
OpenSink = Callable[..., Awaitable[Sink]]
MakeCourier = Callable[..., Courier]


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate: `server` shows it, `client` trusts it and nothing else."""

    chain: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.chain))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Certificate]:
    """Makes a certificate for a host that is valid for so many days from now."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed (apt-get install openssl)")
    folder = tmp_path_factory.mktemp("tls")
    made: dict[tuple[str, int], Certificate] = {}

    def run(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    def make(host: str = "localhost", days: int = 2) -> Certificate:
        if (host, days) not in made:
            name = f"{host}{days}"
            run(
                *("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
                *("-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"),
                *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
            )
            run(
                *("x509", "-req", "-in", f"{name}.csr", "-signkey", f"{name}.key", "-copy_extensions", "copy"),
                *("-days", str(days), "-out", f"{name}.pem"),
            )
            made[host, days] = Certificate(chain=folder / f"{name}.pem", key=folder / f"{name}.key")
        return made[host, days]

    return make


MakeCertificate = Callable[..., Certificate]
PATIENT = {"host": "localhost"}


async def test_required_and_trusted(sink_with: OpenSink, courier_to: MakeCourier, certificate: MakeCertificate) -> None:
    own = certificate()
    sink = await sink_with(tls=own.server())
    courier = courier_to(sink.port, tls="required", tls_context=own.client(), **PATIENT)
    for _ in range(2):
        (answer,) = await courier.send(FROM, ANN, MAIL)
        assert isinstance(answer, Sent)
    assert [(mail.tls, mail.connection) for mail in sink.mails] == [(True, 0), (True, 0)]


@pytest.mark.catalogue("F11")
@pytest.mark.parametrize(
    ("host", "days", "why"),
    [("localhost", -1, "expired"), ("other.example", 2, "Hostname mismatch"), ("localhost", 2, "self-signed")],
    ids=["expired", "another host's", "nobody's"],
)
async def test_required_never_believes_a_bad_certificate(
    sink_with: OpenSink, courier_to: MakeCourier, certificate: MakeCertificate, host: str, days: int, why: str
) -> None:
    shown = certificate(host, days)
    trusted = None if why == "self-signed" else shown.client()
    sink = await sink_with(tls=shown.server())
    courier = courier_to(sink.port, tls="required", tls_context=trusted, **PATIENT)
    (answer,) = await courier.send(FROM, ANN, MAIL)
    assert isinstance(answer, Later) and answer.unreachable
    assert answer.said.startswith("TLS: ") and why in answer.said
    assert sink.mails == []
    assert sink.connections == 1


@pytest.mark.catalogue("F11")
@pytest.mark.parametrize("trick", ["not offered", "refused", "garbled"])
async def test_required_never_falls_back_to_plain_text(
    sink_with: OpenSink, courier_to: MakeCourier, certificate: MakeCertificate, trick: str
) -> None:
    own = certificate()
    tricks = {"refused": Reply(454, "4.7.0 not now"), "garbled": Garbage(b"220 go\r\n220 plain text\r\n")}
    habits = {Stage.STARTTLS: tricks[trick]} if trick in tricks else {}
    sink = await sink_with(tls=None if trick == "not offered" else own.server(), habits=habits)
    courier = courier_to(sink.port, tls="required", tls_context=own.client(), host="localhost", seconds=2.0)
    (answer,) = await courier.send(FROM, ANN, MAIL)
    assert isinstance(answer, Later) and answer.unreachable and answer.said.startswith("TLS: ")
    assert sink.mails == []


async def test_opportunistic_takes_any_certificate(
    sink_with: OpenSink, courier_to: MakeCourier, certificate: MakeCertificate
) -> None:
    sink = await sink_with(tls=certificate("other.example", 2).server())
    (answer,) = await courier_to(sink.port, tls="opportunistic", **PATIENT).send(FROM, ANN, MAIL)
    assert isinstance(answer, Sent)
    assert sink.mails[0].tls


@pytest.mark.parametrize("trick", ["not offered", "refused", "garbled"])
async def test_opportunistic_goes_on_in_plain_text(
    sink_with: OpenSink, courier_to: MakeCourier, certificate: MakeCertificate, trick: str
) -> None:
    tricks = {"refused": Reply(454, "4.7.0 not now"), "garbled": Garbage(b"220 go\r\n220 plain text\r\n")}
    habits = {Stage.STARTTLS: tricks[trick]} if trick in tricks else {}
    sink = await sink_with(tls=None if trick == "not offered" else certificate().server(), habits=habits)
    courier = courier_to(sink.port, tls="opportunistic", host="localhost", seconds=2.0)
    (answer,) = await courier.send(FROM, ANN, MAIL)
    assert isinstance(answer, Sent)
    assert not sink.mails[0].tls


async def test_none_stays_plain(sink_with: OpenSink, courier_to: MakeCourier, certificate: MakeCertificate) -> None:
    sink = await sink_with(tls=certificate().server())
    await courier_to(sink.port, tls="none", **PATIENT).send(FROM, ANN, MAIL)
    assert not sink.mails[0].tls


async def test_signing_in(sink_with: OpenSink, courier_to: MakeCourier, certificate: MakeCertificate) -> None:
    own = certificate()
    sink = await sink_with(tls=own.server(), users={"gate": "secret"})
    login = {"tls": "required", "tls_context": own.client(), "username": "gate", **PATIENT}
    (answer,) = await courier_to(sink.port, password="secret", **login).send(FROM, ANN, MAIL)
    assert isinstance(answer, Sent)
    assert (sink.mails[0].user, sink.mails[0].tls) == ("gate", True)
    (answer,) = await courier_to(sink.port, password="wrong", **login).send(FROM, ANN, MAIL)
    assert answer == Later(code=535, said="sign in: 5.7.8 user name or password is wrong", unreachable=True)


@pytest.mark.catalogue("F11")
async def test_a_password_is_never_told_where_starttls_was_stripped(
    sink_with: OpenSink, courier_to: MakeCourier
) -> None:
    sink = await sink_with(users={"gate": "secret"})
    courier = courier_to(sink.port, tls="opportunistic", username="gate", password="secret", **PATIENT)
    (answer,) = await courier.send(FROM, ANN, MAIL)
    assert isinstance(answer, Later) and answer.unreachable and "STARTTLS" in answer.said
    assert sink.tried == []
    assert sink.connections == 1


async def test_a_password_goes_in_plain_text_only_where_the_operator_said_so(
    sink_with: OpenSink, courier_to: MakeCourier
) -> None:
    sink = await sink_with(users={"gate": "secret"})
    courier = courier_to(sink.port, tls="none", username="gate", password="secret", **PATIENT)
    assert isinstance((await courier.send(FROM, ANN, MAIL))[0], Sent)
    assert sink.tried == ["gate"]
