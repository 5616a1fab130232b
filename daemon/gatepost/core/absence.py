"""The words of absence notices and other automatic answers, as data, and how they are looked for (M5).

A subject is sure only when it begins with the exact words that a program puts there; all other words count as one sign
of two. Everything compares lower-cased prefixes and substrings of capped text; the header fields are not looked at.
"""

_TEXT_CAP = 4_000
_OPENING_CAP = 500

# What mail programs write before the original subject: a person who answers one has "Re:" or "AW:" before it.
_SURE_AWAY = (
    "automatic reply:", "automatic response:", "oof:", "ooo:", "out of the office:", "out of office autoreply:",
    "out of office auto-reply:", "out of the office autoreply:", "out of office reply:", "out of office:",
    "out of office notification:", "auto: out of office", "abwesenheitsnotiz:", "abwesenheitsmeldung:",
    "abwesenheitsbenachrichtigung:", "automatische antwort:", "abwesenheitsnachricht:", "réponse automatique :",
    "réponse automatique:", "absence du bureau", "message d'absence", "notification d'absence",
    "respuesta automática:", "respuesta automatica:", "fuera de la oficina:", "risposta automatica:", "fuori sede:",
    "fuori ufficio:", "automatisch antwoord:", "automatische beantwoording:", "afwezigheidsbericht:",
    "resposta automática:", "resposta automatica:", "ausência temporária:", "fora do escritório:", "autosvar:",
    "automatiskt svar:", "automatisk svar:", "frånvaro:", "fravær:", "fraværsmelding:", "fraværsbesked:",
    "automaattinen vastaus:", "poissaolo:", "poissaoloviesti:", "automatická odpověď:", "automatická odpoveď:",
    "mimo kancelář:", "autoodpowiedź:", "odpowiedź automatyczna:", "automatyczna odpowiedź:", "poza biurem:",
    "automatikus válasz:", "házon kívül:", "răspuns automat:", "raspuns automat:", "автоматический ответ:",
    "автоответ:", "автоматична відповідь:", "автоматичен отговор:", "αυτόματη απάντηση:", "otomatik yanıt:",
    "otomatik cevap:", "ofis dışında:", "自動応答:", "自動返信:", "不在通知:", "不在のお知らせ:", "自动答复:",
    "自动回复:", "自動回覆:", "自動回复:", "자동 회신:", "자동 응답:", "부재중:", "תשובה אוטומטית:", "מענה אוטומטי:",
    "رد تلقائي:", "الرد التلقائي:", "tự động trả lời:", "trả lời tự động:", "balasan otomatis:", "ตอบกลับอัตโนมัติ:",
    "automatski odgovor:", "samodejni odgovor:", "automātiskā atbilde:", "automatinis atsakymas:", "automaatvastus:",
    "resposta automàtica:", "aŭtomata respondo:",
)  # fmt: skip
_SURE_ANSWER = (
    "auto reply:", "autoreply:", "auto-reply:", "auto response:", "auto-response:", "autoresponse:", "[auto-reply]",
    "[autoreply]", "[auto reply]", "automated response:", "automated reply:",
)  # fmt: skip

_ANSWERS = (
    "re:", "aw:", "sv:", "vs:", "antw:", "odp:", "r:", "ynt:", "fw:", "fwd:", "wg:", "回复:", "答复:",
)  # fmt: skip

