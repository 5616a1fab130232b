"""Whether a word looks like a password or a token, or only shows where one would stand."""

from . import secret_words as words
from .secret_forms import compiled

_SIGNS = frozenset("!@#$%^&*+=~?<>{}[]§€£;")
_VERSION = compiled(r"^[A-Za-z]{0,20}[0-9]+(?:[.:/-][0-9]+)+[a-z]?$")
_ADDRESS = compiled(r"^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+\.[a-z]{2,}$")
_LICENCE = compiled(r"^(?:[A-Z0-9]{4,8}-){2,}[A-Z0-9]{4,8}$")


def looks_like_one(text: str) -> bool:
    """Whether a word looks like a password: letters mixed with digits or signs, or with capitals inside."""
    if len(text) < 5 or is_placeholder(text) or text.casefold() in words.NEVER or is_known(text):
        return False
    letters = sum(character.isalpha() for character in text)
    digits = sum(character.isdigit() for character in text)
    signs = sum(character in _SIGNS for character in text[:-1]) + (text[-1] in "#$%&*+=~@^")
    if letters and digits:
        return True
    return bool((letters or digits) and signs and len(text) > 5)


def looks_strong(text: str) -> bool:
    """Whether a word looks like a password even where little says that it is one."""
    mixed = any(map(str.islower, text)) and any(map(str.isupper, text)) and any(map(str.isdigit, text))
    return len(text) > 6 and looks_like_one(text) and (mixed or signed(text))


def is_known(text: str) -> bool:
    """Whether a word is known as something else: a version, a licence, an address."""
    octets = text.encode("utf-8", "surrogatepass")
    return "://" in text or any(form.search(octets) is not None for form in (_VERSION, _LICENCE, _ADDRESS))


def signed(text: str) -> bool:
    """Whether a sign that passwords have stands in a word."""
    return any(sign in _SIGNS for sign in text)


def is_placeholder(text: str) -> bool:
    """Whether a word only shows where a secret would stand, or is code that reads one."""
    plain = text.strip("<>[]{}()*•.…_-'\"")
    if len(plain) < 2 or len(set(plain)) == 1 or not any(character.isalnum() for character in plain):
        return True
    if plain.casefold() in ("password", "passwd", "pass", "pwd", "passwort", "secret", "your_password", "yourpassword"):
        return True
    if any(mark in plain.casefold() for mark in words.SHOWS) or plain.casefold().startswith("your"):
        return True
    if text[0] in "<{[" and (text[-1] in ">}]" or plain.isalpha()):
        return True
    name, opened, _ = text.partition("(")
    calls = bool(opened) and text.endswith((")", "();", ");")) and name.replace("_", "").isalpha()
    calls = calls or (bool(opened) and "." in name and name.replace(".", "").replace("_", "").isalnum())
    begins = ("$_", "${", "{{", "{$", "{%", '{"', "%(", "http://", "https://", "<?", "<%", "%}")
    return calls or text.startswith(begins) or _is_variable(text)


def is_formed(text: str) -> bool:
    """Whether what stands in the form of a secret is one: no placeholder, and no six plain words of four letters."""
    groups = text.split(" ")
    mixed = any(map(str.islower, text)) and any(map(str.isupper, text)) and any(map(str.isdigit, text))
    return not is_placeholder(text) and (len(groups) == 1 or mixed)


def is_token(text: str) -> bool:
    """Whether a long word behind `API key` is one: letters and digits, and no public key, licence or path."""
    letters, digits = any(map(str.isalpha, text)), any(map(str.isdigit, text))
    if not (letters and digits) or text.startswith(("pk_live_", "pk_test_", "/")) or is_placeholder(text):
        return False
    return _LICENCE.search(text.encode()) is None and _VERSION.search(text.encode()) is None


def _is_variable(text: str) -> bool:
    """`$password`, `args['password']`, `self.password`: code."""
    return text.startswith("$") and text[1:].rstrip(";,)").replace("_", "").replace("->", "").isalpha()
