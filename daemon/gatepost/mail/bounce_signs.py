"""By which words and fields mail systems show that a mail without RFC 3464 parts is a delivery report, as data.

No single word makes a bounce: people write about bounces, and lists carry them. Two signs of different places do.
"""

from email.header import decode_header
from email.message import Message

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status", "message/x-delivery-status"})
RETURNED_TYPES = frozenset(
    {"message/rfc822", "text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers", "message/global",
     "message/global-headers", "message/partial"}
)  # fmt: skip
_TEXT_CAP = 6_000
_OPENING_CAP = 600
_FIELD_CAP = 1_000
_LIST_FIELDS = (
    "list-id", "list-post", "mailing-list", "x-mailing-list", "x-mailman-version", "x-beenthere",
)  # fmt: skip
_ANSWERS = (
    "re:", "aw:", "sv:", "fw:", "fwd:", "wg:", "tr:", "rv:", "antw:", "vs:", "odp:", "回复:", "答复:", "转发:",
)  # fmt: skip

# Names and addresses in From that only mail systems bear.
_DAEMONS = (
    "mailer-daemon", "mailer_daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mdaemon@",
    "mail delivery subsystem", "mail delivery system", "mail deliver system", "<>", "delivery subsystem",
    "mail delivery service",
)  # fmt: skip
# Those that are mostly a mail system, and now and then a person.
_POSTMASTERS = (
    "postmaster", "post_master", "mail delivery", "maildelivery", "delivery system", "delivery-system", "mail system",
    "system administrator", "mail administrator", "mailsystem", "email system", "non-delivery", "nondelivery",
    "undelivered mail", "undeliverable", "returned mail", "internet mail", "interscan", "mail router", "mailer@",
    "mail gateway", "mail transfer", "smtp gateway", "symantec", "mailsweeper", "postoffice", "systemadministrator",
)  # fmt: skip
# Those that many others bear too.
_SYSTEMS = (
    "bounce", "mta ", "mail server", "smtp server", "administrator", "mail-server", "daemon@", "antispam",
    "auto-reply@", "autoreply@", "no-reply@", "noreply@", "smtp_mail_service", "admin@",
)  # fmt: skip
# With these a report opens; a person who writes about one has words of their own before them.
_OPENINGS = (
    "non-delivery report", "failed recipients", "delivery failure report", "delivery status report",
    "could not be delivered to", "couldn't be delivered to", "cannot be delivered to", "was not delivered to",
    "were not delivered to", "unable to deliver", "delivery to the following", "message from interscan",
    "undeliverable message", "undelivered message", "the following message could not", "the following mail could not",
    "your message did not reach", "did not reach the following", "n'a pas pu etre delivre", "n'a pas pu être délivré",
    "n'a pas pu être remis", "konnte nicht zugestellt werden", "no se pudo entregar",
    "non è stato possibile recapitare", "não pôde ser entregue", "kunde inte levereras", "mail delivery failed",
    "delivery has failed", "the original message was received at", "this is the mail system",
    "this message was created automatically by mail", "hi. this is the", "配信できません", "送信できませんでした",
    "无法送达", "未能送达", "недоставлен", "не удалось доставить",
)  # fmt: skip

