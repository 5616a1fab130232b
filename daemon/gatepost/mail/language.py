"""Names the language of a mail: its header first, then its script, then its most frequent small words (M7).

The answer picks a template's language, so that no answer is better than a wrong one.
"""

from collections import Counter
from collections.abc import Iterable

_TEXT_CAP = 6_000
_MINIMUM_WORDS = 3

# The small words that nearly every letter in the language contains and few others do.
_WORDS = {
    "en": "the and is are was you your i we my have has not this that with for it to of in on please thanks can "
    "what when would hello how do",
    "de": "der die das und ist nicht ich sie wir ein eine mit für auf den dem von zu bitte danke mir haben habe "
    "es auch wie kann wenn ihre guten",
    "fr": "le la les des et est je vous nous pas une un pour dans que qui sur avec mon votre bonjour merci ce "
    "ne du au mais j'ai c'est cordialement",
    "es": "el la los las y es que de en no una un por para con mi su hola gracias usted se lo del pero cómo "
    "tengo puedo está favor saludos",
    "it": "il la le gli e è che di non una un per con mio sono ho grazie buongiorno del della nel anche ma come "
    "posso vi saluti questo ciao si",
    "pt": "o a os as e é que de não uma um para com meu minha obrigado obrigada você do da no na em por mas "
    "como tenho olá isso está são",
    "nl": "de het een en is niet ik u wij we van voor met op dat die te zijn heb kan mijn bedankt hallo maar "
    "als dit groet graag aan naar jullie",
    "sv": "och att det är en ett jag inte vi ni för med på som har kan den till av tack hej om men mvh "
    "hälsningar när vad från mig",
    "da": "og at det er en et jeg ikke vi for med på som har kan den til af tak hej om men venlig hilsen når "
    "hvad fra mig dig hvordan",
    "no": "og at det er en et jeg ikke vi for med på som har kan den til av takk hei om men vennlig hilsen når "
    "hva fra meg deg hvordan",
    "fi": "ja on ei se en minä olen että mutta kun tai myös kiitos hei voi miten ole oli mitä sitä joka ovat "
    "teidän terveisin kanssa nyt vielä",
    "pl": "i w nie na się jest że do z to o jak ale czy proszę dziękuję dzień dobry mam dla po od za co są już "
    "tak mnie pozdrawiam",
    "cs": "a v na je se že to s z do pro jak ale mám prosím děkuji dobrý den od po jsem jsou které nebo není co "
    "když mi bych",
    "sk": "a v na je sa že to s z do pre ako ale mám prosím ďakujem dobrý deň od po som sú ktoré alebo nie čo "
    "keď mi by",
    "hu": "a az és nem hogy egy is van ez meg de kérem köszönöm kell csak már vagy mint nekem hogyan "
    "üdvözlettel jó napot lehet még",
    "ro": "și si în nu este la de pe cu o un ce să sa care mai pentru din am vă va mulțumesc bună ziua dar sunt "
    "cum salut",
    "tr": "ve bir bu için ile de da ne çok var yok değil mi ben siz lütfen teşekkürler merhaba ama nasıl olarak "
    "daha gibi kadar iyi",
    "hr": "i je u na se da ne za su od s što kako ali sam molim hvala dobar dan nije mi ako koji biste ili nego "
    "pozdrav li lijep",
    "sl": "in je v na se da ne za so od z kaj kako ampak sem prosim hvala pozdravljeni dober dan ni mi če ki bi "
    "ali lep",
    "et": "ja on ei et see ma ka aga kui või mis tere aitäh palun kas oma siis ning minu olen ole teie "
    "tervitades kuidas",
    "lv": "un ir ka uz par ar no es lūdzu paldies labdien bet vai kā nav man jūs tas kas lai arī pie jau mūsu",
    "lt": "ir yra kad į su ne aš prašau ačiū laba diena bet ar kaip nėra man jūs tai kas iš už dėl labas jau",
    "ca": "el la els les i és que de en no una un per amb meu gràcies hola però com tinc puc està si us plau "
    "això del dels",
    "id": "yang dan di ini itu dengan untuk tidak saya anda ada dari ke pada bisa terima kasih akan sudah mohon "
    "apakah selamat kami",
    "vi": "và là của không tôi có cho được với các một này trong bạn xin cảm ơn như khi đã chào tại đến những",
    "ru": "и в не на я что с по как это у вы но мы для за от к так спасибо здравствуйте пожалуйста или есть при "
    "нет мне",
    "uk": "і в не на я що з як це у ви але ми для за від до так дякую вітаю будь ласка або є при немає мені та",
    "bg": "и в не на аз че с по как това у вие но ние за от към така благодаря здравейте моля или е при няма ми "
    "да се",
    "sr": "и у не на ја што са по како то ви али ми за од да је су сам молим хвала поштовани или нема се нисам",
    "ar": "في من على إلى أن هذا هذه لا ما هل مع عن كان التي الذي شكرا مرحبا لقد يمكن كيف",
    "fa": "در از به که این را با است برای نمی من شما یک آن می های سلام ممنون لطفا",
}  # fmt: skip
_TABLE = {code: frozenset(words.split()) for code, words in _WORDS.items()}
# Scripts that one language of ours owns, by the first and last code point of their letters.
_SCRIPTS = (
    ("ja", 0x3040, 0x30FF), ("ko", 0xAC00, 0xD7AF), ("he", 0x0590, 0x05FF), ("el", 0x0370, 0x03FF),
    ("th", 0x0E00, 0x0E7F), ("hi", 0x0900, 0x097F), ("ka", 0x10A0, 0x10FF), ("hy", 0x0530, 0x058F),
    ("zh", 0x4E00, 0x9FFF),
)  # fmt: skip
_SPOKEN = {
    word: tuple(code for code, small in _TABLE.items() if word in small) for word in set().union(*_TABLE.values())
}
_SEPARATORS = {code: " " for code in range(128) if not chr(code).isalpha() and chr(code) != "'"}
_REGIONS = {"nb": "no", "nn": "no", "iw": "he", "in": "id"}


