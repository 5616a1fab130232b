"""The words by which mail programs mark what they quote, in the languages in which they are sold, as data.

All are compared lower-cased, with plain apostrophes and blanks. `quote_signs` holds the forms in
which they count; a word alone never cuts a mail.
"""

# The verb of an attribution: “On Monday Jane wrote:”.
WROTE = (
    "wrote", "writes", "scribbled", "said", "schrieb", "schrieb am", "hat geschrieben", "geschrieben", "a écrit",
    "a ecrit", "écrit", "escribió", "escribio", "escribió lo siguiente", "ha scritto", "scrive", "schreef",
    "geschreven", "heeft het volgende geschreven", "escreveu", "escreveu:", "va escriure", "ha escrit", "idatzi du",
    "escribiu", "skrev", "skrev følgende", "skreiv", "kirjoitti", "kirjutas", "rakstīja", "rašė", "parašė", "napsal",
    "napsal(a)", "napsala", "napísal", "napísal(a)", "napísala", "napisał", "napisał(a)", "napisała", "pisze", "írta",
    "ezt írta", "a scris", "scrie", "написал", "написал(а)", "написала", "пишет", "писал", "писал(а)", "писала",
    "пише", "написав", "написав(ла)", "пише:", "писав", "написа", "написал/а", "je napisao", "je napisala",
    "je napisao/la", "је написао", "је написао/ла", "je napisal", "je napisal/-a", "έγραψε", "έγραψε στις", "yazdı",
    "şunu yazdı", "şunları yazdı", "tarihinde", "viết", "đã viết", "menulis", "เขียน", "เขียนว่า", "כתב", "כתבה",
    "כתב/ה", "מאת", "كتب", "كتبت", "نوشت", "ने लिखा", "লিখেছেন", "写道", "写到", "寫道", "編寫", "撰写", "於",
    "のメール", "書きました", "のメッセージ", "書かれました", "wrote on", "작성", "작성함", "님이 작성", "씀",
    "skrifaði", "shkroi", "ha escrito", "ecrit", "dixit", "asked", "commented", "respondeu", "schreibt", "sagte",
    "meinte",
)  # fmt: skip

# How an attribution begins, where it does not begin with the name or the date.
BEGINS = (
    "on ", "at ", "am ", "on\u00a0", "le ", "el ", "il ", "op ", "em ", "den ", "dne ", "dňa ", "dnia ", "w dniu ",
    "a las ", "al ", "il giorno ", "in data ", "no dia ", "pe ", "în ", "la ", "dana ", "на ", "в ", "від ", "от ",
    "у ", "στις ", "στη ", "tarihinde ", "vào ", "pada ", "เมื่อ ", "ב-", "בתאריך", "ביום", "في ", "بتاريخ", "在 ",
    "在", "于", "於 ", "於", "quoting ", "citando ", "zitat von ", "quotando ", "citerar ", "citat fra ", "il dì ",
    "je, ", "ti ", "ke ", "to, ", "ons. ", "fre. ", "am\u00a0", "el día ", "ve ", "lun. ", "mar. ", "mer. ", "from: ",
    "von: ", "il\u00a0", "le\u00a0", "el\u00a0",
)  # fmt: skip

# Labels of a header block, by what they name. From-words first in the block or within it; a block needs a date too.
FROM_LABELS = (
    "from", "von", "de", "da", "van", "od", "från", "fra", "lähettäjä", "saatja", "feladó", "küldő", "от", "от кого",
    "від", "від кого", "από", "kimden", "gönderen", "发件人", "寄件者", "寄件人", "差出人", "送信者", "보낸 사람",
    "보낸사람", "מאת", "من", "từ", "người gửi", "dari", "จาก", "expéditeur", "remitente", "mittente", "remetente",
    "absender", "afzender", "odesílatel", "odosielateľ", "nadawca", "expeditor", "expeditorul", "отправитель",
    "відправник", "de la", "nuo", "no", "frá", "pošiljatelj", "šalje", "original from", "发件者", "發件人", "από τον",
    "فرستنده", "از",
)  # fmt: skip
DATE_LABELS = (
    "sent", "date", "gesendet", "datum", "envoyé", "envoyé le", "date d'envoi", "enviado", "enviado el", "enviada",
    "enviada em", "enviado em", "fecha", "data", "inviato", "inviata", "data invio", "verzonden", "verstuurd",
    "skickat", "sendt", "dato", "lähetetty", "päivämäärä", "päiväys", "saadetud", "kuupäev", "odesláno", "odoslané",
    "dátum", "wysłano", "wysłane", "elküldve", "küldve", "trimis", "дата", "отправлено", "отправлен", "надіслано",
    "изпратено", "στάλθηκε", "ημερομηνία", "gönderildi", "gönderilme tarihi", "tarih", "发送时间", "发送日期", "日期",
    "時間", "寄件日期", "傳送日期", "送信日時", "日時", "日付", "送信日", "보낸 날짜", "보낸날짜", "날짜", "נשלח",
    "תאריך", "تاريخ الإرسال", "التاريخ", "أرسلت", "đã gửi", "ngày", "dikirim", "tanggal", "ส่ง", "วันที่", "poslano",
    "date sent", "sent at", "sent on", "nosūtīts", "išsiųsta", "sent date", "poslato", "date/time", "date et heure",
    "时间", "发件时间", "sendetidspunkt",
)  # fmt: skip
OTHER_LABELS = (
    "to", "cc", "bcc", "subject", "reply-to", "reply to", "importance", "attachments", "an", "kopie", "betreff",
    "antwort an", "à", "a", "objet", "pour", "copie", "destinataire", "para", "asunto", "assunto", "cópia", "copia",
    "oggetto", "aan", "onderwerp", "till", "ämne", "kopia", "til", "emne", "kopi", "vastaanottaja", "aihe", "kopio",
    "saaja", "teema", "komu", "předmět", "predmet", "do", "temat", "dw", "címzett", "tárgy", "másolatot kap", "către",
    "catre", "subiect", "кому", "тема", "копия", "копія", "до", "относно", "προς", "θέμα", "κοιν", "kime", "konu",
    "bilgi", "kime:", "收件人", "主题", "主旨", "抄送", "收件者", "副本", "宛先", "件名", "받는 사람", "받는사람",
    "제목", "참조", "אל", "נושא", "עותק", "إلى", "الموضوع", "نسخة", "tới", "đến", "chủ đề", "kepada", "perihal",
    "ถึง", "เรื่อง", "priority", "wichtigkeit", "priorität", "message-id", "organization", "zadeva", "za", "kam",
    "temats", "kam:", "tema", "主題", "標題", "收信人",
)  # fmt: skip