_SUBJECTS = (
    "delivery status notification", "delivery failure", "delivery failed", "delivery has failed", "delivery report",
    "delivery notification", "delivery error", "delivery problem", "delivery unsuccessful", "delivery delayed",
    "delivery temporarily", "delivery status", "deliver mail", "deliver message", "delivered message",
    "mail could not", "mail delivery", "message delivery", "email delivery", "failure notice", "failure notification",
    "failure delivery", "failed delivery", "failed mail", "failed to deliver", "mail failure", "mail failed",
    "mail system error", "message status", "message you sent blocked", "message undeliverable", "non delivery",
    "non-delivery", "nondelivery", "not delivered", "not be delivered", "not deliver", "nondeliverable",
    "non-deliverable", "non remis", "non-remis", "returned mail", "returned to sender", "return to sender",
    "returning message", "returned message", "returned email", "mail returned", "message returned", "rejected:",
    "mail rejected", "rejected mail", "processing error", "delivery warning", "mail problem", "message rejected",
    "unable to deliver", "undeliverable", "undelivered", "undeliver", "undeliverd", "unzustellbar", "unknown user",
    "unknown recipient", "user unknown", "unknown address", "invalid recipient", "no such user", "error sending",
    "error in e-mail", "error in mail", "mail error", "could not send", "could not be sent", "can't send",
    "cannot send", "not sent", "warning: message", "warning: could", "delayed mail", "message delayed",
    "mail delayed", "delayed delivery", "postmaster notify", "postmaster warning", "mailer daemon", "see transcript",
    "permanent error", "permanent delivery", "ndn:", "dsn:", "quota exceeded", "mailbox full", "mailbox unavailable",
    "inbox full", "account disabled", "over quota", "mail non remis", "échec de remise", "échec de la remise",
    "notification d'échec", "non distribu", "courrier non", "problème de livraison", "message non délivré",
    "retourné à l'expéditeur", "nicht zugestellt", "nicht zustellbar", "zustellung", "unzustellbarkeit",
    "fehlgeschlagen", "zurückgewiesen", "rücksendung", "no se puede entregar", "no se pudo entregar", "no entregado",
    "no entregable", "error de entrega", "fallo en la entrega", "devuelto", "devuelta", "mancato recapito",
    "recapito", "mancata consegna", "non recapitabile", "impossibile recapitare", "niet worden bezorgd",
    "onbestelbaar", "niet bestelbaar", "niet afgeleverd", "não entregue", "não foi entregue",
    "não é possível entregar", "falha na entrega", "falha de entrega", "não pode ser entregue", "olevererbart",
    "kunde inte levereras", "går inte att leverera", "kunne ikke leveres", "kan ikke leveres", "leveres ikke",
    "toimittaminen epäonnistui", "toimittaminen ei", "nedoručiteln", "nedoručen", "doručení se nezdařilo",
    "niedostarcz", "nie można dostarczyć", "zwrot poczty", "kézbesíthetetlen", "kézbesítés", "livrare eșuată",
    "nelivrabil", "недостав", "не доставлен", "не удалось доставить", "возврат почты", "ошибка доставки",
    "не може бути достав", "αδυναμία παράδοσης", "δεν παραδόθηκε", "teslim edilemedi", "teslim edilemeyen",
    "iletilemedi", "配信不能", "配信エラー", "送信エラー", "配送できません", "配信できません", "エラーメール",
    "配達不能", "系统退信", "退信", "无法送达", "无法投递", "投递失败", "傳送失敗", "無法傳遞", "發送失敗", "반송",
    "전송 실패", "배달되지", "배달할 수 없", "לא ניתן למסור", "תعذر التسليم", "تعذر تسليم", "غير قابل للتسليم",
)  # fmt: skip

_PHRASES = (
    "could not be delivered", "couldn't be delivered", "could not deliver", "couldn't deliver", "cannot be delivered",
    "can't be delivered", "can not be delivered", "cannot deliver", "was not delivered", "were not delivered",
    "not delivered", "has not been delivered", "not been delivered", "unable to deliver", "unable to be delivered",
    "undeliverable", "undelivered", "delivery failed", "delivery failure", "delivery has failed", "delivery attempt",
    "delivery to the following", "delivery to following", "failed to deliver", "failed to reach",
    "did not reach the following", "did not reach", "does not exist", "doesn't exist", "no such user", "user unknown",
    "unknown user", "unknown recipient", "recipient unknown", "unknown address", "not listed in", "no such account",
    "no such recipient", "permanent fatal errors", "permanent error", "fatal errors", "transient non-fatal errors",
    "had permanent", "session follows", "i'm afraid i wasn't able", "i wasn't able to deliver", "giving up on it",
    "giving up", "the message that you sent", "a message that you sent", "your message was not", "your message to",
    "your message has been rejected", "message was rejected", "rejected your message", "has been rejected",
    "was rejected", "mail was returned", "being returned", "returned to you", "returned to sender", "is returned",
    "has been returned", "been postponed", "mailbox space", "mailbox full", "mailbox is full", "over quota",
    "quota exceeded", "exceeded storage", "exceeds the quota", "mailbox unavailable", "mailbox not found",
    "mailbox does not", "account is disabled", "inactive", "unrouteable", "unroutable", "host unknown",
    "host not found", "unknown host", "domain not found", "name server", "timed out", "connection refused",
    "delivery has been delayed", "delivery delayed", "is delayed", "will be retried", "still trying", "keep trying",
    "warning message only", "do not need to resend", "not necessary to resend", "undelivered message",
    "invalid address", "invalid recipient", "address rejected", "relay access denied", "relaying denied",
    "recipient rejected", "recipient address", "following recipient", "following address", "following user",
    "error sending", "transcript of session", "konnte nicht zugestellt", "nicht zugestellt werden", "nicht erreicht",
    "unzustellbar", "n'a pas pu être", "n'a pas été remis", "n'a pu être", "pas pu être remis", "no se pudo entregar",
    "no se ha podido entregar", "no ha podido", "no pudo ser entregado", "non è stato possibile",
    "impossibile recapitare", "impossibile consegnare", "kon niet worden", "niet worden bezorgd", "não pôde ser",
    "não foi possível", "não foi entregue", "kunde inte levereras", "kunne ikke leveres", "kan ikke leveres",
    "ei voitu toimittaa", "nebylo možné", "nemohla být", "nie mog", "nie można", "nem sikerült", "nem kézbesíthető",
    "nu a putut fi", "не удалось доставить", "не может быть достав", "не доставлен", "не было доставлено",
    "не вдалося доставити", "δεν ήταν δυνατή", "teslim edilemedi", "iletilemedi", "配信できません", "送信できません",
    "配送できません", "届けられません", "送信されませんでした", "見つかりません", "配信されませんでした",
    "お届けできません", "宛先不明", "送達できません", "配信が失敗", "配信に失敗", "无法送达", "无法投递", "未能送达",
    "退回", "無法傳遞", "不存在", "배달되지", "전송하지 못", "반송", "550 ", "551 ", "552 ", "553 ", "554 ", "5.1.1",
    "5.0.0", "5.2.2", "4.4.7",
)  # fmt: skip

