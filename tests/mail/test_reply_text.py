"""The new words of a reply, in the languages and with the habits of the programs that people write with.

A row of OPENINGS is what one program puts between the new words and the quoted ones; `>` marks the quote or does not.
The letters are our own; only the openings follow the programs.
"""

import pytest

from gatepost.mail.quote import delimiter, relay_text, reply_text

WORDS = {
    "en": "Thanks, the update helped.\n\nOne question: can I use it on two sites?",
    "de": "Danke, das Update hat geholfen.\n\nEine Frage noch: Darf ich es auf zwei Seiten nutzen?",
    "fr": "Merci, la mise à jour a aidé.\n\nUne question : puis-je l'utiliser sur deux sites ?",
    "es": "Gracias, la actualización ayudó.\n\n¿Puedo usarla en dos sitios?",
    "it": "Grazie, l'aggiornamento ha funzionato.\n\nPosso usarlo su due siti?",
    "pt": "Obrigado, a atualização ajudou.\n\nPosso usar em dois sites?",
    "nl": "Bedankt, de update hielp.\n\nMag ik het op twee sites gebruiken?",
    "sv": "Tack, uppdateringen hjälpte.\n\nFår jag använda den på två sidor?",
    "da": "Tak, opdateringen hjalp.\n\nMå jeg bruge den på to sider?",
    "no": "Takk, oppdateringen hjalp.\n\nKan jeg bruke den på to sider?",
    "fi": "Kiitos, päivitys auttoi.\n\nSaanko käyttää sitä kahdella sivustolla?",
    "pl": "Dziękuję, aktualizacja pomogła.\n\nCzy mogę użyć jej na dwóch stronach?",
    "cs": "Děkuji, aktualizace pomohla.\n\nMohu ji použít na dvou webech?",
    "sk": "Ďakujem, aktualizácia pomohla.\n\nMôžem ju použiť na dvoch weboch?",
    "hu": "Köszönöm, a frissítés segített.\n\nHasználhatom két oldalon?",
    "ro": "Mulțumesc, actualizarea a ajutat.\n\nO pot folosi pe două site-uri?",
    "tr": "Teşekkürler, güncelleme işe yaradı.\n\nİki sitede kullanabilir miyim?",
    "el": "Ευχαριστώ, η ενημέρωση βοήθησε.\n\nΜπορώ να το χρησιμοποιήσω σε δύο σελίδες;",
    "ru": "Спасибо, обновление помогло.\n\nМожно ли использовать на двух сайтах?",
    "uk": "Дякую, оновлення допомогло.\n\nЧи можна на двох сайтах?",
    "bg": "Благодаря, обновяването помогна.\n\nМога ли да го ползвам на два сайта?",
    "he": "תודה, העדכון עזר.\n\nאפשר להשתמש בשני אתרים?",
    "ar": "شكرا، التحديث ساعد.\n\nهل يمكنني استخدامه على موقعين؟",
    "ja": "ありがとうございます。更新で直りました。\n\n2つのサイトで使えますか？",
    "zh": "谢谢，更新有帮助。\n\n我可以在两个网站上使用吗？",
    "ko": "감사합니다. 업데이트가 도움이 되었습니다.\n\n두 사이트에서 쓸 수 있나요?",
    "vi": "Cảm ơn, bản cập nhật đã giúp.\n\nTôi dùng cho hai trang được không?",
    "id": "Terima kasih, pembaruannya membantu.\n\nBolehkah dipakai di dua situs?",
}
OLD = "Hello Jane,\n\nplease install version 2.4 and try again: it should work.\n\nKind regards\nAcme Support"

