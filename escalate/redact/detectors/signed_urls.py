"""Links that open something for whoever holds them: asynchronous operations of ARM, workspaces of Microsoft support."""

from __future__ import annotations

import re

from escalate.redact.detectors.registry import Detector

DETECTORS = (
    Detector(
        id="arm-operation-url",
        kind="SIGNEDURL",
        title="Signed operationsStatus and operationResults links (t=, c=, s=, h=)",
        anchors=(r"operation(?:s)?(?:Status|Statuses|Results)/[^?\s\"'<>]{1,512}\?",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:operations?(?:Status|Statuses|Results))/[^?\s\"'<>]{1,512}\?(?:api-version=[\w.-]{1,40}(?:&amp;|&|\\u0026)?)?(?P<secret>[^\s\"'<>]{16,4096})"
        ),
        before=600,
        accepts=lambda match: re.search(rb"(?:^|[&;6])[tcsh]=", match["secret"]) is not None,
        positives=(
            (
                "https://management.azure.com/subscriptions/0/providers/Microsoft.Web/locations/w/operationResults/1?api-version=2023-12-01&t=638&c=MIIHpTCCBo2g&s=abc&h=def",
                "MIIHpTCCBo2g",
            ),
        ),
        negatives=("https://management.azure.com/subscriptions/0/operationresults/1?api-version=2023-12-01",),
    ),
    Detector(
        id="arm-signed-query",
        kind="SIGNEDURL",
        title="Signed parameters of any link of ARM (c=, s=, h=)",
        anchors=(r"(?:[?&;]|u0026|%26|%3f)c(?:=|%3d|\\{1,4}u003d)MI[A-Z][A-Za-z0-9+/%_\-]{6}",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:[?&;]|u0026|%26|%3f)c(?:=|%3[dD]|\\{1,4}u003[dD])(?P<secret>MI[A-Z][^\s\"'<>]{6,8192})"
        ),
        after=9000,
        positives=(
            (
                "Location: https://management.azure.com/subscriptions/0/providers/Microsoft.Web/operations/0?t=6&c=MIIHpTCCBo2g&s=abcdefgh",
                "MIIHpTCCBo2g&s=abcdefgh",
            ),
            ("next=https%3A%2F%2Fm%2FoperationStatuses%2F1%3Ft%3D6%26c%3DMIIHpTCCBo2g%26s%3Dabcdefgh", "abcdefgh"),
        ),
        negatives=("GET /units?t=5&c=MILES", "?a=1&c=MIN&b=2"),
    ),
    Detector(
        id="support-workspace",
        kind="SIGNEDURL",
        title="Upload workspaces of Microsoft support",
        anchors=(r"support\.microsoft\.com(?:\\?/|%2f)[^\s\"'<>]{0,16}files[^\s\"'<>]{1,300}workspace(?:=|%3d)",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:support\.microsoft\.com(?:\\?/|%2f)[^\s\"'<>]{0,16}files[^\s\"'<>]{1,300}?workspace(?:=|%3d))"
            rb"(?P<secret>[^\s\"'<>]{4,4096})"
        ),
        before=400,
        positives=(
            ("upload to https://support.microsoft.com/files?workspace=eyJ0eXAiOiJKV1Qi&x=1", "eyJ0eXAiOiJKV1Qi"),
            ("https://support.microsoft.com/files?wid=5f0c&amp;workspace=kJ8s7Hd62hGq1Zx0", "kJ8s7Hd62hGq1Zx0"),
            ("https://support.microsoft.com/en-us/files?workspace=kJ8s7Hd62hGq1Zx0", "kJ8s7Hd62hGq1Zx0"),
            ("u=https%3A%2F%2Fsupport.microsoft.com%2Ffiles%3Fwid%3D1%26workspace%3DkJ8s7Hd62hGq", "kJ8s7Hd62hGq"),
        ),
        negatives=(
            "https://support.microsoft.com/files",
            "https://support.microsoft.com/help/4026814 is about a workspace=new",
        ),
    ),
)