# Words that a person may also write ("Out of Office calendar plugin crashes"): one sign of two.
_AWAY_WORDS = (
    "out of office", "out of the office", "out-of-office", "automatic reply", "on vacation", "on holiday", "on leave",
    "annual leave", "away from the office", "away from my", "vacation reply", "vacation message", "maternity leave",
    "parental leave", "abwesend", "abwesenheit", "nicht im büro", "im urlaub", "in urlaub", "außer haus",
    "elternzeit", "automatische antwort", "absent du bureau", "absente du bureau", "absence", "en congé",
    "en vacances", "réponse automatique", "fuera de la oficina", "de vacaciones", "ausencia", "respuesta automática",
    "fuori ufficio", "in ferie", "assente", "assenza", "risposta automatica", "afwezig", "op vakantie",
    "niet aanwezig", "automatisch antwoord", "fora do escritório", "de férias", "ausência", "ausente",
    "resposta automática", "på semester", "frånvarande", "frånvaro", "tjänstledig", "föräldraledig", "på ferie",
    "fraværende", "fravær", "ikke på kontoret", "lomalla", "poissa", "na dovolené", "nepřítomen", "nepřítomnost",
    "mimo kancelář", "na dovolenke", "na urlopie", "nieobecn", "poza biurem", "autoodpowiedź", "szabadságon",
    "házon kívül", "távollét", "în concediu", "in concediu", "в отпуске", "отсутств", "вне офиса", "автоответ",
    "у відпустці", "відсутн", "в отпуск", "отсъств", "εκτός γραφείου", "σε άδεια", "izinde", "izindeyim",
    "ofis dışında", "yıllık izin", "不在", "休暇", "休假", "外出", "不在办公室", "自动回复", "自动答复", "自動返信",
    "자리를 비", "부재중", "휴가", "לא במשרד", "בחופשה", "חופשה", "خارج المكتب", "في إجازة", "nghỉ phép",
    "sedang cuti", "na godišnjem odmoru", "na dopustu", "puhkusel",
)  # fmt: skip
_AWAY_PHRASES = (
    "i am out of the office", "i'm out of the office", "i am currently out of", "i'm currently out of",
    "i will be out of the office", "i'll be out of the office", "i am away from", "i am on vacation",
    "i'm on vacation", "i am on holiday", "i am on annual leave", "i'm on annual leave", "i am currently on",
    "i will be on vacation", "i am on leave", "currently out of the office", "limited access to email",
    "limited access to my email", "limited access to e-mail", "upon my return", "on my return", "when i return",
    "i will return on", "i'll be back on", "i will be back on", "returning on", "no longer with the company",
    "no longer work", "will not be reading", "ich bin derzeit nicht", "ich bin zur zeit nicht",
    "ich bin momentan nicht", "ich bin im urlaub", "ich bin bis", "ich bin ab dem", "ich bin vom", "nicht im büro",
    "nicht im hause", "außer haus", "wieder erreichbar", "ihre e-mail wird nicht weitergeleitet",
    "ihre nachricht wird nicht weitergeleitet", "in dringenden fällen", "je suis absent",
    "je suis actuellement absent", "je serai absent", "actuellement en congé", "je suis en congé", "en mon absence",
    "je serai de retour", "de retour le", "estoy fuera de la oficina", "estaré fuera de la oficina",
    "me encuentro fuera", "estoy de vacaciones", "estaré de vuelta", "sono fuori ufficio", "sono in ferie",
    "sarò fuori ufficio", "sono assente", "sarò assente", "ik ben afwezig", "ik ben momenteel niet",
    "ik ben niet aanwezig", "ik ben met vakantie", "ik ben op vakantie", "estou fora do escritório",
    "estou de férias", "estarei ausente", "estou ausente", "jag är på semester", "jag är inte på kontoret",
    "jag är frånvarande", "jag är tillbaka", "jeg er på ferie", "jeg er ikke på kontoret", "jeg er ute av kontoret",
    "jeg er tilbage", "jeg er tilbake", "olen lomalla", "olen poissa", "jsem mimo kancelář", "jsem na dovolené",
    "jestem na urlopie", "przebywam na urlopie", "jestem poza biurem", "jestem nieobecn", "szabadságon vagyok",
    "nem vagyok az irodában", "sunt în concediu", "sunt plecat", "я в отпуске", "нахожусь в отпуске",
    "буду отсутствовать", "меня нет в офисе", "я у відпустці", "перебуваю у відпустці", "в отпуска съм",
    "είμαι εκτός γραφείου", "βρίσκομαι σε άδεια", "izindeyim", "ofis dışındayım", "不在にして", "休暇をいただいて",
    "休暇中", "不在办公室", "正在休假", "外出期间", "我目前不在", "我在休假", "부재중입니다", "휴가 중",
    "אני לא במשרד", "אני בחופשה", "איני נמצא", "أنا خارج المكتب", "أنا في إجازة",
)  # fmt: skip
_PROGRAM_PHRASES = (
    "this is an automated", "this is an automatic", "this is an autoresponse", "this is an auto-generated",
    "this message was automatically generated", "this email was automatically generated",
    "this message has been automatically generated", "this e-mail was automatically generated",
    "this message was generated automatically", "please do not reply to this email",
    "please do not reply to this e-mail", "please do not reply to this message", "please don't reply to this email",
    "do not reply to this email", "do not reply to this e-mail", "do not reply to this message", "automated response",
    "auto-response", "dies ist eine automatisch", "diese e-mail wurde automatisch",
    "diese nachricht wurde automatisch", "bitte antworten sie nicht auf diese", "ceci est un message automatique",
    "ceci est une réponse automatique", "cet e-mail a été envoyé automatiquement", "merci de ne pas répondre",
    "este es un mensaje automático", "esta es una respuesta automática", "por favor no responda",
    "por favor, no responda", "questo è un messaggio automatico", "questa è una risposta automatica",
    "si prega di non rispondere", "dit is een automatisch", "esta é uma mensagem automática",
    "esta é uma resposta automática", "por favor não responda", "detta är ett automatiskt", "dette er en automatisk",
    "tämä on automaattinen", "toto je automatick", "to jest automatyczn", "prosimy nie odpowiadać",
    "ez egy automatikus", "acesta este un mesaj automat", "это автоматическ", "это письмо отправлено автоматически",
    "данное письмо сформировано автоматически", "це автоматичн", "bu otomatik", "bu bir otomatik", "このメールは自動",
    "本メールは自動", "本メールは、自動", "此邮件由系统自动", "这是一封自动", "此为系统自动", "이 메일은 자동",
    "본 메일은 자동", "זוהי הודעה אוטומטית", "הודעה זו נשלחה באופן אוטומטי", "هذه رسالة تلقائية",
)  # fmt: skip
# What help desks say when nobody has read a mail yet. “Thank you for contacting us” is none: people begin so too.
ACKNOWLEDGEMENTS = (
    "we have received your request", "we have received your message", "we have received your email",
    "we have received your e-mail", "we have received your inquiry", "we have received your enquiry",
    "we have received your ticket", "we have received your support", "we've received your request",
    "we've received your message", "we've received your email", "we received your request",
    "we received your message", "we received your email", "your request has been received",
    "your message has been received", "your email has been received", "your ticket has been received",
    "your ticket has been created", "your ticket has been opened", "your request has been logged",
    ") has been received and", "has been received and is", "has been received and will", "a support ticket has been",
    "a ticket has been created", "a new support ticket", "a new ticket has been", "ticket received",
    "request received", "case created", "one of our agents will", "we will get back to you as soon",
    "we'll get back to you as soon", "wir haben ihre anfrage erhalten", "ihre anfrage ist bei uns eingegangen",
    "ihre anfrage ist eingegangen", "ihre nachricht ist bei uns eingegangen", "wir haben deine anfrage erhalten",
    "eingangsbestätigung", "nous avons bien reçu votre demande", "nous avons bien reçu votre message",
    "nous avons bien reçu votre e-mail", "votre demande a été enregistrée", "votre demande a bien été",
    "hemos recibido su solicitud", "hemos recibido tu solicitud", "hemos recibido su mensaje",
    "hemos recibido tu mensaje", "hemos recibido su consulta", "recibimos su solicitud",
    "abbiamo ricevuto la tua richiesta", "abbiamo ricevuto la sua richiesta", "abbiamo ricevuto la vostra richiesta",
    "we hebben uw verzoek ontvangen", "we hebben uw bericht ontvangen", "wij hebben uw bericht",
    "wij hebben uw verzoek", "recebemos sua solicitação", "recebemos o seu pedido", "recebemos sua mensagem",
    "vi har mottagit ditt ärende", "vi har mottagit ditt meddelande", "vi har modtaget din henvendelse",
    "vi har mottatt din henvendelse", "olemme vastaanottaneet viestisi", "přijali jsme váš požadavek",
    "otrzymaliśmy twoje zgłoszenie", "otrzymaliśmy twoją wiadomość", "otrzymaliśmy państwa",
    "megkaptuk a megkeresését", "am primit solicitarea", "мы получили ваш запрос", "мы получили ваше",
    "ваша заявка принята", "ваша заявка зарегистрирована", "ваше обращение зарегистрировано",
    "ваше обращение принято", "ми отримали ваш", "talebiniz alındı", "talebiniz bize ulaştı",
    "お問い合わせを受け付け", "お問い合わせいただきありがとうございます", "我们已收到您的请求", "我们已收到您的邮件",
    "您的请求已收到", "문의가 접수",
)  # fmt: skip