OPENINGS = [
    # Gmail, in one line and as it wraps.
    ("en", "gmail", ">", "On Tue, Mar 5, 2024 at 9:12 AM Acme Support <t.abc@mail.market.example> wrote:\n"),
    ("en", "gmail-wrapped", ">", "On Tue, Mar 5, 2024 at 9:12 AM Acme (Acme Ltd) via Market <\nt.abc@mail.market.example> wrote:\n"),
    ("en", "gmail-old", ">", "2013/10/3 Acme Support <t.abc@mail.market.example>\n"),
    ("en", "gmail-gmt", ">", "2016-03-03 17:21 GMT+01:00 Acme Support <t.abc@mail.market.example>:\n"),
    ("de", "gmail", ">", "Am Di., 5. März 2024 um 09:12 Uhr schrieb Acme Support <\nt.abc@mail.market.example>:\n"),
    ("fr", "gmail", ">", "Le mar. 5 mars 2024 à 09:12, Acme Support <t.abc@mail.market.example> a\nécrit :\n"),
    ("es", "gmail", ">", "El mar, 5 mar 2024 a las 9:12, Acme Support (<t.abc@mail.market.example>)\nescribió:\n"),
    ("it", "gmail", ">", "Il giorno mar 5 mar 2024 alle ore 09:12 Acme Support <\nt.abc@mail.market.example> ha scritto:\n"),
    ("pt", "gmail", ">", "Em ter., 5 de mar. de 2024 às 09:12, Acme Support <t.abc@mail.market.example>\nescreveu:\n"),
    ("nl", "gmail", ">", "Op di 5 mrt 2024 om 09:12 schreef Acme Support <t.abc@mail.market.example>:\n"),
    ("sv", "gmail", ">", "Den tis 5 mars 2024 kl 09:12 skrev Acme Support <t.abc@mail.market.example>:\n"),
    ("da", "gmail", ">", "Den tirs. 5. mar. 2024 kl. 09.12 skrev Acme Support <\nt.abc@mail.market.example>:\n"),
    ("no", "gmail", ">", "tir. 5. mar. 2024 kl. 09:12 skrev Acme Support <t.abc@mail.market.example>:\n"),
    ("fi", "gmail", ">", "ti 5. maalisk. 2024 klo 9.12 Acme Support (t.abc@mail.market.example)\nkirjoitti:\n"),
    ("pl", "gmail", ">", "wt., 5 mar 2024 o 09:12 Acme Support <t.abc@mail.market.example> napisał(a):\n"),
    ("cs", "gmail", ">", "út 5. 3. 2024 v 9:12 odesílatel Acme Support <t.abc@mail.market.example>\nnapsal:\n"),
    ("sk", "gmail", ">", "ut 5. 3. 2024 o 9:12 Acme Support <t.abc@mail.market.example> napísal(a):\n"),
    ("hu", "gmail", ">", "Acme Support <t.abc@mail.market.example> ezt írta (időpont: 2024. márc. 5., K,\n9:12):\n"),
    ("ro", "gmail", ">", "mar., 5 mar. 2024 la 09:12, Acme Support <t.abc@mail.market.example> a scris:\n"),
    ("tr", "gmail", ">", "Acme Support <t.abc@mail.market.example>, 5 Mar 2024 Sal, 09:12 tarihinde\nşunu yazdı:\n"),
    ("el", "gmail", ">", "Στις Τρί 5 Μαρ 2024 στις 9:12 π.μ., ο χρήστης Acme Support <\nt.abc@mail.market.example> έγραψε:\n"),
    ("ru", "gmail", ">", "вт, 5 мар. 2024 г. в 09:12, Acme Support <t.abc@mail.market.example>:\n"),
    ("uk", "gmail", ">", "вт, 5 бер. 2024 р. о 09:12 Acme Support <t.abc@mail.market.example> пише:\n"),
    ("bg", "gmail", ">", "На вт, 5.03.2024 г. в 9:12 Acme Support <t.abc@mail.market.example> написа:\n"),
    ("he", "gmail", ">", "\u202bבתאריך יום ג׳, 5 במרץ 2024 ב-9:12 מאת \u202aAcme Support\u202c\u200f <\u202at.abc@mail.market.example\u202c\u200f>:\u202c\n"),
    ("ar", "gmail", ">", "في الثلاثاء، 5 مارس 2024 في 9:12 ص تمت كتابة ما يلي بواسطة Acme Support <\nt.abc@mail.market.example>:\n"),
    ("ja", "gmail", ">", "2024年3月5日(火) 9:12 Acme Support <t.abc@mail.market.example>:\n"),
    ("zh", "gmail", ">", "Acme Support <t.abc@mail.market.example> 于2024年3月5日周二 09:12写道：\n"),
    ("ko", "gmail", ">", "2024년 3월 5일 (화) 오전 9:12, Acme Support <t.abc@mail.market.example>님이 작성:\n"),
    ("vi", "gmail", ">", "Vào Th 3, 5 thg 3, 2024 vào lúc 09:12 Acme Support <\nt.abc@mail.market.example> đã viết:\n"),
    ("id", "gmail", ">", "Pada tanggal Sel, 5 Mar 2024 pukul 09.12 Acme Support <\nt.abc@mail.market.example> menulis:\n"),
    # Apple Mail and the phone.
    ("en", "apple-mail", ">", "> On 5 Mar 2024, at 09:12, Acme Support <t.abc@mail.market.example> wrote:\n> "),
    ("de", "apple-mail", ">", "> Am 05.03.2024 um 09:12 schrieb Acme Support <t.abc@mail.market.example>:\n> "),
    ("fr", "apple-mail", ">", "> Le 5 mars 2024 à 09:12, Acme Support <t.abc@mail.market.example> a écrit :\n> "),
    ("it", "apple-mail", ">", "Il giorno 05 mar 2024, alle ore 09:12, Acme Support ha scritto:\n"),
    ("es", "apple-mail", ">", "> El 5 mar 2024, a las 9:12, Acme Support <t.abc@mail.market.example> escribió:\n> "),
    ("nl", "apple-mail", ">", "Op 5 mrt. 2024 om 09:12 heeft Acme Support <t.abc@mail.market.example> het volgende geschreven:\n"),
    ("no", "apple-mail", ">", "> 5. mar. 2024 kl. 09:12 skrev Acme Support <t.abc@mail.market.example>:\n> "),
    ("zh", "apple-mail", ">", "> 在 2024年3月5日，09:12，Acme Support <t.abc@mail.market.example> 写道：\n> "),
    ("ja", "apple-mail", ">", "2024/03/05 9:12、Acme Support <t.abc@mail.market.example>のメール:\n"),
    ("en", "iphone", ">", "Sent from my iPhone\n\n> On Mar 5, 2024, at 9:12 AM, Acme Support <t.abc@mail.market.example> wrote:\n> "),
    ("de", "iphone", ">", "Von meinem iPhone gesendet\n\n> Am 05.03.2024 um 09:12 schrieb Acme Support <t.abc@mail.market.example>:\n> "),
    ("fr", "iphone", ">", "Envoyé de mon iPhone\n\n> Le 5 mars 2024 à 09:12, Acme Support <t.abc@mail.market.example> a écrit :\n> "),
    ("pl", "iphone", ">", "Wysłane z iPhone'a\n\n> Wiadomość napisana przez Acme Support <t.abc@mail.market.example> w dniu 05.03.2024, o godz. 09:12:\n> "),
    ("ko", "iphone", ">", "나의 iPhone에서 보냄\n\n> 2024. 3. 5. 오전 9:12, Acme Support <t.abc@mail.market.example> 작성:\n> "),
    # Outlook and its kin: a header block, with or without a rule, and a quote without marks.
    ("en", "outlook", "", "From: Acme Support <t.abc@mail.market.example>\nSent: Tuesday, March 5, 2024 9:12 AM\nTo: Jane Doe <jane@customer.example>\nSubject: RE: Ticket 42\n"),
    ("en", "outlook-original", "", "-----Original Message-----\nFrom: Acme Support [mailto:t.abc@mail.market.example]\nSent: Tuesday, March 5, 2024 9:12 AM\nTo: Jane Doe\nSubject: RE: Ticket 42\n"),
    ("en", "outlook-web", "", "________________________________\nFrom: Acme Support <t.abc@mail.market.example>\nSent: 05 March 2024 09:12\nTo: Jane Doe\nCc: Bob\nSubject: Re: Ticket 42\n"),
    ("en", "outlook-ios", "", "Get Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: Acme Support <t.abc@mail.market.example>\nSent: Tuesday, March 5, 2024 9:12:00 AM\nTo: Jane Doe\nSubject: Re: Ticket 42\n"),
    ("en", "outlook-bold", "", "*From:* Acme Support [mailto:t.abc@mail.market.example]\n*Sent:* Tuesday, March 5, 2024 9:12 AM\n*To:* Jane Doe\n*Subject:* Re: Ticket 42\n"),
    ("en", "outlook-mac", "", "From: Acme Support <t.abc@mail.market.example>\nDate: Tuesday, March 5, 2024 at 9:12 AM\nTo: Jane Doe <jane@customer.example>\nSubject: Re: Ticket 42\n"),
    ("de", "outlook", "", "Von: Acme Support <t.abc@mail.market.example>\nGesendet: Dienstag, 5. März 2024 09:12\nAn: Jane Doe\nBetreff: AW: Ticket 42\n"),
    ("de", "outlook-original", "", "-----Ursprüngliche Nachricht-----\nVon: Acme Support [mailto:t.abc@mail.market.example]\nGesendet: Dienstag, 5. März 2024 09:12\nAn: Jane Doe\nBetreff: AW: Ticket 42\n"),
    ("fr", "outlook", "", "De : Acme Support <t.abc@mail.market.example>\nEnvoyé : mardi 5 mars 2024 09:12\nÀ : Jane Doe\nObjet : RE: Ticket 42\n"),
    ("fr", "outlook-original", "", "-----Message d'origine-----\nDe : Acme Support [mailto:t.abc@mail.market.example]\nEnvoyé : mardi 5 mars 2024 09:12\nÀ : Jane Doe\nObjet : RE: Ticket 42\n"),
    ("es", "outlook", "", "De: Acme Support <t.abc@mail.market.example>\nEnviado el: martes, 5 de marzo de 2024 9:12\nPara: Jane Doe\nAsunto: RE: Ticket 42\n"),
    ("it", "outlook", "", "Da: Acme Support <t.abc@mail.market.example>\nInviato: martedì 5 marzo 2024 09:12\nA: Jane Doe\nOggetto: R: Ticket 42\n"),
    ("pt", "outlook", "", "De: Acme Support <t.abc@mail.market.example>\nEnviada em: terça-feira, 5 de março de 2024 09:12\nPara: Jane Doe\nAssunto: RES: Ticket 42\n"),
    ("nl", "outlook", "", "Van: Acme Support <t.abc@mail.market.example>\nVerzonden: dinsdag 5 maart 2024 9:12\nAan: Jane Doe\nOnderwerp: RE: Ticket 42\n"),
    ("sv", "outlook", "", "Från: Acme Support <t.abc@mail.market.example>\nSkickat: den 5 mars 2024 09:12\nTill: Jane Doe\nÄmne: SV: Ticket 42\n"),
    ("da", "outlook", "", "Fra: Acme Support <t.abc@mail.market.example>\nSendt: 5. marts 2024 09:12\nTil: Jane Doe\nEmne: SV: Ticket 42\n"),
    ("no", "outlook", "", "Fra: Acme Support <t.abc@mail.market.example>\nSendt: tirsdag 5. mars 2024 09:12\nTil: Jane Doe\nEmne: SV: Ticket 42\n"),
    ("fi", "outlook", "", "Lähettäjä: Acme Support <t.abc@mail.market.example>\nLähetetty: tiistai 5. maaliskuuta 2024 9.12\nVastaanottaja: Jane Doe\nAihe: VS: Ticket 42\n"),
    ("pl", "outlook", "", "Od: Acme Support <t.abc@mail.market.example>\nWysłano: wtorek, 5 marca 2024 09:12\nDo: Jane Doe\nTemat: Odp: Ticket 42\n"),
    ("cs", "outlook", "", "Od: Acme Support <t.abc@mail.market.example>\nOdesláno: úterý 5. března 2024 9:12\nKomu: Jane Doe\nPředmět: RE: Ticket 42\n"),
    ("sk", "outlook", "", "Od: Acme Support <t.abc@mail.market.example>\nOdoslané: utorok 5. marca 2024 9:12\nKomu: Jane Doe\nPredmet: RE: Ticket 42\n"),
    ("hu", "outlook", "", "Feladó: Acme Support <t.abc@mail.market.example>\nElküldve: 2024. március 5., kedd 9:12\nCímzett: Jane Doe\nTárgy: RE: Ticket 42\n"),
    ("ro", "outlook", "", "De la: Acme Support <t.abc@mail.market.example>\nTrimis: marți, 5 martie 2024 09:12\nCătre: Jane Doe\nSubiect: RE: Ticket 42\n"),
    ("tr", "outlook", "", "Kimden: Acme Support <t.abc@mail.market.example>\nGönderildi: 5 Mart 2024 Salı 09:12\nKime: Jane Doe\nKonu: YNT: Ticket 42\n"),
    ("el", "outlook", "", "Από: Acme Support <t.abc@mail.market.example>\nΣτάλθηκε: Τρίτη, 5 Μαρτίου 2024 9:12 πμ\nΠρος: Jane Doe\nΘέμα: ΑΠ: Ticket 42\n"),
    ("ru", "outlook", "", "От: Acme Support <t.abc@mail.market.example>\nОтправлено: 5 марта 2024 г. 9:12\nКому: Jane Doe\nТема: RE: Ticket 42\n"),
    ("uk", "outlook", "", "Від: Acme Support <t.abc@mail.market.example>\nНадіслано: вівторок, 5 березня 2024 р. 9:12\nКому: Jane Doe\nТема: RE: Ticket 42\n"),
    ("bg", "outlook", "", "От: Acme Support <t.abc@mail.market.example>\nИзпратено: вторник, 5 март 2024 г. 9:12\nДо: Jane Doe\nОтносно: RE: Ticket 42\n"),
    ("he", "outlook", "", "מאת: Acme Support <t.abc@mail.market.example>\nנשלח: יום שלישי 05 מרץ 2024 09:12\nאל: Jane Doe\nנושא: RE: Ticket 42\n"),
    ("ar", "outlook", "", "من: Acme Support <t.abc@mail.market.example>\nتاريخ الإرسال: 05 مارس 2024 09:12\nإلى: Jane Doe\nالموضوع: RE: Ticket 42\n"),
    ("ja", "outlook", "", "差出人: Acme Support <t.abc@mail.market.example>\n送信日時: 2024年3月5日 9:12\n宛先: Jane Doe\n件名: RE: Ticket 42\n"),
    ("zh", "outlook", "", "发件人: Acme Support <t.abc@mail.market.example>\n发送时间: 2024年3月5日 9:12\n收件人: Jane Doe\n主题: 答复: Ticket 42\n"),
    ("ko", "outlook", "", "보낸 사람: Acme Support <t.abc@mail.market.example>\n보낸 날짜: 2024년 3월 5일 화요일 오전 9:12\n받는 사람: Jane Doe\n제목: RE: Ticket 42\n"),
    ("vi", "outlook", "", "Từ: Acme Support <t.abc@mail.market.example>\nĐã gửi: Thứ Ba, 5 Tháng Ba 2024 9:12 SA\nTới: Jane Doe\nChủ đề: RE: Ticket 42\n"),
    # Thunderbird, Mutt, Evolution, K-9.
    ("en", "thunderbird", ">", "On 05/03/2024 09:12, Acme Support wrote:"),
    ("de", "thunderbird", ">", "Am 05.03.24 um 09:12 schrieb Acme Support:"),
    ("fr", "thunderbird", ">", "Le 05/03/2024 à 09:12, Acme Support a écrit :"),
    ("es", "thunderbird", ">", "El 5/3/24 a las 9:12, Acme Support escribió:"),
    ("it", "thunderbird", ">", "Il 05/03/2024 09:12, Acme Support ha scritto:"),
    ("pt", "thunderbird", ">", "Em 05/03/2024 09:12, Acme Support escreveu:"),
    ("nl", "thunderbird", ">", "Op 05-03-2024 om 09:12 schreef Acme Support:"),
    ("sv", "thunderbird", ">", "Den 2024-03-05 kl. 09:12, skrev Acme Support:"),
    ("cs", "thunderbird", ">", "Dne 05. 03. 24 v 9:12 Acme Support napsal(a):"),
    ("pl", "thunderbird", ">", "W dniu 5.03.2024 o 09:12, Acme Support pisze:"),
    ("hu", "thunderbird", ">", "2024. 03. 05. 9:12 keltezéssel, Acme Support írta:"),
    ("ru", "thunderbird", ">", "05.03.2024 09:12, Acme Support пишет:"),
    ("uk", "thunderbird", ">", "05.03.2024 09:12, Acme Support пише:"),
    ("fi", "thunderbird", ">", "Acme Support kirjoitti 5.3.2024 klo 9.12:"),
    ("ja", "thunderbird", ">", "On 2024/03/05 9:12, Acme Support wrote:"),
    ("zh", "thunderbird", ">", "在 2024/3/5 9:12, Acme Support 写道:"),
    ("en", "mutt", ">", "On Tue, Mar 05, 2024 at 09:12:44AM +0100, Acme Support wrote:"),
    ("en", "evolution", ">", "On Tue, 2024-03-05 at 09:12 +0100, Acme Support wrote:"),
    ("en", "gnus", ">", 'Acme Support <t.abc@mail.market.example> writes:\n'),
    ("en", "k-9", ">", "On March 5, 2024 9:12:44 AM GMT+01:00, Acme Support <t.abc@mail.market.example> wrote:"),
    ("de", "k-9", ">", "Am 5. März 2024 09:12:44 MEZ schrieb Acme Support <t.abc@mail.market.example>:"),
    ("en", "android", "", "-------- Original message --------\nFrom: Acme Support <t.abc@mail.market.example>\nDate: 05/03/2024 09:12 (GMT+01:00)\nTo: Jane Doe\nSubject: Re: Ticket 42\n"),
    # Yahoo, AOL, Zoho, Proton, Lotus Notes, GroupWise, Roundcube, Horde, webmailers.
    ("en", "yahoo", ">", "On Tuesday, March 5, 2024 at 09:12:44 AM GMT+1, Acme Support <t.abc@mail.market.example> wrote:\n"),
    ("en", "yahoo-bare", "", "On Tuesday, March 5, 2024 at 09:12:44 AM GMT+1, Acme Support <t.abc@mail.market.example> wrote:\n"),
    ("en", "yahoo-old", "", "________________________________\n From: Acme Support <t.abc@mail.market.example>\nTo: Jane Doe <jane@customer.example>\nSent: Tuesday, March 5, 2013 9:12 AM\nSubject: Re: Ticket 42\n"),
    ("en", "aol", "", "-----Original Message-----\nFrom: Acme Support <t.abc@mail.market.example>\nTo: jane <jane@customer.example>\nSent: Tue, Mar 5, 2013 9:12 am\nSubject: Re: Ticket 42\n"),
    ("en", "zoho", ">", "---- On Tue, 05 Mar 2024 09:12:44 +0100 Acme Support <t.abc@mail.market.example> wrote ----\n"),
    ("en", "proton", ">", "------- Original Message -------\nOn Tuesday, March 5th, 2024 at 9:12 AM, Acme Support <t.abc@mail.market.example> wrote:\n\n"),
    ("en", "proton-new", ">", "On Tuesday, March 5th, 2024 at 9:12 AM, Acme Support <t.abc@mail.market.example> wrote:\n"),
    ("en", "lotus-notes", "", "From:   Acme Support <t.abc@mail.market.example>\nTo:     Jane Doe/Customer@Customer\nDate:   05/03/2024 09:12\nSubject:        Re: Ticket 42\n"),
    ("de", "lotus-notes", "", "Von:    Acme Support <t.abc@mail.market.example>\nAn:     Jane Doe/Customer@Customer\nDatum:  05.03.2024 09:12\nBetreff:        Re: Ticket 42\n"),
    ("en", "lotus-wrote", "", "Acme Support <t.abc@mail.market.example> wrote on 05/03/2024 09:12:44:\n"),
    ("en", "groupwise", "", '>>> Acme Support <t.abc@mail.market.example> 3/5/2024 9:12 AM >>>'),
    ("de", "web.de", "", "Gesendet: Dienstag, 05. März 2024 um 09:12 Uhr\nVon: \"Acme Support\" <t.abc@mail.market.example>\nAn: jane@customer.example\nBetreff: Re: Ticket 42\n"),
    ("en", "roundcube", ">", "On 2024-03-05 09:12, Acme Support wrote:"),
    ("de", "horde", ">", "Zitat von Acme Support <t.abc@mail.market.example>:\n"),
    ("en", "horde", ">", "Quoting Acme Support <t.abc@mail.market.example>:\n"),
    ("zh", "qq", "", "------------------ 原始邮件 ------------------\n发件人: \"Acme Support\"<t.abc@mail.market.example>;\n发送时间: 2024年3月5日(星期二) 上午9:12\n收件人: \"Jane\"<jane@customer.example>;\n主题: Re: Ticket 42\n"),
    ("zh", "163", "", "At 2024-03-05 09:12:44, \"Acme Support\" <t.abc@mail.market.example> wrote:\n"),
    ("zh", "163-cn", ">", "在 2024-03-05 09:12:44，\"Acme Support\" <t.abc@mail.market.example> 写道：\n"),
    ("ru", "mail.ru", ">", "Вторник, 5 марта 2024, 9:12 +03:00 от Acme Support <t.abc@mail.market.example>:\n"),
    ("ru", "yandex", ">", "05.03.2024, 09:12, \"Acme Support\" <t.abc@mail.market.example>:"),
    ("ko", "naver", "", "-----Original Message-----\nFrom: \"Acme Support\" <t.abc@mail.market.example>\nTo: <jane@customer.example>\nSent: 2024-03-05 (화) 09:12:44\nSubject: Re: Ticket 42\n"),
    ("fr", "orange", ">", "> Message du 05/03/24 09:12\n> De : \"Acme Support\" <t.abc@mail.market.example>\n> A : jane@customer.example\n> Copie à :\n> Objet : Re: Ticket 42\n>"),
    ("it", "libero", "", "----Messaggio originale----\nDa: t.abc@mail.market.example\nData: 05/03/2024 9.12\nA: <jane@customer.example>\nOgg: Re: Ticket 42\n"),
    ("en", "zendesk", "", "##- Please type your reply above this line -##\n"),
    ("en", "freshdesk", "", "--- Please reply above this line ---\n"),
    ("de", "helpdesk", "", "--- Bitte antworten Sie oberhalb dieser Zeile ---\n"),
]  # fmt: skip