_DELAYS = (
    "been postponed", "continue to try", "delivery warning", "delayed for", "warning: could not send",
    "delivery delayed", "delayed mail", "message delayed", "mail delayed", "is delayed", "has been delayed",
    "delivery status notification (delay)", "notification (delay", "delivery incomplete", "will be retried",
    "will continue to be", "will keep trying", "keep trying", "still trying", "continue trying",
    "not yet been delivered", "not been delivered yet", "warning message only", "do not need to resend",
    "no action is required", "wird weiterhin versucht", "verzögert", "retardé", "retrasad", "in ritardo", "vertraagd",
    "atrasad", "задержан", "遅延", "延迟",
)  # fmt: skip


def may_be_a_bounce(message: Message) -> bool:
    """Whether the header leaves it open: without any of these, no text makes a report."""
    subject, names = _folded(field(message, "subject")), _folded(field(message, "from"))
    return (
        bool(message.get("x-failed-recipients"))
        or is_null(message)
        or any(word in names for table in (_DAEMONS, _POSTMASTERS) for word in table)
        or any(word in subject for word in _SUBJECTS)
    )


def reads_like_a_bounce(message: Message, text: str, *, returns_mail: bool) -> bool:
    """Whether two signs of different places agree that `message`, which has no delivery-status part, is a report."""
    subject, names = _folded(field(message, "subject")), _folded(field(message, "from"))
    daemon, postmaster, system = (any(word in names for word in table) for table in (_DAEMONS, _POSTMASTERS, _SYSTEMS))
    if any(message.get(name) for name in _LIST_FIELDS) and not (daemon or "postmaster@" in names):
        # A person's words about a bounce, on a list; a list's fields on a daemon's own mail mean nothing.
        return False
    titled = any(word in subject for word in _SUBJECTS)
    titled_anew = titled and not subject.startswith(_ANSWERS)
    null_path = is_null(message)
    if not (titled or daemon or postmaster or null_path or message.get("x-failed-recipients")):
        # Most mail: no sign outside the text, which alone makes no report and need not be searched.
        return False
    folded = _folded(text[:_TEXT_CAP])
    told = any(phrase in folded for phrase in _PHRASES)
    if daemon or message.get("x-failed-recipients"):
        return titled or told or returns_mail or null_path
    if postmaster or null_path:
        return titled_anew or (told and returns_mail) or (told and postmaster and null_path)
    opens = any(phrase in folded[:_OPENING_CAP] for phrase in _OPENINGS)
    return (titled and opens) or (titled_anew and told and (returns_mail or system))


def field(message: Message, name: str) -> str:
    """A header field as text, its encoded words decoded as far as they can be; capped."""
    raw = str(message.get(name, "") or "")[:_FIELD_CAP]
    if "=?" not in raw:
        return raw
    try:
        pieces = [
            piece.decode(charset or "ascii", "replace") if isinstance(piece, bytes) else piece
            for piece, charset in decode_header(raw)
        ]
    except Exception:
        # Broken encoded words raise errors of several kinds, unknown charsets LookupError.
        return raw
    return "".join(pieces)


def is_null(message: Message) -> bool:
    """Whether Return-Path shows the null envelope sender, or MAILER-DAEMON in its place."""
    path = str(message.get("return-path", "") or "").strip().lower()
    return path in ("<>", "<<>>", "< >") or "mailer-daemon" in path


def is_delay(subject: str, text: str) -> bool:
    """Whether the words tell of a delay: the mail system is still trying."""
    seen = _folded(subject) + "\n" + _folded(text[:_TEXT_CAP])
    return any(phrase in seen for phrase in _DELAYS)


def _folded(text: str) -> str:
    return " ".join(text.replace("’", "'").lower().split())
