"""What a request tells of its query and headers, beyond what the surfaces' own tests send."""

from typing import Any

import pytest

from milepost.http.request import Request


async def nothing() -> Any:
    raise AssertionError("the body is not read here")


def request(query: bytes = b"", headers: tuple[tuple[bytes, bytes], ...] = ()) -> Request:
    return Request({"method": "GET", "path": "/", "query_string": query, "headers": headers}, nothing)


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        (b"", {}),
        (b"a=1&b=2&a=3", {"a": ["1", "3"], "b": ["2"]}),
        (b"a=&b&=c&&d=+e%20", {"a": [""], "b": [""], "": ["c"], "d": [" e "]}),
        (b"a=%ff%00", {"a": ["\ufffd\0"]}),
        (b"a=%C3%BC&b=\xc3\xbc", {"a": ["ü"], "b": ["ü"]}),
    ],
)
def test_parameters_with_all_their_values(query, parameters):
    assert request(query).parameters() == parameters


def test_a_query_is_kept_as_it_was_sent():
    assert request(b"a=%c3%BC&b=READY,x:y+z").query_string == "a=%c3%BC&b=READY,x:y+z"
    assert request(b"a=%20\xc3\xbc").query_string == "a=%20%C3%BC"


def test_headers_that_come_more_than_once():
    sent = request(headers=((b"if-match", b'"1"'), (b"x", b"y"), (b"if-match", b'"\xe4"')))
    assert sent.every(b"if-match") == ['"1"', '"ä"']
    assert sent.every(b"if-none-match") == []


@pytest.mark.parametrize(
    ("raw", "segments", "sent"),
    [
        (b"/v1/teams", ["v1", "teams"], ["v1", "teams"]),
        (b"/v1/teams/", ["v1", "teams"], ["v1", "teams"]),
        (b"/v1/teams//", ["v1", "teams", ""], ["v1", "teams", ""]),
        (b"/", [""], [""]),
        (b"/a%2Fb/%C3%BC%0d", ["a/b", "ü\r"], ["a%2Fb", "%C3%BC%0d"]),
        (b'/a"<b>/c', ['a"<b>', "c"], ["a%22%3Cb%3E", "c"]),
        (b"/%41/\xc3\xbc", ["A", "\u00c3\u00bc"], ["%41", "%C3%BC"]),
    ],
)
def test_segments_decoded_and_as_they_were_sent(raw, segments, sent):
    path = raw.decode("latin-1")
    asked = Request(
        {"method": "GET", "path": path, "raw_path": raw, "query_string": b"", "headers": ()}, nothing
    )
    assert (asked.segments(), asked.sent_segments()) == (segments, sent)
