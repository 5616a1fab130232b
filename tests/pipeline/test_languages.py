"""A customer is answered in the language in which they write (M7): each of ours, by their words alone."""

import pytest

from .conftest import mail

MAILS = {
    "en": ("Hello, since the update the label printer does not work. What can I do? Thanks", "thank you for writing"),
    "de": ("Hallo, seit dem Update druckt das Programm keine Etiketten. Was kann ich tun? Danke", "vielen Dank für"),
    "fr": ("Bonjour, depuis la mise à jour les étiquettes ne sont pas imprimées. Que faire ? Merci", "merci de nous"),
    "it": ("Buongiorno, dopo l'aggiornamento non stampa le etichette. Come posso fare? Grazie", "grazie per averci"),
    "pl": ("Dzień dobry, po aktualizacji program nie drukuje etykiet. Co mam zrobić? Dziękuję", "dziękujemy za"),
    "es": ("Hola, desde la actualización no se imprimen las etiquetas. ¿Qué puedo hacer? Gracias", "gracias por"),
    "vi": ("Xin chào, từ khi cập nhật tôi không in được nhãn. Tôi có thể làm gì? Cảm ơn bạn", "cảm ơn bạn đã viết"),
    "nl": ("Hallo, sinds de update worden er geen labels meer geprint. Wat kan ik doen? Bedankt", "bedankt voor uw"),
}


@pytest.mark.parametrize("language", MAILS)
def test_the_acknowledgement_is_in_the_language_of_the_mail(market, language):
    words, thanks = MAILS[language]
    market.arrive(mail("sam@customer.example", "Shipping Labels", words), "support@orchard.example")
    (letter,) = [one for one in market.sent() if one.to == "sam@customer.example"]
    assert thanks in " ".join(letter.text.split())
    assert market.ticket().language == language
    markup = next(part for part in letter.message.walk() if part.get_content_type() == "text/html")
    assert f'<html lang="{language}">' in markup.get_payload(decode=True).decode()


def test_a_vendor_is_written_to_in_their_language_about_a_customer_of_another(market):
    market.db.write_now(lambda tx: tx.run("UPDATE vendor SET language = 'pl' WHERE slug = 'acme'"))
    words, _ = MAILS["vi"]
    market.arrive(mail("jane@customer.example", "Shipping Labels", words), "support@orchard.example")
    (ticket,) = market.sent("ticket")
    assert "Jane pisze:" in ticket.text and "Język:         wietnamski" in ticket.text and words[:20] in ticket.text
