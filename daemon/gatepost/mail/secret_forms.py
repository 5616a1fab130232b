"""Credentials that are known by their form alone: private keys, tokens of the common services, URLs with a password.

Each form says which of its groups is the secret. Patterns are RE2's, over UTF-8; their time is linear in the text.
"""

from dataclasses import dataclass

import re2

from ..core.secret import Kind


@dataclass(frozen=True, slots=True)
class Form:
    """One form: its kind, its pattern, and whether the secret may be judged too plain to be one (a placeholder)."""

    kind: Kind
    pattern: str
    judged: bool = False


_END = r"(?:[^A-Za-z0-9_-]|$)"
_BEFORE = r"(?:^|[^A-Za-z0-9_-])"


def _token(pattern: str) -> Form:
    return Form(Kind.TOKEN, f"{_BEFORE}({pattern}){_END}")


# A private key begins with one of these; where it ends is looked for behind it.
KEY_BEGINS = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[0-9]"
KEY_ENDS = r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|Private-MAC: [0-9a-f]+"

FORMS: tuple[Form, ...] = (
    # Databases by their scheme; everything between the colon and the last @ before the host is the password.
    Form(
        Kind.DATABASE,
        r"(?i)(?:mysqlx?|mariadb|postgres(?:ql)?|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|oracle|cockroachdb)"
        r"(?:\+[a-z0-9]+)?://[^\s:/@]{0,}:([^\s/@]{1,})@",
        judged=True,
    ),
    Form(Kind.SERVER, r"(?i)(?:ftps?|ftpes|sftp|ssh|scp|rsync)://[^\s:/@]{1,}:([^\s/@]{1,})@", judged=True),
    Form(
        Kind.URL, r"(?i)(?:https?|smtps?|imaps?|ldaps?|wss?|svn|git)://[^\s:/@]{1,}:([^\s/@]{1,})@", judged=True
    ),
    # On command lines: `mysql -u shop -pSecret`, `sshpass -p Secret`, `curl -u name:secret`.
    Form(
        Kind.DATABASE,
        r"(?:^|[^A-Za-z0-9])(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)[ \t][^\n]{0,200}?"
        r"-p['\"]?([^\s'\"-][^\s'\"]{2,})",
        judged=True,
    ),
    Form(Kind.SERVER, r"sshpass[ \t]+-p[ \t]{0,4}['\"]?([^\s'\"]{3,})", judged=True),
    Form(
        Kind.DATABASE,
        r"(?:mysqli?_connect|new mysqli|new PDO)[ \t]{0,2}\([ \t]{0,2}['\"][^'\"\n]{0,120}['\"], {0,2}"
        r"['\"][^'\"\n]{0,80}['\"], {0,2}['\"]([^'\"\n]{3,80})['\"]",
        judged=True,
    ),
    # WordPress writes its application passwords in six groups of four.
    Form(Kind.WORDPRESS, f"{_BEFORE}((?:[A-Za-z0-9]{{4}} ){{5}}[A-Za-z0-9]{{4}}){_END}", judged=True),
    _token(r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    _token(r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,}"),
    _token(r"gl(?:pat|rt|dt|ptt|soat)-[A-Za-z0-9_-]{18,64}"),
    _token(r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{20,}"),
    Form(Kind.TOKEN, r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9_/]{20,})"),
    Form(Kind.TOKEN, r"discord(?:app)?\.com/api/webhooks/([0-9]{10,25}/[A-Za-z0-9_-]{30,})"),
    _token(r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}"),
    _token(r"c[ks]_[0-9a-f]{40}|pk_[0-9a-f]{34}"),
    _token(r"AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{20,40}|ya29\.[A-Za-z0-9_-]{20,}"),
    _token(r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,64}"),
    _token(r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _token(r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|dckr_pat_[A-Za-z0-9_-]{20,60}"),
    _token(r"sk-(?:proj|svcacct|admin|ant)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9]{40,64}|hf_[A-Za-z0-9]{30,50}"),
    _token(r"[0-9]{8,10}:AA[A-Za-z0-9_-]{32,34}"),
    _token(r"key-[0-9a-z]{32}|[0-9a-f]{32}-us[0-9]{1,2}"),
    _token(r"(?:EAAA|sq0(?:atp|csp|idp)-)[A-Za-z0-9_-]{22,80}|access_token\$(?:production|sandbox)\$[0-9a-z]+\$[0-9a-f]{32}"),
    _token(r"do[por]_v1_[0-9a-f]{64}|pat-(?:na|eu)[0-9]-[0-9a-f-]{36}|sl\.[A-Za-z0-9_-]{50,}"),
    _token(r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    Form(Kind.TOKEN, r"AccountKey=([A-Za-z0-9+/]{60,}={0,2})"),
    Form(
        Kind.TOKEN,
        r"(?:AUTH|SECURE_AUTH|LOGGED_IN|NONCE)_(?:KEY|SALT)['\"],\s{0,40}['\"]([^'\"\n]{30,})['\"]",
        judged=True,
    ),
    Form(
        Kind.PASSWORD,
        r"(?:curl|wget|http)[ \t][^\n]{0,200}?(?:-u|--user|-a)[ =]{1,4}['\"]?[^\s:'\"]{1,64}:([^\s'\"]{3,})",
        judged=True,
    ),
)  # fmt: skip


Pattern = re2._Regexp


def compiled(pattern: str) -> "re2._Regexp":
    """`pattern` for bytes of UTF-8 text, case as it is written."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def pattern_set(patterns: tuple[str, ...]) -> "re2.Set":
    """All `patterns` at once: one pass over a text tells which of them occur in it."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 32 << 20
    chosen = re2.Set.SearchSet(options)
    for pattern in patterns:
        chosen.Add(pattern)
    chosen.Compile()
    return chosen