def language(headers: Iterable[tuple[str, str]], text: str) -> str:
    """The ISO 639-1 code of the mail's language, '' where unsure. `headers` are (lower-case name, value) pairs."""
    return _declared(headers) or _of_script(text[:_TEXT_CAP]) or _of_words(text[:_TEXT_CAP])


def _declared(headers: Iterable[tuple[str, str]]) -> str:
    """What a single-valued Content-Language says (RFC 3282)."""
    values = [value for name, value in headers if name.lower() == "content-language"]
    tag = values[0].strip().lower() if len(values) == 1 else ""
    code = tag.replace("_", "-").partition("-")[0]
    if "," in tag or len(code) != 2 or not code.isascii() or not code.isalpha():
        return ""
    return _REGIONS.get(code, code)


def _of_script(text: str) -> str:
    if text.isascii():
        return ""
    letters = [ord(character) for character in text if character.isalpha()]
    counts = {code: sum(low <= letter <= high for letter in letters) for code, low, high in _SCRIPTS}
    if counts["ja"] * 10 >= counts["zh"] and counts["ja"]:
        # Japanese is written with Han letters too; kana decide.
        counts["ja"], counts["zh"] = counts["ja"] + counts["zh"], 0
    code = max(counts, key=lambda one: counts[one])
    return code if counts[code] >= 2 and counts[code] * 3 >= len(letters) else ""


def _of_words(text: str) -> str:
    """The language whose small words are most of the text's, where it leads clearly."""
    words = _words(text)
    if len(words) < _MINIMUM_WORDS:
        return ""
    counted: Counter[str] = Counter()
    for word, times in Counter(words).items():
        for code in _SPOKEN.get(word, ()):
            counted[code] += times
    scores = sorted(((times, code) for code, times in counted.items()), reverse=True)
    (best, code), (second, _), *_ = *scores, (0, ""), (0, "")
    clear = best >= 2 and best * 12 >= len(words) and (best - second >= 2 or best * 2 >= second * 3)
    return code if clear else ""


def _words(text: str) -> list[str]:
    folded = text.replace("’", "'").lower()
    return folded.translate(_SEPARATORS).split() if folded.isascii() else _foreign_words(folded)


def _foreign_words(folded: str) -> list[str]:
    return "".join(c if c.isalpha() or c == "'" else " " for c in folded).split()