# What stands between the dashes of “-----Original Message-----”.
ORIGINALS = (
    "original message", "original mail", "original email", "original e-mail", "originalmessage",
    "ursprüngliche nachricht", "originalnachricht", "ursprüngliche mail", "original-nachricht", "originale nachricht",
    "ursprüngliche e-mail", "message d'origine", "message original", "message initial", "mail original",
    "mensaje original", "correo original", "messaggio originale", "messaggio original", "oorspronkelijk bericht",
    "origineel bericht", "mensagem original", "ursprungligt meddelande", "originalmeddelande", "ursprungligt medd",
    "oprindelig meddelelse", "original meddelelse", "opprinnelig melding", "original melding", "alkuperäinen viesti",
    "algne kiri", "původní zpráva", "původní e-mail", "pôvodná správa", "oryginalna wiadomość",
    "wiadomość oryginalna", "wiadomość pierwotna", "eredeti üzenet", "mesaj original", "mesajul original",
    "исходное сообщение", "оригинальное сообщение", "первоначальное сообщение", "вихідне повідомлення",
    "оригінальне повідомлення", "оригинално съобщение", "αρχικό μήνυμα", "orijinal mesaj", "özgün ileti",
    "orijinal ileti", "asıl mesaj", "izvorna poruka", "izvorno sporočilo", "originalna poruka", "原始邮件",
    "原始郵件", "邮件原件", "原邮件", "回复的原邮件", "回复邮件", "元のメッセージ", "オリジナルメッセージ",
    "元のメール", "원본 메시지", "원본 메일", "원본메시지", "original 메시지", "הודעה מקורית", "الرسالة الأصلية",
    "tin nhắn gốc", "thư gốc", "pesan asli", "pesan original", "ข้อความต้นฉบับ", "missatge original",
    "jatorrizko mezua", "mensaxe orixinal", "replied message", "reply message", "reply separator",
)  # fmt: skip
# The same for forwards, whose text is what the sender wants to show.
FORWARDS = (
    "forwarded message", "forwarded email", "forwarded by", "forward message", "begin forwarded message",
    "start of forwarded message", "weitergeleitete nachricht", "weitergeleitete mail", "anfang der weitergeleiteten",
    "anfang der weitergeleiteten nachricht", "message transféré", "message réexpédié", "début du message réexpédié",
    "début du message transféré", "mensaje reenviado", "inicio del mensaje reenviado", "messaggio inoltrato",
    "inizio messaggio inoltrato", "doorgestuurd bericht", "begin doorgestuurd bericht", "mensagem encaminhada",
    "mensagem reencaminhada", "início da mensagem reencaminhada", "início da mensagem encaminhada",
    "vidarebefordrat meddelande", "vidarebefordrat brev", "videresendt meddelelse", "videresendt besked",
    "videresendt melding", "start på videresendt melding", "välitetty viesti", "edelleenlähetetty viesti",
    "přeposlaná zpráva", "preposlaná správa", "wiadomość przekazana", "przekazana wiadomość", "továbbított üzenet",
    "mesaj redirecționat", "пересылаемое сообщение", "пересланное сообщение", "начало переадресованного сообщения",
    "переслане повідомлення", "препратено съобщение", "προωθημένο μήνυμα", "iletilen mesaj", "yönlendirilmiş ileti",
    "iletilmiş mesaj", "转发的消息", "转发邮件", "转发的邮件", "已轉寄郵件", "轉寄的郵件", "轉寄郵件",
    "転送メッセージ", "転送されたメッセージ", "전달된 메시지", "전달된 메일", "הודעה שהועברה", "رسالة مُعاد توجيهها",
    "رسالة محولة", "tin nhắn đã chuyển tiếp", "pesan terusan", "proslijeđena poruka", "posredovano sporočilo",
    "missatge reenviat", "edastatud kiri",
)  # fmt: skip
# Apple Mail's, which stand without a frame.
APPLE_FORWARDS = (
    "forwarded message:", "begin forwarded message", "inicio del mensaje reenviado", "début du message réexpédié",
    "début du message transféré", "anfang der weitergeleiteten", "inizio messaggio inoltrato",
    "begin doorgestuurd bericht", "start of forwarded message", "início da mensagem reencaminhada",
    "início da mensagem encaminhada", "начало переадресованного сообщения", "vidarebefordrat brev",
    "videresendt besked", "start på videresendt melding", "välitetty viesti alkaa",
)  # fmt: skip

