"""The words around credentials, in English, German, French, Italian, Polish, Spanish, Vietnamese and Dutch, as data.

Each is a part of an RE2 pattern, written in lower case; matching knows no case. A word stands alone: what follows it
may be no letter, and what precedes it none but an underscore or a hyphen.
"""

PASSWORD = (
    r"pass ?words?", "passwd", "pass-?code", "pass ?phrase", "pwd", "pw", "psw", "pass", "passwort", "kennwort",
    "zugangscode", "mots? de passe", "code d['’]accès", "mdp", "parola d['’]ordine", "hasło", "haslo",
    "contraseña", "contrasena", "clave(?: de acceso)?", "mật khẩu", "mat khau", "mk", "wachtwoord", "toegangscode",
    "ww",
)  # fmt: skip

LOGIN = (
    "user ?name", "user ?id", "users?", "log-?in", "account", "e-?mail", "benutzer(?:name)?", "nutzer(?:name)?",
    "kennung", "anmeldename", "identifiant", "utilisateur", "compte", "utente", "użytkownik", "konto", "usuario",
    "cuenta", "tên đăng nhập", "tài khoản", "tk", "gebruiker(?:snaam)?",
)  # fmt: skip

# What a pair `name / word` or `name:word` stands behind.
ACCESS = (
    "log-?ins?", "log in", "sign in", "credentials?", "access", "user(?:name)?/password", "admin", "back-?end",
    "zugang", "zugangsdaten", "zugänge", "anmeldedaten", "identifiants", "accès", "connexion", "accesso", "credenziali",
    "acceso", "credenciales", "dostęp", "dane (?:do )?logowania", "dane dostępowe", "thông tin đăng nhập", "đăng nhập",
    "inloggegevens", "inloggen", "toegang",
)  # fmt: skip

TOKEN = (
    "api[ _-]?(?:key|token|secret|password)", "api[ _-]?schlüssel", "api[ _-]?sleutel",
    "(?:clé|chiave|clave|klucz|khóa|khoá) api", "(?:access|auth|bearer|refresh|bot)[ _-]?token",
    "(?:client|consumer|app|shared|private|secret|webhook|access)[ _-]?(?:secret|key)", "secret[ _-]?access[ _-]?key",
    "geheime[rn]? schlüssel", "geheime sleutel", "clé secrète", "chiave segreta", "klucz tajny", "clave secreta",
    "khóa bí mật", "khoá bí mật", "bearer", "token", "secret",
)  # fmt: skip

# What may stand between a word for a password and the password, where no colon does.
IS = (
    "is now", "is", "was", "lautet", "ist jetzt", "ist nun", "ist", "est maintenant", "est", "è", "to", "jest", "es",
    "là", "luidt", "is nu", "will be",
)  # fmt: skip

# `Honey&Bee3 as password`.
AS = ("as", "als", "comme", "come", "como", "jako", "làm")

WORDPRESS = ("wordpress", "wp-admin", "wp-login", "wp admin", "wp login")
SERVER = ("ftps?", "sftp", "ssh", "scp")
DATABASE = (
    "mysql", "mariadb", "postgres(?:ql)?", "mongodb", "redis", "phpmyadmin", "jdbc", "database", "datenbank",
    "base de données", "base de datos", "baza danych", "cơ sở dữ liệu", "db",
)  # fmt: skip

# A single word behind a colon, beside a login, that is no password.
NEVER = frozenset(
    """
    password passwort kennwort wachtwoord hasło contraseña clave string text none null nil true false yes no ja nein
    oui non si sí tak nie nee có không unknown unbekannt wrong falsch incorrect invalid ungültig forgotten vergessen
    oublié oubliée dimenticata dimenticato zapomniane olvidada vergeten required optional mandatory pflicht pflichtfeld
    erforderlich notwendig obligatoire requis obligatorio obligatoria richiesto richiesta requerido requerida wymagany
    wymagane verplicht vereist empty leer vide vuoto puste vacío leeg same changed reset hidden secret geheimnis here
    below above follows attached later soon available missing failed error works working okay user username admin login
    example beispiel exemple esempio przykład ejemplo voorbeeld changeme placeholder your-password yourpassword secure
    insecure correct korrekt fine good bad weak strong expired abgelaufen protected
    """.split()  # noqa: SIM905 - a list of words reads better as words
)


def one_of(words: tuple[str, ...]) -> str:
    """A pattern for any of `words`, the longest first, so that `passwort` is not read as `pass`."""
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"
