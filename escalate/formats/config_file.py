"""Settings: exports of app settings, .env files, web.config, appsettings.json, local.settings.json."""

from __future__ import annotations

import re

from escalate.formats.objects import first_entry, plain_key
from escalate.formats.plain import looks_like_text, read_lines
from escalate.formats.registry import Format, Head
from escalate.model.kind import Kind

_ASSIGNMENT = re.compile(r"(?:export )?[A-Za-z_][A-Za-z0-9_.:]*=")
_CONFIG_TYPE = re.compile(r"^microsoft\.web/sites(?:/slots)?/config$", re.IGNORECASE)
_SITE_CONFIG = frozenset({"linuxfxversion", "alwayson", "windowsfxversion", "ftpsstate", "mintlsversion"})
_APPSETTINGS_JSON = re.compile(r"^appsettings(?:\.[\w-]+)?\.json$", re.IGNORECASE)
_DOTNET_SECTIONS = frozenset({"logging", "allowedhosts", "connectionstrings", "serilog", "kestrel"})


def _is_settings_json(head: Head) -> bool:
    if not isinstance(head.json, (dict, list)):
        return False
    entry = {plain_key(key): value for key, value in first_entry(head.json).items()}
    if {"name", "value", "slotsetting"} <= entry.keys():
        return True
    if {"isencrypted", "values"} <= entry.keys():
        return True
    if _CONFIG_TYPE.match(str(entry.get("type", ""))):
        return True
    inner = entry.get("properties")
    keys = entry.keys() | ({plain_key(key) for key in inner} if isinstance(inner, dict) else set())
    if len(keys & _SITE_CONFIG) >= 2 and "siteconfig" not in keys:
        return True
    is_dotnet = isinstance(head.json, dict) and len(entry.keys() & _DOTNET_SECTIONS) >= 2
    return is_dotnet or bool(_APPSETTINGS_JSON.match(head.name.name))


def _is_configuration_xml(head: Head) -> bool:
    start = re.sub(r"<\?.*?\?>|<!--.*?-->", "", head.text[:4096], flags=re.DOTALL).lstrip()
    return start.startswith(("<configuration>", "<configuration ", "<appSettings"))


def _is_env(head: Head) -> bool:
    lines = [line for line in head.lines if not line.startswith("#")]
    if not lines or not looks_like_text(head.data):
        return False
    named = head.name.name.lower() == ".env" or head.name.name.lower().startswith(".env.") or head.name.suffix == ".env"
    hits = sum(bool(_ASSIGNMENT.match(line)) for line in lines)
    return hits >= len(lines) * 0.5 if named else len(lines) >= 3 and hits >= len(lines) * 0.9


FORMATS = (
    Format(Kind.CONFIG, "application/json", _is_settings_json, rank=29, read=read_lines),
    Format(Kind.CONFIG, "application/xml", _is_configuration_xml, rank=27, read=read_lines),
    Format(Kind.CONFIG, "text/plain", _is_env, rank=65, read=read_lines),
)
