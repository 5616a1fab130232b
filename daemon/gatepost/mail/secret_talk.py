"""The words that tell talk about a password from a password of several words: `Password: I'll send it separately`.

In any of the eight languages one of these makes a sentence of what stands behind the colon; articles and prepositions
do not, since pass phrases have them too. Of what is left, several words beside a login are a pass phrase.
"""

_WORDS = """
it's i i'll i'm i've we we'll you you'll they he she is are was were been has have had does do did don't will would
can can't cannot could should must may no not never if when where why how what which who here there see ask call sent
send sending follows following separate separately phone text message sms mail email whatsapp signal chat later soon
tomorrow yesterday today above below attached given told known same before discussed agreed already still again since
reset changed using used only other characters character digits digit letters short least minimum maximum min max
symbols uppercase field form button page link step login username user users value unknown wrong incorrect fails
failed works working problem error required empty forgotten

ist sind wird werden wurde hat haben habe kann können soll sollte muss müssen darf nicht kein keine keinen nie wenn wo
wie wer ich wir sie ihr du er es siehe bitte rufen anrufen telefon telefonisch telefonat getrennt separat kommt folgt
schicke sende sendet gesendet später bald morgen gestern heute oben unten hier anbei bekannt gleiche gleich selbe
besprochen vereinbart gehabt vorher noch schon seit nur geändert ändern gesetzt zeichen ziffern ziffer buchstaben
mindestens höchstens maximal feld seite knopf formular falsch fehler vergessen

elle il nous vous je tu est sont était sera ai avez peut doit pas ne non jamais où comment quoi qui voir appelez
appeler téléphone envoyé envoyée envoie enverrai suit séparément plus tard bientôt demain ici joint connu changé
modifié même convenu avant encore déjà toujours depuis caractères caractère chiffres chiffre lettres minimum moins
champ bouton formulaire erreur oublié oubliée

lo si è sono sarà ha ho puoi può deve mai dove come cosa chi vedi chiamare telefono telefonicamente voce te ve mando
mandata invio inviata segue separatamente dopo presto domani ieri sopra sotto qui allegata nota stessa solita
concordato prima ancora già cambiata caratteri carattere cifre cifra lettere almeno massimo pulsante errore
dimenticata dimenticato

jest są był była będzie mam może musi nie nigdy jeśli gdzie jak kto proszę zobacz zadzwonić telefonicznie telefonie
podam podamy wyślę wysłane osobno osobnym później wkrótce jutro wczoraj wyżej niżej tutaj znane samo ustalono
wcześniej jeszcze już tylko zmienione znaków znaki cyfra cyfry litera litery najmniej przycisk formularz błąd
zapomniane

son será está hay puede debe nunca dónde cómo qué quién ver llamar teléfono telefónicamente envío envié enviaré
enviada aparte después pronto mañana ayer arriba abajo aquí adjunta conocida misma mismo acordado hablado antes
todavía siempre vez cambiada caracteres dígitos dígito letras menos mínimo máximo campo botón formulario olvidada
olvidado

là nếu đâu nào gì không có xem gọi điện thoại gửi sau mai kèm em anh chị tôi mình bạn nhé ạ phải ít nhất thiểu ký tự
chữ nút riêng tin nhắn như cũ đã sẽ nói trước vẫn chỉ buộc quên

wordt werd heeft heb kan moet mag niet geen nooit waar hoe zie bellen telefoon apart stuur gestuurd volgt binnenkort
gisteren vandaag boven onder bijgevoegd bekend zelfde hetzelfde besproken afgesproken eerder nog alleen gewijzigd
tekens cijfers cijfer minimaal minstens veld knop ik je jullie fout vergeten

thanks thank regards cheers danke gruß grüße merci cordialement grazie saluti dziękuję pozdrawiam gracias saludos cảm
bedankt groeten
"""
TALK = frozenset(_WORDS.split())
_MOST_WORDS, _LONGEST = 7, 64
_NO_PHRASE = frozenset('?:;()[]{}<>=/|\\"„“”«»•,')


def phrase(line: str) -> str | None:
    """The pass phrase that the rest of a line is; None where it is a sentence, a single word, or too long."""
    text = line.strip(" \t\r\u00a0*_.,")
    for dash in (" - ", " – ", " — "):
        text = text.split(dash)[0].rstrip()
    said = text.split()
    if not 2 <= len(said) <= _MOST_WORDS or len(text) > _LONGEST or any(mark in _NO_PHRASE for mark in text):
        return None
    if any(word.endswith(".") or word.strip("!.'’").casefold() in TALK for word in said):
        return None
    return text
