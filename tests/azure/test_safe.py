"""No secret survives in a URL or a text that is shown."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.azure.safe import safe_text, safe_url

SECRET = "S3cr3tV4lue"
names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
plain = st.sampled_from(["api-version", "$filter", "type", "path", "GetStatus", "instance"])
values = st.text(st.characters(codec="utf-8"), max_size=20)
segments = st.text("abcXYZ019-_.~%20 ", max_size=12)


@given(
    user=st.sampled_from(["", f"{SECRET}@", f"user:{SECRET}@", f"a@b:{SECRET}@"]),
    path=st.lists(segments, max_size=4),
    pairs=st.lists(st.tuples(names, values), max_size=4),
    plains=st.lists(st.tuples(plain, values), max_size=3),
    name=names.filter(
        lambda name: name.lower() not in ("latest", "format", "top", "path", "type", "filter", "profile")
    ),
    fragment=st.sampled_from(["", f"#{SECRET}", f"#a=b&sig={SECRET}"]),
    place=st.integers(0, 3),
    encode=st.booleans(),
)
def test_no_value_of_an_unknown_name_no_user_and_no_fragment_survives(
    user, path, pairs, plains, name, fragment, place, encode
):
    query = [*pairs, *plains]
    query.insert(place, (name, SECRET))
    text = urlencode(query) if encode else "&".join(f"{key}={value}" for key, value in query)
    assert SECRET not in safe_url(f"https://{user}host.example/{'/'.join(path)}?{text}{fragment}")


@given(
    outer=plain,
    inner=st.sampled_from(
        [f"https://x/?sig={SECRET}", f"a;sig={SECRET}", f"u:{SECRET}@h", f"AccountKey={SECRET}", f"Bearer {SECRET}"]
    ),
    times=st.integers(0, 2),
)
def test_no_secret_survives_inside_a_plain_value(outer, inner, times):
    value = inner
    for _ in range(times):
        value = quote(value, safe="")
    assert SECRET not in safe_url(f"https://h/x?{urlencode({outer: value})}")


@pytest.mark.parametrize(
    "url",
    [
        f"https://h/a/sig%3D{SECRET}/b",
        f"https://h/a;sig={SECRET}",
        f"https://h/x%3Fsig%253D{SECRET}",
        f"https://h/x?{SECRET}",
        f"https://h/x?a&{SECRET}",
        f"https://[bad/{SECRET}",
        f"https:user:{SECRET}@h/x",
        f"https://h:port/?sig={SECRET}",
    ],
)
def test_odd_urls_hide_it_too(url):
    assert SECRET not in safe_url(url)


@given(st.text(max_size=60))
def test_any_text_can_be_made_safe(text):
    safe_url(text)
    safe_text(text)
    safe_url(f"https://{text}")
    safe_url(f"https://h/{text}")


def test_what_was_asked_for_is_still_seen():
    url = "https://h:81/subscriptions/x/r?api-version=2025-05-01&$filter=Instance eq '*'&durationInSeconds=60"
    assert safe_url(url) == (
        "https://h:81/subscriptions/x/r?api-version=2025-05-01&$filter=Instance+eq+'*'&durationInSeconds=60"
    )
    assert safe_url("https://h/?GetStatus&GetStatusAPIVer=2") == "https://h/?GetStatus=&GetStatusAPIVer=2"
    assert safe_url(f"https://h/?sasUrl={SECRET}") == "https://h/?sasUrl=REDACTED"


@pytest.mark.parametrize(
    "text",
    [
        f"cannot open https://u:{SECRET}@h/x?sig={SECRET}: refused",
        f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={SECRET};EndpointSuffix=x",
        f'{{"client_secret": "{SECRET}"}}',
        f"Authorization: Bearer {SECRET}",
        f"password: {SECRET}",
        f"url: /a/b?sv=1&sig={SECRET}&se=2",
        f"token eyJhbGciOiJIUzI1NiJ9.eyJ{SECRET}.{SECRET}",
        f"/api?code={SECRET}",
    ],
)
def test_texts_of_servers_lose_their_keys(text):
    assert SECRET not in safe_text(text)


def test_an_error_message_stays_readable():
    text = "The client 'a' does not have authorization to perform action 'Microsoft.Web/sites/read' over '/x'"
    assert safe_text(text) == text
    assert safe_text("error code: AuthorizationFailed") == "error code: AuthorizationFailed"
