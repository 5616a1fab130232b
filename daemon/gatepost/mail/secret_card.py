"""Card numbers in a text: digits grouped as a card's are, of a known issuer, with a right check digit (Luhn)."""

from collections.abc import Iterator

_LENGTHS = range(13, 20)
# What a long number is that stands right behind one of these.
_NUMBERED = (
    "order", "bestell", "commande", "ordine", "zamówieni", "pedido", "đơn hàng", "tracking", "sendung",
    "invoice", "rechnung", "facture", "fattura", "faktur", "factura", "hóa đơn", "factuur", "imei", "sku", "ean",
    "isbn", "iban", "reference", "referenz", "phone", "tel.", "tel:",
)  # fmt: skip
_GROUPS = frozenset({(4, 4, 4, 4), (4, 6, 5), (4, 4, 4, 4, 3), (4, 6, 4), (4, 4, 4, 1), (6, 13)})


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand, each from its first digit to behind its last."""
    at, size = 0, len(text)
    while at < size:
        if not _is_digit(text[at]):
            at += 1
            continue
        end = _run(text, at)
        whole = text[at:end].rstrip(" -")
        if _stands_alone(text, at, at + len(whole)) and _is_card(whole):
            yield at, at + len(whole)
        at = end


def _run(text: str, at: int) -> int:
    """The end of the digits that begin at `at`, single spaces and hyphens between them included."""
    end = at
    while end < len(text):
        if _is_digit(text[end]) or (text[end] in " -" and _is_digit(text[end - 1])):
            end += 1
        else:
            break
    return end


def _is_digit(character: str) -> bool:
    return "0" <= character <= "9"


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether nothing touches the number: an IBAN, a serial number or a price is no card."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    in_iban = (
        start > 2 and before == " " and text[start - 3 : start - 1].isdigit() and text[start - 5 : start - 3].isalpha()
    )
    touches = before.isalnum() or before in "#_+/.$€£@" or after.isalnum() or after in "_@%"
    lead = text[max(0, start - 24) : start].casefold().rpartition("\n")[2]
    return not touches and not in_iban and not any(word in lead for word in _NUMBERED)


def _is_card(written: str) -> bool:
    groups = written.replace("-", " ").split(" ")
    digits = "".join(groups)
    if len(digits) not in _LENGTHS or len(set(digits)) < 2 or not _issued(digits) or not _luhn(digits):
        return False
    return len(groups) == 1 or tuple(map(len, groups)) in _GROUPS


def _issued(digits: str) -> bool:
    """Whether an issuer of cards gives out numbers of this beginning and length (ISO/IEC 7812)."""
    two, three, four, length = int(digits[:2]), int(digits[:3]), int(digits[:4]), len(digits)
    if digits[0] == "4":
        return length in (13, 16, 19)
    if two in (34, 37):
        return length == 15
    if two in range(51, 56) or four in range(2221, 2721):
        return length == 16
    if two in (36, 38, 39) or three in range(300, 306):
        return length == 14
    if four in range(3528, 3590) or four == 6011 or two == 65 or three in range(644, 650) or two == 62:
        return length in (16, 19)
    return four in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763) and length >= 16


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
