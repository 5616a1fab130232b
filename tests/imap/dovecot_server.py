"""A real Dovecot on loopback, started as nobody, and another client of one of its accounts."""

import imaplib
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from gatepost.ingress.sockets import open_listener

NOBODY = 65534
OAUTH = """
introspection_mode = post
introspection_url = {url}/introspect
username_attribute = username
active_attribute = active
active_value = true
"""
CONF = """
base_dir = {t}/run
state_dir = {t}/state
log_path = {t}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
first_valid_uid = 1
first_valid_gid = 1
mail_uid = 65534
mail_gid = 65534
mail_home = {t}/mail/%u
mail_location = maildir:~/Maildir
mail_max_userip_connections = 50
ssl = yes
ssl_cert = <{t}/tls.pem
ssl_key = <{t}/tls.key
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {t}/oauth2
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {t}/users
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={t}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
"""


def certificate(folder, name):
    """A self-signed certificate for one name or address."""
    what = "IP" if name[0].isdigit() else "DNS"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", folder / "tls.key", "-out", folder / "tls.pem", "-days", "2", "-subj", f"/CN={name}"]
    subprocess.run([*command, "-addext", f"subjectAltName={what}:{name}"], check=True, capture_output=True)


@contextmanager
def started(until, introspection):
    """Its ports, without and with TLS, and its folder; `introspection` is the server that knows good tokens."""
    if os.geteuid() != 0:
        pytest.skip("needs root: dovecot is started as another user")
    folder = Path(tempfile.mkdtemp(prefix="gatepost-dovecot-"))
    folder.chmod(0o755)
    for name in ("run", "state", "mail"):
        (folder / name).mkdir()
    with open_listener("127.0.0.1:0") as free, open_listener("127.0.0.1:0") as free_tls:
        ports = (free.getsockname()[1], free_tls.getsockname()[1])
    certificate(folder, "127.0.0.1")
    (folder / "users").write_text("".join(f"{user}:{{PLAIN}}secret::::::\n" for user in ("support", "sales", "odd")))
    (folder / "oauth2").write_text(OAUTH.format(url=introspection))
    (folder / "conf").write_text(CONF.format(t=folder, port=ports[0], tls_port=ports[1]))
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, NOBODY, NOBODY)
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    process = subprocess.Popen(
        [*command, "dovecot", "-F", "-c", folder / "conf"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: greets(ports[0]))
    yield (*ports, folder)
    process.terminate()
    process.wait(20)
    shutil.rmtree(folder)


def greets(port):
    try:
        imaplib.IMAP4("127.0.0.1", port).logout()
    except OSError:
        return False
    return True


class Account:
    """Another client of one account."""

    def __init__(self, port, user="support"):
        self.imap = imaplib.IMAP4("127.0.0.1", port)
        self.imap.login(user, "secret")

    def empty(self):
        folders = [line.decode().rpartition(" ")[2].strip('"') for line in self.imap.list()[1] if line]
        for folder in folders:
            if folder != "INBOX":
                self.imap.delete(folder)
        if int(self.imap.select("INBOX")[1][0]):
            self.imap.store("1:*", "+FLAGS", "(\\Deleted)")
            self.imap.expunge()

    def put(self, *mails, folder="INBOX"):
        for each in mails:
            assert self.imap.append(folder, None, None, each)[0] == "OK"

    def count(self, folder="INBOX"):
        status, said = self.imap.select(folder)
        return int(said[0]) if status == "OK" else 0
