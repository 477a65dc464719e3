"""Headers: read once, by their names in small letters."""

from typing import Any

from service.headers import headers_of


def test_of_a_header_that_is_sent_twice_the_first_counts() -> None:
    pairs = [(b"host", b"localhost"), (b"accept-language", b"zh"), (b"accept-language", b"en")]
    scope: dict[str, Any] = {"headers": pairs}
    assert headers_of(scope) == {"host": "localhost", "accept-language": "zh"}
    assert headers_of(scope) is headers_of(scope)


def test_bytes_beyond_ascii_are_read_as_http_has_them() -> None:
    assert headers_of({"headers": [(b"x-name", b"\xe9")]}) == {"x-name": "é"}
