"""Passwords that programs take glued to an option or behind a word of their own."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import is_path, is_value
from escalate.redact.detectors.registry import Detector, Value

_ARGUMENT = rb"[\"']?(?P<secret>[^\s\"'<>|;&-][^\s\"'<>|;&]{2,127})"


def _is_password(match: Value) -> bool:
    return is_value(match["secret"]) and not is_path(match["secret"])


DETECTORS = (
    Detector(
        id="mysql-password",
        kind="PASSWORD",
        title="-pPASSWORD of the MySQL and MariaDB tools",
        anchors=(r"(?:mysql|mariadb)(?:dump|admin|import|check)?\s[^\r\n]{0,200}\s-p[^\s\-]{3}",),
        pattern=re.compile(rb"(?:mysql|mariadb)(?:dump|admin|import|check)?[ \t][^\r\n]{0,200}?[ \t]-p" + _ARGUMENT),
        accepts=_is_password,
        before=320,
        positives=(("mysql -h db -u root -pTr0ub4dor shop", "Tr0ub4dor"),),
        negatives=("mysql -u root -p shop", "mysqld ready, pid -1"),
    ),
    Detector(
        id="tool-password",
        kind="PASSWORD",
        title="Passwords of sshpass, sqlcmd, bcp, docker login, az login, keytool, openssl and net use",
        anchors=(
            r"sshpass\s{1,4}-p\s{0,4}\S{3}",
            r"(?:sqlcmd|bcp)\s[^\r\n]{0,200}\s-P\s{0,4}\S{3}",
            r"(?:docker|podman|az|acr|registry|oc)\s{1,4}login\s[^\r\n]{0,200}\s-p\s{1,4}\S{3}",
            r"-(?:store|key|deststore|srcstore)pass\s{1,4}\S{3}",
            r"-(?:pass|passin|passout)\s{1,4}pass:\S{3}",
            r"net\s{1,4}use\s[^\r\n]{0,160}\s/user:\S{1,64}\s{1,4}\S{3}",
        ),
        caseless=True,
        pattern=re.compile(
            rb"(?:(?i:sshpass)[ \t]+-p[ \t]*|(?i:sqlcmd|bcp)[ \t][^\r\n]{0,200}?[ \t]-P[ \t]*"
            rb"|(?i:docker|podman|az|acr|registry|oc)[ \t]+login[ \t][^\r\n]{0,200}?[ \t]-p[ \t]+"
            rb"|-(?:store|key|deststore|srcstore)pass[ \t]+|-(?:pass|passin|passout)[ \t]+pass:"
            rb"|(?i:net[ \t]+use)[ \t][^\r\n]{0,160}?[ \t]/(?i:user):\S{1,64}[ \t]+)" + _ARGUMENT
        ),
        accepts=_is_password,
        before=320,
        positives=(
            ("sshpass -p Tr0ub4dor ssh kim@host", "Tr0ub4dor"),
            ("sqlcmd -S db -U sa -P Tr0ub4dor -Q x", "Tr0ub4dor"),
            ("docker login -u kim -p Tr0ub4dor shop.azurecr.io", "Tr0ub4dor"),
            ("az login --service-principal -u 0 -p Tr0ub4dor --tenant t", "Tr0ub4dor"),
            ("keytool -list -storepass changeit9 -keystore x", "changeit9"),
            ("openssl rsa -passin pass:Tr0ub4dor -in k.pem", "Tr0ub4dor"),
            (r"net use Z: \\store\share /user:AZURE\store Tr0ub4dor9", "Tr0ub4dor9"),
        ),
        negatives=("docker run -p 8080:80 img", "sqlcmd -S db -E", "openssl rsa -passin env:PASS"),
    ),
    Detector(
        id="short-assignment",
        kind="PASSWORD",
        title="pw, pass and passwort with a value, also in columns of tabs and blanks",
        anchors=(
            r"\b(?:pw|pass|passwort)\s{0,2}[:=]\s{0,4}\S{4}",
            r"(?:password|passwd|pwd|passwort)(?:(?:\t|\\{1,4}t){1,4}| {2,20})\S{6}",
        ),
        caseless=True,
        pattern=re.compile(
            rb"(?i:(?<![\w-])(?:pw|pass|passwort)[ \t]{0,2}[:=][ \t]{0,4}"
            rb"|(?<![\w-])(?:password|passwd|pwd|passwort)(?:(?:\t|\\{1,4}t){1,4}| {2,20}))"
            rb"[\"']?(?P<secret>[^\s\"'<>,;&|\\]{4,128})"
        ),
        accepts=lambda match: _is_password(match) and re.search(rb"[0-9]", match["secret"]) is not None,
        positives=(
            ("user: kim pw: Tr0ub4dor", "Tr0ub4dor"),
            ("password\tTr0ub4dor", "Tr0ub4dor"),
            ("Password      Tr0ub4dor", "Tr0ub4dor"),
        ),
        negatives=("pass: 12 passed", "test pass: all", "first pass = second", "pwd  /home/site/wwwroot"),
    ),
)