def quoted(mark: str) -> str:
    return "\n".join(f"{mark} {line}".rstrip() for line in OLD.split("\n")) if mark else OLD


def composed(words: str, opening: str, mark: str) -> str:
    return f"{words}\n\n{opening}\n{quoted(mark)}\n"


@pytest.mark.catalogue("C22")
@pytest.mark.parametrize(("language", "program", "mark", "opening"), OPENINGS, ids=[f"{o[0]}-{o[1]}" for o in OPENINGS])
def test_the_new_words_stand_above_the_quote(language, program, mark, opening):
    words = WORDS[language]
    assert reply_text(composed(words, opening, mark)) == words


@pytest.mark.parametrize(("language", "program", "mark", "opening"), OPENINGS, ids=[f"{o[0]}-{o[1]}" for o in OPENINGS])
def test_carriage_returns_and_a_signature_change_nothing(language, program, mark, opening):
    text = composed(WORDS[language] + "\n\n-- \nJane Doe\nCustomer Ltd", opening, mark).replace("\n", "\r\n")
    assert reply_text(text) == WORDS[language]


@pytest.mark.parametrize(("language", "program", "mark", "opening"), OPENINGS, ids=[f"{o[0]}-{o[1]}" for o in OPENINGS])
def test_a_quote_alone_is_shown_whole(language, program, mark, opening):
    text = composed("", opening, mark).strip("\n")
    assert reply_text(text)


