"""The words around credentials, in English, German, French, Italian, Polish, Spanish, Vietnamese and Dutch, as data.

Each is a part of an RE2 pattern, written in lower case; matching knows no case. A word stands alone: what follows it
may be no letter, and what precedes it none but an underscore or a hyphen.
"""

_COMPOUND = "(?:datenbank|admin|administrator|benutzer|nutzer|kunden|mail|server|haupt|root|zugangs|test|ftp|ssh)?"
PASSWORD = (
    r"pass ?words?", "passwd", "pass-?code", "pass ?phrase", "pwd", "pw", "psw", "pass", f"{_COMPOUND}passwort",
    f"{_COMPOUND}kennwort", "zugangscode", "mots? de passe", "code d['’]accès", "mdp", "parola d['’]ordine",
    "hasło", "hasła", "hasłem", "haslo", "hasla", "haslem", "contraseña", "contrasena", "clave(?: de acceso)?",
    "mật khẩu", "mat khau", "mk",
    "(?:database|admin|beheer|gebruikers|mail|server|hoofd|test)?wachtwoord", "toegangscode", "ww",
)  # fmt: skip

LOGIN = (
    "user ?name", "user ?id", "users?", "log-?in", "account", "e-?mail", "benutzer(?:name)?", "nutzer(?:name)?",
    "kennung", "anmeldename", "anwender", "identifiants?", "utilisateur", "compte", "utente", "użytkownika?",
    "uzytkownika?", "konto", "usuario", "cuenta", "tên", "tên đăng nhập", "ten dang nhap", "tài khoản", "tai khoan",
    "tk", "gebruiker(?:snaam)?", "inlog(?:naam)?",
)  # fmt: skip

# What makes a password of the words behind it: `new password: …`.
ANNOUNCE = frozenset((
    "new", "current", "neues", "aktuelles", "nouveau", "actuel", "nuova", "attuale", "nowe", "aktualne", "nueva",
    "actual", "mới", "moi", "tại", "nieuw", "nieuwe", "huidig",
))  # fmt: skip

# What a pair `name / word` or `name:word` stands behind.
ACCESS = (
    "log-?ins?",
    "creds",
    "log in",
    "sign in",
    "credentials?",
    "access",
    "user(?:name)?/password",
    "admin",
    "back-?end",
    "zugang",
    "zugangsdaten",
    "zugänge",
    "anmeldedaten",
    "identifiants",
    "accès",
    "connexion",
    "accesso",
    "credenziali",
    "acceso",
    "credenciales",
    "dostęp",
    "dane (?:do )?logowania",
    "dane dostępowe",
    "thông tin đăng nhập",
    "đăng nhập",
    "inloggegevens",
    "inloggen",
    "toegang",
    "inlog",
    "entrare",
    "entrar",
    "entráis",
    "connecter",
    "anmelden",
    "einloggen",
    "zalogować",
    "zaloguj",
)

# What asks for a name and a password before a site: `"guest" and "marble"` may stand behind it.
DOOR = (
    r"htaccess", r"htpasswd", r"basic[ -]?auth", r"user(?:name)? and pass(?:word)?", r"benutzer(?:name)? und passwort",
    r"utilisateur et mot de passe", r"utente e password", r"usuario y contraseña", r"login i hasło",
    r"tên và mật khẩu", r"gebruiker(?:snaam)? en wachtwoord", r"passwortschutz", r"verzeichnisschutz",
)  # fmt: skip

TOKEN = (
    "(?:merchant|signing|encryption|transaction)[ _-]?(?:key|secret)",
    "api[ _-]?(?:key|token|secret|password)", "api[ _-]?schlüssel", "api[ _-]?sleutel",
    "(?:clé|chiave|clave|klucz|khóa|khoá) api", "(?:access|auth|bearer|refresh|bot)[ _-]?token",
    "(?:client|consumer|app|shared|private|secret|webhook|access)[ _-]?(?:secret|key)", "secret[ _-]?access[ _-]?key",
    "geheime[rn]? schlüssel", "geheime sleutel", "clé secrète", "chiave segreta", "klucz tajny", "clave secreta",
    "khóa bí mật", "khoá bí mật", "bearer", "token", "secret",
)  # fmt: skip

# What may stand between a word for a password and the password, where no colon does.
IS = (
    "is now", "is", "was", "lautet", "ist jetzt", "ist nun", "ist", "est maintenant", "est", "è", "to", "jest", "es",
    "là", "la", "luidt", "is nu", "will be", "brzmi", "sind beide", "are both", "sono entrambi", "son ambos", "thành",
    "na", "c['’]est", "it['’]s", "is still", "ist noch", "ist immer noch", "ist weiterhin", "est toujours",
    "est encore", "è ancora", "è sempre", "to nadal", "sigue siendo", "ahora es", "es ahora", "is nog(?: steeds)?",
    "vẫn là", "c['’]est toujours", "it['’]s still",
)  # fmt: skip

# What a password is said to be of: `Password for the shop: …`, `pw ftp = …`.
OF = frozenset((
    "for", "of", "für", "zum", "zur", "vom", "von", "des", "der", "pour", "de", "du", "per", "di", "del", "della",
    "dla", "do", "voor", "van", "para", "cho", "của",
))  # fmt: skip
PLACES = frozenset((
    "admin", "ftp", "sftp", "ssh", "shop", "site", "staging", "test", "live", "dev", "db", "wp", "wordpress", "mail",
    "boutique", "negozio", "sklep", "tienda", "winkel", "backend",
))  # fmt: skip

# `Honey&Bee3 as password`.
AS = ("as", "als", "comme", "come", "como", "jako", "làm")

WORDPRESS = ("wordpress", "wp-admin", "wp-login", "wp admin", "wp login")
SERVER = (
    "ftps?",
    "sftp",
    "ssh",
    "scp",
    "cpanel",
    "plesk",
    "directadmin",
    "whm",
    "ispconfig",
    "froxlor",
    "webmin",
    "hosting",
    "hoster",
    "hébergeur",
    "hébergement",
)
DATABASE = (
    "mysql", "mariadb", "postgres(?:ql)?", "mongodb", "redis", "phpmyadmin", "jdbc", "database",
    "datenbank(?:passwort|kennwort)?", "database-?wachtwoord",
    "base de données", "base de datos", "baza", "bazy", "sql", "cơ sở dữ liệu", "db",
)  # fmt: skip

# Before a password of a mailbox in a file of settings: MAIL_PASSWORD.
MAILS = ("mail_", "mail.", "smtp_", "smtp.", "imap_", "imap.")

# What shows where a password would stand: `your_password_here`.
SHOWS = ("_here", "-here", "password_", "passwort_", "changeme", "change-me", "change_me", "insert_", "enter_")

# What something is changed to, and may be a password: `I've reset it to …`.
CHANGED = (
    "reset it to", "set it to", "changed it to", "zurückgesetzt auf", "geändert (?:auf|in|zu)", "réinitialisé en",
    "remplacé par", "cambiat[ao] in", "zmienion[aey] na", "cambiado (?:a|por)", "đổi thành", "gewijzigd (?:in|naar)",
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
