"""The mails that people write in the demo: customers, a vendor's help desk, a robot; plain mail."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from ..core import Millis
from .post_office import Kept

STATUS_REPORT = """\
### WordPress Environment ###

WordPress address (URL): https://teashop.example
Site address (URL): https://teashop.example
WC Version: 10.3.4
WP Version: 6.9
WP Memory Limit: 256 MB
WP Debug Mode: -
Language: en_GB

### Server Environment ###

Server Info: nginx/1.26.2
PHP Version: 8.3.14
PHP Post Max Size: 64 MB
MySQL Version: 10.11.9-MariaDB

### Database ###

WC Database Version: 10.3.4
WC Database Prefix: wp_
Database Size: 212.4 MB

### Active Plugins (4) ###

Checkout Composer: by Brightside Labs – 4.1.0 (update to version 4.2.0 available)
Gift Basket: by Brightside Labs – 2.7.3
WooCommerce: by Automattic – 10.3.4
Cache Lantern: by Wick & Sons – 1.9.1

### Theme ###

Name: Kettle
Version: 3.2.1
Author URL: https://kettle.example
Child Theme: No

### Templates ###

Overrides: kettle/woocommerce/checkout/form-checkout.php version 3.5.0 is out of date. The core version is 9.4.0
Outdated Templates: Yes
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A mail to be put in over SMTP."""

    sender: str
    to: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        """Its subject."""
        return str(self.message["Subject"])


def write(
    *, sender: str, name: str = "", to: str, subject: str, words: str, at: Millis, files: dict[str, str] | None = None,
    program: str = "Mail 1.0",
) -> Written:  # fmt: skip
    """A new mail; `files` are text attachments by name."""
    message = EmailMessage()
    message["From"] = f"{name} <{sender}>" if name else sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.fromtimestamp(at / 1000, UTC))
    message["Message-ID"] = f"<{at}.{abs(hash((sender, subject, words))) % 10**10}@{sender.partition('@')[2]}>"
    message["User-Agent"] = program
    message.set_content(words)
    for filename, content in (files or {}).items():
        message.add_attachment(content, filename=filename)
    return Written(sender=sender, to=to, message=message)


def answer(kept: Kept, *, sender: str, name: str, words: str, at: Millis, program: str = "Mail 1.0") -> Written:
    """A plain Reply to a mail that came from us: to its Reply-To, citing it, quoting it, under an id of its own."""
    quoted = "\n".join(f"> {line}".rstrip() for line in kept.parts.text.strip().splitlines())
    written = write(
        sender=sender,
        name=name,
        to=kept.reply_to,
        subject=f"Re: {kept.header('subject')}",
        words=f"{words}\n\nOn Monday, {kept.header('from').partition('<')[0].strip()} wrote:\n{quoted}\n",
        at=at,
        program=program,
    )
    own = kept.header("message-id")
    written.message["In-Reply-To"] = own
    written.message["References"] = " ".join((*kept.header("references").split(), own))
    return written


def filed_with_report(at: Millis) -> Written:
    """Ada, whose subscription is active, asks about an extension and attaches her system status report."""
    return write(
        sender="ada@teashop.example",
        name="Ada Quill",
        to="support@orchard.example",
        subject="Checkout Composer loses my gift message field",
        words=(
            "Hello,\n\nsince the last update the gift message field has gone from my checkout.\n"
            "I have added it again twice; after a minute it is not there any more.\n\n"
            "My system status report is attached.\n\nThank you,\nAda Quill\nThe Tea Shop\n"
        ),
        at=at,
        files={"system-status-report.txt": STATUS_REPORT},
    )


def refund(at: Millis) -> Written:
    """Olu wants his money back."""
    return write(
        sender="olu@sunhats.example",
        name="Olu Adeyemi",
        to="support@orchard.example",
        subject="Please refund my purchase of Table Rate Shipping",
        words="Hi,\n\nI bought the wrong extension yesterday and would like a refund, please.\n\nOlu\n",
        at=at,
    )


def expired(at: Millis) -> Written:
    """Sven's subscription has ended."""
    return write(
        sender="sven@strickwaren.example",
        name="Sven Håkansson",
        to="help@harbor.example",
        subject="Wholesale Desk: prices are shown without tax",
        words="Hello,\n\nthe wholesale price list shows net prices since this morning. What can I do?\n\n/Sven\n",
        at=at,
    )


def to_an_absent_vendor(at: Millis) -> Written:
    """Greta writes in German to a vendor who is away."""
    return write(
        sender="greta@holzspiel.example",
        name="Greta Lindner",
        to="help@harbor.example",
        subject="Lighthouse Store Maps zeigt meinen Laden nicht",
        words=(
            "Guten Tag,\n\nseit gestern fehlt unser Laden auf der Karte. Die Adresse stimmt, ich habe sie zweimal\n"
            "geprüft. Was kann ich tun?\n\nViele Grüße\nGreta Lindner\n"
        ),
        at=at,
    )


def unclear(at: Millis) -> Written:
    """Pip has two extensions and does not say which."""
    return write(
        sender="pip@secondspring.example",
        name="Pip Marlowe",
        to="support@orchard.example",
        subject="It stopped working",
        words="Hi there,\n\nit worked on Friday and today it does not. Please help!\n\nPip\n",
        at=at,
    )


def robot(at: Millis) -> Written:
    """A newsletter that nobody answers."""
    written = write(
        sender="news@plugin-weekly.example",
        name="Plugin Weekly",
        to="support@harbor.example",
        subject="This week in plugins",
        words="Ten plugins that everybody talks about.\n",
        at=at,
    )
    written.message["List-Id"] = "<weekly.plugin-weekly.example>"
    written.message["Precedence"] = "bulk"
    return written