def sure_subject(subject: str, *, answers: bool = False) -> str:
    """The words of a program with which the subject begins, or ''. `answers`: the mail cites one that it answers."""
    folded = _folded(subject).replace("：", ":")
    words = (*_SURE_AWAY, *_SURE_ANSWER, *(("auto:",) if answers else ()))
    return next((one for one in words if folded.startswith(one)), "")


def subject_sign(subject: str) -> str:
    """Words of absence or of an automatic answer at the start or the end of the subject, or in brackets, or ''."""
    folded = _folded(subject)
    while folded.startswith(_ANSWERS):
        folded = folded.partition(":")[2].strip()
    words = (*_AWAY_WORDS, "auto reply", "autoreply", "auto-reply", "auto response", "autoresponse", "auto-response")
    return next((word for word in words if word in folded and _stands_out(word, folded)), "")


def _stands_out(word: str, subject: str) -> bool:
    bare = subject.strip(" .!*[]()-")
    marked = any(f"{mark}{word}" in subject for mark in ("(", "[", ": ", "- ", "– ", "| "))
    return bare.startswith(word) or bare.endswith(word) or marked


def text_sign(text: str) -> str:
    """A phrase of absence, or a program's word about itself, at the beginning of the text, or ''."""
    folded = _folded(text[:_OPENING_CAP])
    return next((phrase for phrase in _AWAY_PHRASES if phrase in folded), "") or program_line(text)


