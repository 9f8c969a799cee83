"""Keys that give themselves away by their own shape: Azure's identifiable keys and other vendors' tokens."""

from __future__ import annotations

import re

from escalate.bundle.patterns import Pattern

_B64 = rb"[A-Za-z0-9+/]"


def _shape(rule: str, anchors: tuple[bytes, ...], regex: bytes) -> Pattern:
    """The shape is the proof: nothing is left to judge."""
    return Pattern(
        rule, tuple(anchor.lower() for anchor in anchors), re.compile(regex), lambda _: True, at_anchor=False
    )


def _bounded(regex: bytes) -> bytes:
    return rb"(?<![A-Za-z0-9])" + regex + rb"(?![A-Za-z0-9])"


SHAPES: tuple[Pattern, ...] = (
    _shape(
        "Azure key of 64 bytes",
        (b"+ASt", b"+ABa", b"+AMC", b"ACDb", b"APIM"),
        _B64 + rb"{76}(?:\+ASt|\+ABa|\+AMC|ACDb|APIM)" + _B64 + rb"{5}[AQgw]==",
    ),
    _shape(
        "Azure key of 32 bytes",
        (b"AzCa", b"+ASb", b"+AEh", b"+ARm", b"AIoT", b"AZEG"),
        _B64 + rb"{33}(?:AzCa|\+ASb|\+AEh|\+ARm|AIoT|AZEG)[A-P]" + _B64 + rb"{5}=",
    ),
    _shape("container registry key", (b"+ACR",), _B64 + rb"{42}\+ACR[A-D]" + _B64 + rb"{5}"),
    _shape("search key", (b"AzSe",), rb"[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}"),
    _shape("functions key", (b"AzFu",), rb"[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw](?:==|%3[dD]%3[dD])?"),
    _shape("Entra client secret", (b"7Q~", b"8Q~"), rb"[~.\w-]{3}[78]Q~[~.\w-]{31,34}"),
    _shape(
        "Azure key of 63 bytes",
        (b"JQQJ9",),
        rb"[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16}[A-Za-z][A-Za-z0-9]{7}",
    ),
    _shape("GitHub token", (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), _bounded(rb"gh[pousr]_[A-Za-z0-9]{36,}")),
    _shape("GitHub token", (b"github_pat_",), rb"github_pat_[A-Za-z0-9_]{60,}"),
    _shape("GitLab token", (b"glpat-",), rb"glpat-[A-Za-z0-9_-]{20,}"),
    _shape(
        "Slack token", (b"xoxb-", b"xoxp-", b"xoxa-", b"xoxs-", b"xoxr-", b"xoxe-"), rb"xox[abprse]-[A-Za-z0-9-]{16,}"
    ),
    _shape("chat webhook", (b"hooks.slack.com/services/",), rb"hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{16,}"),
    _shape(
        "chat webhook",
        (b"webhook.office.com/",),
        rb"webhook\.office\.com/webhookb2/[0-9a-f-]{36}@[0-9a-f-]{36}/\w+/\w{16,}",
    ),
    _shape("chat webhook", (b"/api/webhooks/",), rb"/api/webhooks/\d{15,}/[\w-]{40,}"),
    _shape("AWS access key", (b"AKIA", b"ASIA"), _bounded(rb"A(?:KI|SI)A[A-Z2-7]{16}")),
    _shape("Google key", (b"AIza",), rb"(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}"),
    _shape("Google key", (b"GOCSPX-",), rb"GOCSPX-[A-Za-z0-9_-]{20,}"),
    _shape("Google key", (b"ya29.",), rb"(?<![A-Za-z0-9])ya29\.[A-Za-z0-9_-]{30,}"),
    _shape("Stripe key", (b"k_live_", b"k_test_"), rb"[sr]k_(?:live|test)_[A-Za-z0-9]{20,}"),
    _shape("model provider key", (b"T3BlbkFJ",), rb"sk-[A-Za-z0-9_-]{16,}T3BlbkFJ[A-Za-z0-9_-]{16,}"),
    _shape("model provider key", (b"sk-ant-", b"sk-proj-"), rb"sk-(?:ant|proj)-[A-Za-z0-9_-]{30,}"),
    _shape("model provider key", (b"hf_",), _bounded(rb"hf_[A-Za-z]{34}")),
    _shape("SendGrid key", (b"SG.",), rb"(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _shape("package registry token", (b"npm_",), _bounded(rb"npm_[A-Za-z0-9]{36}")),
    _shape("package registry token", (b"pypi-AgEI",), rb"pypi-AgEI[A-Za-z0-9_-]{50,}"),
    _shape("package registry token", (b"dckr_pat_",), rb"dckr_pat_[A-Za-z0-9_-]{20,}"),
    _shape("DigitalOcean token", (b"do_v1_", b"dop_v1_", b"doo_v1_"), rb"do[opr]_v1_[a-f0-9]{64}"),
    _shape("Shopify token", (b"shpat_", b"shpss_"), rb"shp(?:at|ss)_[a-fA-F0-9]{32}"),
    _shape("Vault token", (b"hvs.", b"hvb.", b"hvr."), rb"(?<!\w)hv[bsr]\.[\w-]{24,}"),
    _shape("Terraform token", (b".atlasv1.",), rb"\w{14}\.atlasv1\.[\w=-]{60,}"),
    _shape("monitoring token", (b"glsa_",), rb"glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}"),
    _shape("monitoring token", (b"NRAK-",), _bounded(rb"NRAK-[0-9A-Z]{27}")),
    _shape("monitoring token", (b"sntrys_", b"sntryu_"), rb"sntry[su]_[\w+/=-]{40,}"),
    _shape("mail service key", (b"key-",), rb"(?<![\w-])key-[0-9a-f]{32}(?![0-9A-Za-z])"),
    _shape("mail service key", (b"-us",), rb"(?<![0-9A-Za-z])[0-9a-f]{32}-us\d{1,2}(?![0-9A-Za-z])"),
    _shape("project tool token", (b"ATATT3",), rb"ATATT3[\w=-]{60,}"),
    _shape("project tool token", (b"lin_api_", b"lin_oauth_"), rb"lin_(?:api|oauth)_[0-9A-Za-z]{32,}"),
    _shape("project tool token", (b"PMAK-",), rb"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    _shape(
        "project tool token",
        (b"dp.pt.", b"dp.st.", b"dp.ct.", b"dp.sa."),
        rb"(?<!\w)dp\.(?:[psc]t|sa)\.(?:[\w-]{2,35}\.)?[0-9A-Za-z]{40,}",
    ),
    _shape("payment service token", (b"sq0",), rb"(?<!\w)sq0[a-z]{3}-[\w-]{22,}"),
    _shape("bot token", (b":AA",), rb"(?<!\d)\d{8,10}:AA[\w-]{33}(?![\w-])"),
    _shape("signed address of an operation", (b"&c=MI", b";c=MI"), rb"[&;]c=MI[A-Z][\w+/%-]{8,}"),
    _shape("credentials of a registry", (b":_auth=",), rb":_auth=[A-Za-z0-9+/]{8,}={0,2}"),
    _shape(
        "password in a database address",
        (b"oracle:thin:",),
        rb"oracle:thin:[\w$#.-]{1,64}/[^\s/@\"'<>\x00-\x1f]{2,128}@",
    ),
    _shape(
        "certificate of a client",
        (b"clientcert", b"client-cert", b"client_cert"),
        rb"(?i:client[_-]?cert(?:ificate)?)[\"\\]{0,4}\s{0,2}[:=]\s{0,2}[\"\\]{0,4}MI[I-L][A-Za-z0-9+/]{20,}",
    ),
)
