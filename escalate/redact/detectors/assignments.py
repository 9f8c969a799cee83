"""A name that says "secret", a separator and a value: settings, environment, code, command lines, headers."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import (
    SECRET,
    SEPARATOR,
    SEPARATOR_ANCHOR,
    VALUE_ANCHOR,
    is_path,
    is_random,
    is_value,
)
from escalate.redact.detectors.registry import Detector, Value

_SUFFIX = r"(?:[_-]?(?:value|hash|base64|b64|prod|dev|test|old|new|primary|secondary|[0-9]{1,2}))?"
_STRONG = r"(?:password|passwd|passphrase|passcode|pwd|[_-]pass)"
_WEAK = (
    r"(?:secret(?:[_-]?(?:access)?[_-]?key)?|token|credentials?|jwt|otp|bearer"
    r"|(?:api|access|account|private|auth|signing|encryption|decryption|master|functions?|subscription|storage|shared|primary"
    r"|secondary|client|session|service|app|license|admin|root|host|system|secret|consumer|deploy|webhook|hmac|aes)[_-]?key"
    r"|app[_-]?secret|x-functions-key|x-api-key|x-zumo-auth|client[_-]?assertion|session[_-]?id|csrf|xsrf|sas[_-]?(?:token|url)?)"
)
_STRONG_NAME = re.compile(rf"(?i){_STRONG}{_SUFFIX}$")
_WEAK_NAME = re.compile(rf"(?i)(?<!publickey){_WEAK}{_SUFFIX}$")
_PROSE = re.compile(rb"[A-Za-z]+|[a-z]+(?:[-_.][a-z]+)+")
_CLOSING = re.compile(rb"(?:<|&(?:amp;)?lt;|u003[cC])\\{0,4}/[\w:.-]*$")
_ASSIGNED = re.compile(rb"(?:[=>]|%(?:25)?3[dD]|\\u003[dDeE])$")
_LINE_BREAK = re.compile(rb"[\r\n]|\\{1,4}[rn]|$")
_KEY_START = re.compile(rb"[ \t-]*[\w.]*")
_NO_SECRET_SETTING = re.compile(rb"(?i)true|false|null|none|[0-9]+|@microsoft\.keyvault\(.*|\[R:.*")
_IDENTIFIER = re.compile(rb"[A-Za-z_]\w*(?:(?:(?:\.|::|->)\w+)+\[?|\[)")
"""A member or an element, as code names it."""


def names_a_secret(name: str) -> bool:
    """Whether a setting of this name holds a secret."""
    return _STRONG_NAME.search(name) is not None or _WEAK_NAME.search(name) is not None


def _closes_element(match: Value) -> bool:
    """Whether the name stands in a closing tag: what follows it is not its value."""
    before = match.string[max(0, match.start() - 60) : match.start()]
    return _CLOSING.search(before) is not None and match["between"].endswith((b">", b";", b"e", b"E"))


def _strong(match: Value) -> bool:
    """A password may be anything, but prose after a colon is not one."""
    secret = match["secret"]
    if _is_setting_pair(match) and len(secret) >= 3:
        return _NO_SECRET_SETTING.fullmatch(secret) is None
    if not is_value(secret) or is_path(secret) or len(secret) < 3 or _closes_element(match):
        return False
    quoted = match["q0"] or match["q1"] or match["qx"]
    if quoted or _ASSIGNED.search(match["between"]):
        return not _is_code(secret)
    if match["between"].rstrip().endswith(b"=") and _is_code(secret):
        return False
    return _PROSE.fullmatch(secret) is None or _is_setting_line(match)


def _is_code(secret: bytes) -> bool:
    """Whether it is a member or an element as code names it; a digit makes it a password."""
    return _IDENTIFIER.fullmatch(secret) is not None and not any(49 <= byte <= 57 for byte in secret)


def _is_setting_line(match: Value) -> bool:
    """Whether nothing else stands on the line: YAML, .properties."""
    text = match.string
    before = _LINE_BREAK.split(text[max(0, match.start() - 80) : match.start()])[-1]
    return (
        _KEY_START.fullmatch(before) is not None and _LINE_BREAK.match(text[match.end() : match.end() + 6]) is not None
    )


def _is_setting_pair(match: Value) -> bool:
    """Whether name and value are the two halves of one setting: nothing but its value can stand there."""
    return re.search(rb"(?i)value\W{0,12}$", match["between"]) is not None


def _weak(match: Value) -> bool:
    """Tokens and keys are made by machines; but what a settings export gives as value is one whatever it looks like."""
    secret = match["secret"]
    if _is_setting_pair(match) and len(secret) >= 3:
        return _NO_SECRET_SETTING.fullmatch(secret) is None
    if not is_value(secret) or is_path(secret) or _closes_element(match):
        return False
    return is_random(secret) and _IDENTIFIER.fullmatch(secret) is None


def _user_argument(match: Value) -> bool:
    return is_value(match["secret"]) and not match["secret"].isdigit()


def _argument(match: Value) -> bool:
    secret = match["secret"]
    return is_value(secret) and not secret.startswith(b"-") and (len(secret) > 4 or not secret.isalpha())


DETECTORS = (
    Detector(
        id="password-assignment",
        kind="PASSWORD",
        title="password, passwd, pwd and the like with a value",
        anchors=(_STRONG + _SUFFIX + SEPARATOR_ANCHOR + VALUE_ANCHOR,),
        caseless=True,
        pattern=re.compile(rf"(?i:{_STRONG}{_SUFFIX})".encode() + rb"(?P<between>" + SEPARATOR + rb")" + SECRET),
        head=re.compile(rb"(?i)[_-](?=pass)|pass|pwd"),
        accepts=_strong,
        before=320,
        positives=(
            ("DB_PASSWORD=hunter2x", "hunter2x"),
            ("password: Tr0ub4dor", "Tr0ub4dor"),
            ('{"password": "correct horse battery"}', "correct horse battery"),
            ('{"password":"a\\"b c\\\\d"}', "b c"),
            ('{"inner": "{\\"password\\": \\"se cret\\"}"}', "se cret"),
            ("{'passwd': 'letmein'}", "letmein"),
            ("<password>p4ss&amp;word</password>", "p4ss&amp;word"),
            ('<add key="AdminPassword" value="zaq1xsw2" />', "zaq1xsw2"),
            ('{"name": "ADMIN_PASSWORD", "slotSetting": false, "value": "qwerty77"}', "qwerty77"),
            ("url?user=x&password=abc%26def&next=1", "abc%26def"),
            ("db:\n  password: letmein\n  port: 1", "letmein"),
            ("tool --password=opensesame --verbose", "opensesame"),
            ("login%3Fpassword%3Dswordfish1", "swordfish1"),
            ("GET /?x=MYSQL_PWD%3Dopensesame&y=1", "opensesame"),
            ('{"password": 12345678, "x": 1}', "12345678"),
        ),
        negatives=(
            "Failed password for root from 10.0.0.5 port 22 ssh2",
            "Password: required",
            "password=null",
            "The password has expired; please change it",
            "PWD=/home/site/wwwroot",
            'password = self.cleaned_data["password"]',
            'password = form["password"]',
            "    password = settings.DB_PASSWORD",
            "check (user=0x7ffe1234, password=0x55d0a1b2, n=3) at auth.c:1",
            "def login(user: str, password: str) -> None:",
            'password = os.getenv("DB_PASSWORD")',
            "gpg: the option --passphrase= can be empty",
            "(strlen_pass::get_len_or_size): adjust",
            "authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.1.1.1  user=root",
            '{"password": "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/p)"}',
            '"password": "********"',
        ),
    ),
    Detector(
        id="secret-assignment",
        kind="SECRET",
        title="secret, token, api key, access key, client secret and the like with a value made by a machine",
        anchors=(_WEAK + _SUFFIX + SEPARATOR_ANCHOR + VALUE_ANCHOR,),
        caseless=True,
        pattern=re.compile(
            rf"(?i:(?<!publickey){_WEAK}{_SUFFIX})".encode() + rb"(?P<between>" + SEPARATOR + rb")" + SECRET
        ),
        head=re.compile(rf"(?i){_WEAK}".encode()),
        accepts=_weak,
        before=112,
        positives=(
            ("CLIENT_SECRET=0a1b2c3d-0000-4000-8000-aabbccddeeff", "0a1b2c3d-0000-4000-8000-aabbccddeeff"),
            ('"apiKey": "k3yk3yk3yk3y"', "k3yk3yk3yk3y"),
            ("x-functions-key: abc123def456", "abc123def456"),
            ('<add key="StorageAccessKey" value="Zm9vYmFyMTIz" />', "Zm9vYmFyMTIz"),
            ("refresh_token=0.AAAAbbbbCCCC1111&x=1", "0.AAAAbbbbCCCC1111"),
            ('{"name": "JWT_SECRET", "value": "n0t-so-secret-1"}', "n0t-so-secret-1"),
            ('{"name": "JWT_SECRET", "slotSetting": false, "value": "supersecret"}', "supersecret"),
            ('<add key="ApiKey" value="opensesame" />', "opensesame"),
        ),
        negatives=(
            "System.Web, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a",
            "SyntaxError: Unexpected token: identifier",
            "CancellationToken = System.Threading.CancellationToken",
            "token_type=Bearer",
            "secretName: shop-tls",
            "Unexpected token < in JSON at position 0",
            "api_key=YOUR_API_KEY",
            "token: expired",
            "token=0x7ffe1234",
            "verify (token=0x00007ffe12345678, secret_key=0x0, n=3)",
            "cannot decrypt the token: 0x80070005",
        ),
    ),
    Detector(
        id="secret-argument",
        kind="SECRET",
        title="Secrets in command lines: --password VALUE",
        anchors=(
            r"--?[\w\-]{0,40}(?:password|passwd|secret|token|api-?key|access-?key|account-?key|sas)\\{0,4}[\"']?,?\s{1,4}[\"'\\]{0,4}\S",
        ),
        caseless=True,
        pattern=re.compile(
            rb"(?<![\w-])--?[\w-]{0,40}(?i:password|passwd|secret|token|api-?key|access-?key|account-?key|sas)"
            rb"(?P<between>\\{0,4}[\"']?,?[ \t]{1,4})" + SECRET
        ),
        accepts=_argument,
        before=160,
        positives=(
            ("az login -u x --password Sup3rS3cret --tenant t", "Sup3rS3cret"),
            ('["--client-secret", "abcd1234"]', "abcd1234"),
            ("curl --token 'a b c' http://x", "a b c"),
        ),
        negatives=("run with --password-file /run/x", "--no-token --verbose"),
    ),
    Detector(
        id="user-argument",
        kind="PASSWORD",
        title="user:password of curl and its like",
        anchors=(r"\s(?:-u|--user|--proxy-user)[ =]\s{0,3}[\"']?[^\s:\"'/]{1,64}:[^\s\"'/]",),
        pattern=re.compile(
            rb"(?<!\S)(?:-u|--user|--proxy-user)[ =]\s{0,3}[\"']?[^\s:\"'/]{1,64}:"
            rb"(?P<secret>[^\s\"'\\/][^\s\"'\\]{2,256})"
        ),
        accepts=_user_argument,
        positives=(("$ curl -u admin:S3cretpw1 https://x.example", "S3cretpw1"),),
        negatives=("docker run -u 1000:1000 img", "$ ps -u root"),
    ),
    Detector(
        id="password-in-words",
        kind="PASSWORD",
        title="A password told in words: the password is ...",
        anchors=(r"(?:password|passphrase|passwd)\s{1,3}(?:is|was|set to|changed to)\s{1,3}[\"']?\S{6}",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:password|passphrase|passwd)\s{1,3}(?i:is|was|set to|changed to)\s{1,3}[\"']?"
            rb"(?P<secret>[^\s\"'<>\\]{5,128}[^\s\"'<>\\.,;)])"
        ),
        accepts=lambda match: is_value(match["secret"]) and is_random(match["secret"], 6),
        positives=(("the password is hunter22, sorry", "hunter22"),),
        negatives=("the password is expired", "the password was changed yesterday"),
    ),
)