@pytest.mark.parametrize("language", sorted(WORDS))
@pytest.mark.parametrize("mark", [">", ""], ids=["marked", "bare"])
def test_our_delimiter_is_exact_in_every_language(language, mark):
    line = delimiter(f"{WORDS[language].split()[0]} ↑")
    text = f"{WORDS[language]}\n\n{mark} {line}\n{quoted(mark)}\n"
    assert reply_text(text) == WORDS[language]
    assert relay_text(text) == WORDS[language]


SPECIAL = [
    (
        "answers between the lines stay with what they answer",
        "On 05/03/2024 09:12, Acme Support wrote:\n> Which version?\n2.4\n> Which browser?\nFirefox\n",
        "> Which version?\n2.4\n> Which browser?\nFirefox",
    ),
    (
        "answers between the lines without an opening",
        "Hi Bob,\n\n> Which version?\n\n2.4\n\n> Which browser?\n\nFirefox\n\n-- \nJane",
        "Hi Bob,\n\n> Which version?\n\n2.4\n\n> Which browser?\n\nFirefox",
    ),
    (
        "an answer below the one quote stands alone",
        "On 05/03/2024 09:12, Acme Support wrote:\n\n> Please try 2.4.\n> Does it help?\n\nIt does, thank you.\n",
        "It does, thank you.",
    ),
    (
        "a few selected lines within the words stay",
        "Hello Bob,\n\nAm 05.03.2024 um 09:12 schrieb Acme Support:\n> Bitte 2.4 installieren.\n\nDas geht leider nicht, denn die Seite läuft mit einer älteren Version.\n\nJane",
        "Hello Bob,\n\n> Bitte 2.4 installieren.\n\nDas geht leider nicht, denn die Seite läuft mit einer älteren Version.\n\nJane",
    ),
    (
        "a forwarded mail is what the sender wants to show",
        "See below, please.\n\n---------- Forwarded message ---------\nFrom: Bob <bob@x.example>\nDate: Tue, Mar 5, 2024\nSubject: Key\nTo: <jane@customer.example>\n\nYour key is AB-12.\n",
        "See below, please.\n\n---------- Forwarded message ---------\nFrom: Bob <bob@x.example>\nDate: Tue, Mar 5, 2024\nSubject: Key\nTo: <jane@customer.example>\n\nYour key is AB-12.",
    ),
    (
        "Apple's forward has no frame",
        "FYI\n\nBegin forwarded message:\n\n> From: Bob <bob@x.example>\n> Subject: Key\n> Date: 5 March 2024\n> To: jane@customer.example\n>\n> Your key is AB-12.\n",
        "FYI\n\nBegin forwarded message:\n\n> From: Bob <bob@x.example>\n> Subject: Key\n> Date: 5 March 2024\n> To: jane@customer.example\n>\n> Your key is AB-12.",
    ),
    (
        "a log keeps its indentation and its colons",
        "It fails:\n\n    2024-03-05 09:12:44 ERROR at line 3:\n        File \"a.php\", line 3\n          include('x');\n\nWhat now?",
        "It fails:\n\n    2024-03-05 09:12:44 ERROR at line 3:\n        File \"a.php\", line 3\n          include('x');\n\nWhat now?",
    ),
    (
        "the first line keeps its indentation",
        "    if (a) {\n        b();\n    }\n\nOn 05/03/2024 09:12, Acme Support wrote:\n> code?\n",
        "    if (a) {\n        b();\n    }",
    ),
    ("a list of hyphens is no signature", "Broken:\n- login\n- logout\n-- both\n", "Broken:\n- login\n- logout\n-- both"),
    ("a rule within the words stays", "First.\n\n__________\n\nSecond.", "First.\n\n__________\n\nSecond."),
    (
        "a rule within the words stays above a quote",
        "First.\n\n----------\n\nSecond.\n\nOn 05/03/2024 09:12, Acme wrote:\n> x\n",
        "First.\n\n----------\n\nSecond.",
    ),
    ("a sentence that begins like an attribution", "On Friday I wrote:\n\nNothing came back.", "On Friday I wrote:\n\nNothing came back."),
    (
        "a sentence with a time that ends with a colon",
        "At 09:12 the server says:\n\n502 Bad Gateway",
        "At 09:12 the server says:\n\n502 Bad Gateway",
    ),
    (
        "two paragraphs that begin with On",
        "On your host you can run:\n\n    telnet 127.0.0.1 80\n\nOn 9 Jan 2014, at 2:47, George wrote:\n\n> It fails.\n",
        "On your host you can run:\n\n    telnet 127.0.0.1 80",
    ),
    ("a line From: alone is the person's", "From: where do I get the key?\nThanks", "From: where do I get the key?\nThanks"),
    (
        "settings with labels are not a header block",
        "My settings:\nFrom: shop@x.example\nHost: mail.x.example\nPort: 587",
        "My settings:\nFrom: shop@x.example\nHost: mail.x.example\nPort: 587",
    ),
    ("a shell's prompt is no quote", "I typed\n> gatepost run\nand it failed", "I typed\n> gatepost run\nand it failed"),
    ("a smaller-than sign in prose", "a > b and c < d\n> 5 is too much", "a > b and c < d\n> 5 is too much"),
    ("a quote alone", "> Please try 2.4.\n> Does it help?", "> Please try 2.4.\n> Does it help?"),
    ("nothing", "", ""),
    ("blank lines", "\n \n\t\n", ""),
    ("a phone's line alone", "Sent from my iPhone", "Sent from my iPhone"),
    ("a phone's line at the end", "Yes.\n\nSent from my Samsung Galaxy smartphone.", "Yes."),
    ("two such lines", "Yes.\n\nSent from my iPhone\n\nGet Outlook for iOS<https://aka.ms/o0ukef>", "Yes."),
    ("the words of a phone in a sentence", "Sent from my iPhone it works, but sent from the web form the mail never arrives, and nobody knows why.", "Sent from my iPhone it works, but sent from the web form the mail never arrives, and nobody knows why."),
    ("an attribution on the line of the words", "Yes. On Wed, Apr 4, 2012 at 3:59 PM, bob@x.example wrote:\n> ok?", "Yes."),
    ("an attribution behind dashes", "Yes--- On Wed, Apr 4, 2012 at 3:59 PM, bob@x.example wrote:\n> ok?", "Yes"),
    ("one marked line at the end may be the person's", "It says:\n\n> command not found", "It says:\n\n> command not found"),
    ("a forward without a frame", "See:\n\nForwarded message:\n\n*From:* Bob <b@x.example>\n*To:* Jane <j@x.example>\n*Date:* 6 February 2013\n*Subject:* Key\n\nAB-12", "See:\n\nForwarded message:\n\n*From:* Bob <b@x.example>\n*To:* Jane <j@x.example>\n*Date:* 6 February 2013\n*Subject:* Key\n\nAB-12"),
    ("a heading is no separator", "# Quote for ten licences\n\nPlease.", "# Quote for ten licences\n\nPlease."),
    ("a bullet is no separator", "I lost:\n- Original message of 5 March\n- the key", "I lost:\n- Original message of 5 March\n- the key"),
    ("a divider is no signature", "One.\n--\n" + "A long second part of the letter, which goes on for more than a hundred characters and is therefore no signature at all.\n" * 3, "One.\n--\n" + "\n".join(["A long second part of the letter, which goes on for more than a hundred characters and is therefore no signature at all."] * 3)),
    ("a farewell below the quote", "It works.\n\nOn 05/03/2024 09:12, Acme wrote:\n> ok?\n> Bob\n\nRegards, Jane", "It works.\n\nRegards, Jane"),
    ("a desk is no device", "Here.\n\nSent from my desk, is easier than my phone.", "Here.\n\nSent from my desk, is easier than my phone."),
    ("a list's footer without a quote", "Yes.\n\n_______________________________________________\nusers mailing list\nusers@x.example", "Yes."),
    ("a signature of the standard form", "Yes.\n\n-- \nJane Doe\nCustomer Ltd\n+1 555 0100", "Yes."),
    ("a signature that lost its blank", "Yes.\n--\nJane Doe", "Yes."),
    ("a signature alone", "-- \nJane Doe", "-- \nJane Doe"),
    ("a farewell is the person's", "Yes.\n\nKind regards\nJane Doe", "Yes.\n\nKind regards\nJane Doe"),
    (
        "a list's footer below the quote",
        "Yes.\n\nOn 05/03/2024 09:12, Acme wrote:\n> ok?\n\n_______________________________________________\nusers mailing list\nusers@x.example",
        "Yes.",
    ),
    (
        "a scanner's footer below the quote",
        "Yes.\n\nOn 05/03/2024 09:12, Acme wrote:\n> ok?\n\n-----\nThis mail was checked for viruses.",
        "Yes.",
    ),
    (
        "a quoted line that was broken on the way",
        "Yes.\n\nOn 05/03/2024 09:12, Acme wrote:\n> Please tell us whether the newest version of the plugin solves the\nproblem\n> on your side.\n",
        "Yes.",
    ),
    (
        "a thread of attributions",
        "Yes.\n\nOn 05/03/2024 09:12, Acme wrote:\n> ok?\n>\n> On 04/03/2024 Jane wrote:\n>> It fails.\n\nOn 03/03/2024 Bob wrote:\n>>> Hello\n",
        "Yes.",
    ),
    (
        "no blank line above the attribution",
        "Yes, it does.\nOn Tue, Mar 5, 2024 at 9:12 AM Acme <t.abc@mail.market.example> wrote:\n> ok?\n",
        "Yes, it does.",
    ),
    (
        "an attribution of four lines",
        "Yes.\n\nOn Tue, Mar 5, 2024 at 9:12 AM,\nA very long Support Name of a vendor\n<416ffd3258d4d2fa4c85cfa4c44e1721d66e3e8f4@mail.market.example>\nwrote:\n\n> ok?\n",
        "Yes.",
    ),
    (
        "a header block on one line",
        "Yes.\n\nDate: Tue, 5 Mar 2024 09:12:44 +0100 From: acme@x.example To: Jane Doe Subject: Ticket 42\n\nok?\n",
        "Yes.",
    ),
    (
        "a header block with wrapped recipients",
        "Yes.\n\nFrom: Acme <a@x.example>\nSent: Tuesday, March 5, 2024\nTo: Jane <jane@customer.example>;\n Bob <bob@customer.example>\nSubject: Ticket\n\nok?",
        "Yes.",
    ),
    (
        "a header block with blank lines between",
        "Yes.\n\nFrom: Acme <a@x.example>\n\nSent: Tuesday, March 5, 2024\n\nTo: Jane <jane@customer.example>\n\nSubject: Ticket\n\nok?",
        "Yes.",
    ),
    (
        "a quote at the end without an opening",
        "Yes, it works now.\n\n> Please try 2.4.\n> Does it help?\n",
        "Yes, it works now.",
    ),
    (
        "a vendor's help desk puts its line on top",
        "##- Please type your reply above this line -##\n\nHello Jane,\n\nversion 2.5 is out.\n\nBob",
        "##- Please type your reply above this line -##\n\nHello Jane,\n\nversion 2.5 is out.\n\nBob",
    ),
    ("an emoji", "🎉\n\nOn 05/03/2024 09:12, Acme wrote:\n> ok?\n", "🎉"),
    ("a plus one", ":+1:\n\nOn Tue, Sep 25, 2012 at 8:59 AM, Acme\n<notifications@x.example>wrote:\n\n> Steps 0-2 are in prod.\n", ":+1:"),
    (
        "headers of a mail within a report are the person's where nothing else stands",
        "From: a@x.example\nDate: Tue, 5 Mar 2024\nTo: b@x.example\nSubject: Key",
        "From: a@x.example\nDate: Tue, 5 Mar 2024\nTo: b@x.example\nSubject: Key",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in SPECIAL], ids=[row[0] for row in SPECIAL])
def test_what_is_not_surely_quoted_stays(text, expected):
    assert reply_text(text) == expected