# The last line of phones and of free mailers; at the end of the new words only, and only as the start of a short line.
SENT_FROM = (
    "sent with ", "sent by ", "sent through ", "from my iphone", "from my ipad", "from my phone", "from my mobile",
    "sent from mailbox", "sent from windows", "sent from a phone", "sent while", "sent on the go", "sent from my ",
    "sent from mobile", "sent from outlook", "sent from yahoo", "sent from mail for", "sent from proton",
    "sent from samsung", "sent from gmail", "sent from nine", "sent from a mobile", "sent from the", "sent from blue",
    "sent from aqua", "sent from android", "sent from iphone", "sent from an ", "sent via ", "sent with proton",
    "sent with mailtrack", "sent with shift", "sent using", "sent by mail", "get outlook for", "get bluemail",
    "get typeapp", "von meinem ", "gesendet von ", "gesendet mit ", "gesendet über ",
    "diese nachricht wurde von meinem", "envoyé de mon ", "envoyé depuis ", "envoyé à partir ", "envoyé avec ",
    "téléchargez outlook", "obtenir outlook", "enviado desde ", "enviado do meu ", "enviado de mi ",
    "enviado a partir ", "enviado via ", "obter o outlook", "obtenga outlook", "inviato da ", "inviato dal ",
    "scarica outlook", "ottieni outlook", "verzonden vanaf ", "verstuurd vanaf ", "verzonden met ", "verstuurd met",
    "outlook downloaden", "skickat från ", "hämta outlook", "sendt fra ", "hent outlook", "lähetetty ", "odesláno z ",
    "odoslané z ", "wysłano z ", "wysłane z ", "pobierz outlook", "az én iphone", "elküldve az ", "trimis de pe ",
    "отправлено с ", "отправлено из ", "надіслано з ", "изпратено от ", "στάλθηκε από ", "iphone'umdan gönderildi",
    "iphone'dan gönderildi", "iphoneから送信", "ipadから送信", "androidから送信", "发自我的", "發自我的", "从我的",
    "從我的", "来自我的", "나의 iphone", "내 iphone", "iphone에서 보냄", "나의 ipad", "נשלח מה", "נשלח מ", "أرسلت من",
    "أُرسلت من", "đã gửi từ", "gửi từ", "dikirim dari", "ส่งจาก", "poslano z", "poslato sa", "poslano s ", "enviat des",
    "saadetud minu",
)  # fmt: skip
# What may follow “sent from my”.
DEVICES = (
    "phone", "ipad", "ipod", "mobile", "android", "samsung", "galaxy", "htc", "blackberry", "nokia", "windows",
    "huawei", "xiaomi", "redmi", "pixel", "cell", "tablet", "verizon", "at&t", "t-mobile", "alcatel", "device",
    "mail", "mac", "lg", "motorola", "moto", "oneplus", "sony", "xperia", "oppo", "treo", "palm", "handheld",
    "laptop", "watch", "ti-85", "desire",
)  # fmt: skip

# How help desks ask for the answer above a line of theirs.
ABOVE_THIS_LINE = (
    "reply above this line", "reply above the line", "your reply above", "response above this line",
    "write above this line", "type above this line", "answer above this line", "reply to this email above",
    "reply above -", "replies above this line", "add your reply above", "please reply above",
    "antwort oberhalb dieser", "antworten sie oberhalb", "antwort über dieser", "oberhalb dieser zeile",
    "über dieser linie", "répondez au-dessus", "répondre au-dessus", "réponse au-dessus de cette",
    "au-dessus de cette ligne", "escriba su respuesta encima", "responda por encima", "por encima de esta línea",
    "rispondi sopra", "sopra questa riga", "sopra questa linea", "boven deze regel", "boven deze lijn",
    "acima desta linha", "ovanför den här raden", "ovanför denna rad", "over denne linje", "tämän rivin yläpuolelle",
    "nad tímto řádkem", "nad tento řádek", "nad tą linią", "powyżej tej linii", "e fölé a sor",
    "deasupra acestei linii", "выше этой линии", "выше этой строки", "вище цього рядка", "bu satırın üstüne",
    "bu satırın üzerine", "この行より上", "この線より上", "在此行上方", "在此线上方", "이 줄 위에",
)  # fmt: skip