def program_line(text: str) -> str:
    """The phrase with which a line says that a program wrote it, or ''. Within a line it may be a citation."""
    for line in _folded(text[:_TEXT_CAP], lines=True).split("\n"):
        bare = line.strip(" *-=#>[(.!\t")
        if bare.startswith(_PROGRAM_PHRASES):
            return next(phrase for phrase in _PROGRAM_PHRASES if bare.startswith(phrase))
    return ""


def means_away(words: str) -> bool:
    """Whether the words (as the functions above return them) speak of an absence, not merely of a program."""
    return words in _SURE_AWAY or words in _AWAY_WORDS or words in _AWAY_PHRASES


def is_absence(subject: str, text: str) -> bool:
    """Whether a mail that is known to be a program's is an absence notice."""
    folded = _folded(text)
    return (
        means_away(sure_subject(subject))
        or means_away(subject_sign(subject))
        or any(phrase in folded for phrase in _AWAY_PHRASES)
    )


def is_acknowledgement(subject: str, text: str) -> bool:
    """Whether the mail says that a request was received: what help desks write without a person (A6)."""
    seen = _folded(subject) + "\n" + _folded(text[:1_000])
    return any(phrase in seen for phrase in ACKNOWLEDGEMENTS) or bool(program_line(text))


def _folded(text: str, *, lines: bool = False) -> str:
    capped = text[:_TEXT_CAP].replace("’", "'").replace("\u00a0", " ").lower()
    return capped if lines else " ".join(capped.split())
