"""The blob service of the lab."""

from __future__ import annotations

from tests.lab.conftest import Start, Wire

BLOCK = {"x-ms-blob-type": "BlockBlob"}


def url(wire: Wire, path: str, signed: str | None = None) -> str:
    return f"{wire.lab.state.blob}{path}?sv=2022-11-02&sig={wire.lab.state.tokens.sign(signed or path)}"


def test_a_blob_is_put_and_read_back(start: Start) -> None:
    wire = start()
    data = bytes(range(256)) * 1000
    where = url(wire, "/dumps/a/b.dmp", "/dumps")
    assert wire.plain("PUT", where, BLOCK, data).status == 201
    got = wire.plain("GET", where)
    assert got.body == data
    assert got.headers["x-ms-blob-type"] == "BlockBlob"
    assert wire.plain("HEAD", where).headers["content-length"] == str(len(data))


def test_ranges_and_validators_are_honoured(start: Start) -> None:
    wire = start()
    where = url(wire, "/dumps/x")
    wire.plain("PUT", where, BLOCK, b"0123456789")
    part = wire.plain("GET", where, {"Range": "bytes=4-6"})
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"456", "bytes 4-6/10")
    changed = wire.plain("GET", where, {"Range": "bytes=4-6", "If-Range": '"other"'})
    assert (changed.status, changed.body) == (200, b"0123456789")
    assert wire.plain("GET", where, {"Range": "bytes=20-"}).status == 416
    assert wire.plain("GET", where, {"If-None-Match": part.headers["etag"]}).status == 304


def test_a_signature_opens_only_what_it_was_made_for(start: Start) -> None:
    wire = start()
    signature = wire.lab.state.tokens.sign("/dumps/x")
    wire.plain("PUT", url(wire, "/dumps/x"), BLOCK, b"1")
    assert wire.plain("GET", f"{wire.lab.state.blob}/dumps/x?sig={signature}").status == 200
    for path in ("/dumps/xy", "/other/x", "/dumps/x/../../x"):
        got = wire.plain("GET", f"{wire.lab.state.blob}{path}?sig={signature}")
        assert got.status in (400, 403)
    assert (
        wire.plain("GET", f"{wire.lab.state.blob}/dumps/x?sig=guess").headers["x-ms-error-code"]
        == "AuthenticationFailed"
    )


def test_what_is_not_there_or_not_meant_is_refused(start: Start) -> None:
    wire = start()
    where = url(wire, "/dumps/x")
    assert wire.plain("GET", where).headers["x-ms-error-code"] == "BlobNotFound"
    assert wire.plain("PUT", where, {}, b"1").status == 400
    assert wire.plain("PUT", where, BLOCK, b"1").status == 201
    assert wire.plain("PUT", where, {**BLOCK, "If-None-Match": "*"}, b"2").status == 409
    assert wire.plain("DELETE", where).status == 405
