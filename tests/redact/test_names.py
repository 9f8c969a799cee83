"""Names and addresses: pseudonyms are stable, prefix-preserving and come back."""

from __future__ import annotations

import ipaddress
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from escalate.redact.addresses import address_pseudonym
from escalate.redact.engine import Engine
from escalate.redact.names import Name, NameBook, worth_masking
from escalate.redact.rules import EngineInputs

KEY = b"k" * 32


def common_prefix(one: int, two: int, bits: int) -> int:
    return bits - (one ^ two).bit_length()


@given(st.integers(0, 2**32 - 1), st.integers(0, 31))
def test_two_ipv4_clients_keep_the_length_of_their_common_prefix(number: int, place: int):
    other = number ^ 1 << place
    first, second = (
        int(ipaddress.IPv4Address(address_pseudonym(KEY, str(ipaddress.IPv4Address(one))))) for one in (number, other)
    )
    shared = common_prefix(number, other, 32)
    if shared >= 4:
        assert common_prefix(first, second, 32) == shared
    assert first >> 28 == 15


@given(st.integers(2**125, 2**126 - 1), st.integers(0, 95))
def test_two_ipv6_clients_keep_the_length_of_their_common_prefix(number: int, place: int):
    other = number ^ 1 << place
    first, second = (
        int(ipaddress.IPv6Address(address_pseudonym(KEY, str(ipaddress.IPv6Address(one))))) for one in (number, other)
    )
    assert common_prefix(first, second, 128) == common_prefix(number, other, 128)
    assert ipaddress.IPv6Address(first) in ipaddress.ip_network("2001:db8::/32")


def test_an_address_has_one_pseudonym_and_two_addresses_have_two():
    book = NameBook(KEY)
    addresses = [f"20.50.{third}.{fourth}" for third in range(20) for fourth in range(0, 250, 7)]
    given_names = [book.address(address) for address in addresses]
    assert len(set(given_names)) == len(addresses)
    assert [book.address(address) for address in addresses] == given_names
    assert {book.map[token] for token in given_names} == set(addresses)


def test_a_learned_name_goes_as_a_word_in_any_case_and_under_escapes():
    engine = Engine(EngineInputs(key=KEY, names=(Name("user", "jdoe42"), Name("person", "Jérôme"))))
    for text in ("su - jdoe42:", "JDOE42 logged in", '"\\njdoe42"', "%2Fjdoe42%2F", "home/jdoe42/x", "app_jdoe42_1"):
        assert "jdoe42" not in engine.redact_text(text).casefold()
    assert engine.redact_text("xjdoe42y jdoe421") == "xjdoe42y jdoe421"
    assert "J" not in engine.redact_text('"J\\u00e9r\\u00f4me"')


def test_common_words_and_kept_names_are_not_masked():
    names = (
        Name("user", "site"),
        Name("user", "root"),
        Name("person", "Will"),
        Name("user", "shop"),
        Name("user", "jdoe42"),
    )
    assert worth_masking(names, ("Shop",)) == (Name("user", "jdoe42"),)


def test_the_host_of_a_customer_loses_its_label_and_keeps_its_service():
    engine = Engine(EngineInputs(key=KEY, names=(Name("host", "contosodb.database.windows.net"),)))
    result = engine.redact_text("Server=tcp:contosodb.database.windows.net,1433")
    assert "contosodb" not in result
    assert result.endswith(".database.windows.net,1433")


@given(st.lists(st.sampled_from(["jane", "JANE", "sam", "20.50.2.1", "2600:1f18::1"]), max_size=12), st.randoms())
def test_a_pseudonym_does_not_depend_on_what_was_seen_before(texts: list[str], random: Random):
    one, other = NameBook(KEY), NameBook(KEY, {"user-000000": "somebody"})

    def ask(book: NameBook, text: str) -> str:
        if text[0].isdigit():
            return book.address(text)
        return book.pseudonym("user", text) + book.email(f"{text}@example.net")

    shuffled = list(texts)
    random.shuffle(shuffled)
    first, second = ({text: ask(book, text) for text in order} for book, order in ((one, texts), (other, shuffled)))
    assert first == second
    assert set(one.map) <= set(other.map)


def test_what_another_process_has_named_joins_the_map_and_the_first_stays():
    worker, book = NameBook(KEY), NameBook(KEY)
    token = worker.email("jane@example.net")
    new = worker.take_new()
    assert new == ((token, "jane@example.net"),)
    assert worker.take_new() == ()
    book.merge(new)
    book.merge([(token, "other@example.net")])
    assert book.changed
    assert book.map == {token: "jane@example.net"}
    assert book.email("jane@example.net") == token
