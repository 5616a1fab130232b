"""The closed list of what the log can say: every line begins with one of these words. docs/log.md is written from it.

A line is a word, then `name=value` pairs, then, behind a colon, words for people. No line holds a secret or the text of
a mail; an id leads to the rest: gatepost trace, gatepost mail, gatepost quarantine show.
"""

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "The daemon and its parts": {
        "part.started": "A part runs as process pid.",
        "part.died": "A part ended by itself with this exit code (-9: killed); it starts again after the pause.",
        "part.failed": "A part ended by an error of ours; the lines below tell where. It is started again.",
        "part.stopped": "A part was asked to stop and has stopped.",
        "part.killed": "A part did not stop within its grace; nothing that was accepted is lost.",
        "supervisor.stopping": "The daemon was asked to stop.",
        "desk.ready": "The desk works.",
        "desk.stopped": "The desk has finished what it had begun.",
        "gate.listening": "The gate takes mail on these addresses.",
        "gate.commit_unended": "At the stop a commit was still under way: its sender has no answer and will ask again.",
        "gate.certificate_refused": "A new certificate cannot be used; the old one stays. Mend it, then reload.",
        "gate.lost": "The desk has lost the gate's control socket; it connects again by itself.",
        "control.cut_off": "A reader of the gate's news did not read; it will connect again.",
        "control.gone": "A reader of the gate's news has gone.",
        "loop.fault": "A fault of ours in the midst of reading or writing; where memory ran out, the desk starts anew.",
        "look.failed": "Something that is looked at again and again failed once; the next look comes by itself.",
        "log.lost": "So many lines could not be written, because nobody read them: mail comes before the log.",
    },
    "Mail coming in": {
        "arrival.accepted": "A mail got its 250: it is on disk under this id.",
        "arrival.not_stored": "A mail could not be stored and got a 4xx; its sender keeps it. Look at the disk.",
        "arrival.unknown": "Nobody can say whether a mail was stored: the connection is cut, the sender asks again.",
        "arrival.handled": "An arrival has its outcome; gatepost trace tells why. None: it is tried again.",
        "arrival.failed": "Handling an arrival failed by a fault of ours; after three tries it goes to quarantine.",
        "smtp.refused": "A command got this answer, by the protocol or by a limit.",
        "smtp.recipient_refused": "Mail for an address that is not ours, refused with 550.",
        "smtp.tls_failed": "A TLS handshake failed; the sender usually comes again, perhaps in plain text.",
        "smtp.time_up": "A peer was silent for longer than smtp.idle_seconds, or sent too slowly.",
        "smtp.unread": "A peer does not read what it is told, and was cut off.",
        "smtp.no_proxy_header": "A connection from smtp.proxies began without the PROXY header.",
        "smtp.fault": "A fault of ours, answered with 451; the sender was told the incident's id.",
        "smtp.broken": "A conversation was given up by a fault of ours; nothing of it was accepted.",
        "reader.not_ready": "A reader ended before it could read anything; it is started again.",
        "release.done": "A held mail was run again.",
        "release.failed": "A held mail could not be run again; it stays where it is.",
        "authentication.failed": "The evaluation of a sender failed by a fault of ours; nothing is proved.",
    },
    "The spool": {
        "spool.swept": "Rests of accepts that were never answered were taken away at the start.",
        "spool.commit_failed": "A commit failed; its mails got a 4xx. Look at the disk.",
        "spool.not_reopened": "After that the file could not be opened; it is tried again with the next mail.",
        "spool.not_closed": "After that the old connection did not close; it is left alone.",
        "spool.reserve_spent": "The disk is full: the reserve was given back so that rows can be deleted.",
        "spool.not_cleared": "Rows that the desk has handled could not be deleted; the next start does it.",
        "spool.database_gone": "The file was taken away; mails that it may have named are kept in that folder.",
        "spool.file_lost": "The file of an accepted large mail was taken away: look for it in a backup.",
        "spool.unanswered": "At the stop a mail was committed that nobody waited for any more; its sender asks again.",
        "spool.fault": "A fault of ours in the thread that writes; the mails under way got a 4xx.",
    },
    "The desk's database": {
        "store.refused": "A transaction was refused by disk or lock; it is tried again until it is taken.",
        "store.reopen_failed": "After a fault the database could not be opened; the next transaction tries again.",
    },
    "Mailboxes and archives": {
        "imap.taken": "A mail was fetched and committed.",
        "imap.failing": "A mailbox cannot be fetched: the server's words. It is tried again for ever.",
        "imap.recovered": "It can be fetched again.",
        "imap.stumbled": "One mail could not be fetched this time; after three times it goes to the failed folder.",
        "imap.cut": "A server took too long over one command: the connection was cut, and is opened anew.",
        "imap.fault": "A mailbox failed by a fault of ours; it is tried again.",
        "imap.set_aside": "A mail that cannot be fetched was put into the failed folder, for this cause.",
        "import.done": "A table of the marketplace was imported.",
        "import.gone": "A mail of an archive was taken away while it was imported.",
        "import.too_large": "A mail of an archive is beyond smtp.message_octets and was left out.",
        "tray.answered": "A command asked the running desk for this, and it was done.",
        "tray.refused": "A command asked for what cannot be done; it was told why.",
    },
    "Rules, templates, topics, the marketplace": {
        "rules.reloaded": "New rules are in force.",
        "rules.unchanged": "A reload found the rules as they were.",
        "rules.refused": "New rules have a mistake: the old ones stay in force.",
        "templates.reloaded": "New templates are in force.",
        "templates.refused": "New templates have a mistake: the old ones stay in force.",
        "topics.reloaded": "A new model of topics is in force.",
        "topics.refused": "A new model cannot be used: the old one stays.",
        "topics.none": "There is no model that can be used: tickets get no topics.",
        "away.no_vendor": "A section [away.…] names a vendor that was not imported.",
        "away.refused": "A section [away.…] cannot be put into force.",
    },
    "The clock": {
        "clock.stepped": "The clock was set by so many seconds; deadlines are kept by the new time.",
        "deadline.failed": "A deadline could not be done by a fault of ours; it is tried again in 15 minutes.",
    },
    "Mail going out": {
        "delivery.turn_failed": "A turn of the deliverer failed by a fault of ours; the next one begins at once.",
        "delivery.not_written": "How a try ended could not be written down; it is later, or the mail goes again.",
        "delivery.result_not_told": "Somebody who wanted to know of an end failed; the end itself is written.",
        "delivery.fault": "A try ended by a fault of ours; it counts as one that may pass.",
        "outbox.failure_not_told": "A mail was refused for good, and telling so failed by a fault of ours.",
    },
    "What is kept no longer": {
        "retention.purged": "So much of each class has passed its age, or its time, and was taken away.",
        "erasure.done": "So many persons were erased.",
        "erasure.log_read": "An erasure is done; the database's log is still being read, and is cut later.",
    },
    "Pages and monitoring": {
        "portal.closed": "A server of pages could not be opened; mail goes on.",
        "portal.no_picture": "A brand's picture cannot be read: the one before it stays, or none is shown.",
        "staff.locked": "Too many wrong codes of a member of staff: none is taken until then (milliseconds of UTC).",
        "sign-in.refused": "A sign-in by single sign-on was refused, for this reason; the visitor can try again.",
        "page.failed": "A page failed by a fault of ours; the visitor was told the id.",
        "watch.unwritten": "The watch could not write down what it saw: the database refuses to be written.",
        "watch.spool_unread": "The watch could not read the spool; the gate tells more.",
        "doctor.failed": "A look of gatepost doctor failed by a fault of ours.",
    },
}


def meaning(word: str) -> str | None:
    """What a line that begins with this word means; None for one that is not listed."""
    return next((said[word] for said in WORDS.values() if word in said), None)


def as_markdown() -> str:
    """The tables of docs/log.md."""
    parts = []
    for title, words in WORDS.items():
        rows = "\n".join(f"| `{word}` | {said} |" for word, said in words.items())
        parts.append(f"## {title}\n\n| word | meaning |\n|---|---|\n{rows}\n")
    return "\n".join(parts)
