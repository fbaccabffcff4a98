"""The server's bounds, from outside, over real sockets."""

import contextlib
import json
import signal
import socket
import time

import pytest

from tests.runtime.processes import Program, program

LIMITS = {
    "header_seconds": 0.6,
    "body_seconds": 1.5,
    "body_tick_seconds": 0.5,
    "body_tick_bytes": 100,
    "write_seconds": 1,
    "keep_alive_seconds": 1,
    "connections": 10,
}
GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


class Served:
    def __init__(self, running: Program) -> None:
        self.program = running
        self.port = int(running.line().split()[1])

    @contextlib.contextmanager
    def connect(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            yield connection


@pytest.fixture(scope="module")
def served():
    with program("-m", "tests.runtime.server_app", json.dumps(LIMITS)) as running:
        yield Served(running)


def first_answer(connection: socket.socket) -> bytes:
    """One whole answer of the application; the connection stays open."""
    data = connection.recv(10_000)
    while not data.endswith(b"}"):
        data += connection.recv(10_000)
    return data


def answers(connection: socket.socket) -> list[tuple[int, dict[str, str], bytes]]:
    """All answers until the server closes."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(1_000_000):
            data += piece
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {line.split(": ")[0]: line.split(": ")[1] for line in lines}
        status = int(first.split()[1])
        if status != 100:
            length = int(headers["content-length"])
            found.append((status, headers, data[:length]))
            data = data[length:]
    return found


def ask(served: Served, request: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    with served.connect() as connection:
        connection.sendall(request)
        return answers(connection)


def only(found: list[tuple[int, dict[str, str], bytes]]) -> tuple[int, dict[str, str], dict]:
    [(status, headers, body)] = found
    return status, headers, json.loads(body)


def test_a_request_is_answered_with_date_and_without_server_header(served):
    status, headers, body = only(ask(served, b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
    assert status == 200
    assert body["path"] == "/x"
    assert headers["date"].endswith("GMT")
    assert "server" not in headers


def test_a_connection_is_kept_alive_for_a_while(served):
    with served.connect() as connection:
        connection.sendall(GET)
        assert b"200 OK" in first_answer(connection)
        time.sleep(0.7)
        connection.sendall(GET)
        started = time.monotonic()
        assert [status for status, _, _ in answers(connection)] == [200]
        assert 0.5 < time.monotonic() - started < 2.5


def test_line_breaks_between_requests_do_not_keep_a_connection_for_ever(served):
    with served.connect() as connection:
        connection.sendall(GET)
        assert b"200 OK" in first_answer(connection)
        connection.sendall(b"\r\n")
        started = time.monotonic()
        assert connection.recv(10) == b""
        assert time.monotonic() - started < 2.5


def test_pipelined_requests_are_answered_in_order(served):
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(50))
    found = ask(served, requests)
    assert [json.loads(body)["path"] for _, _, body in found] == [f"/{number}" for number in range(50)]


def test_head_has_headers_and_no_body(served):
    with served.connect() as connection:
        connection.sendall(b"HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        head, _, body = b"".join(iter(lambda: connection.recv(10_000), b"")).partition(b"\r\n\r\n")
    assert b"200 OK" in head
    assert b"content-length: " in head
    assert body == b""


def test_a_query_of_100_kilobytes_passes(served):
    status, _, body = only(
        ask(served, b"GET /x?q=" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    )
    assert (status, body["query"]) == (200, 100_002)


@pytest.mark.parametrize(
    "start",
    [b"GET /", b"GET / HTTP/1.1\r\nX-Long: ", b"GET / HTTP/1.1\r\nX-Name"],
    ids=["request line", "header value", "header name"],
)
def test_more_than_a_mebibyte_of_headers_is_refused(served, start):
    with served.connect() as connection:
        connection.sendall(start)
        with contextlib.suppress(ConnectionError):
            for _ in range(40):
                connection.sendall(b"a" * 100_000)
        found = b""
        with contextlib.suppress(ConnectionError):
            found = connection.recv(10_000)
    assert found == b"" or b"431" in found  # closing with unread data may reset before the answer is read


def test_headers_just_over_a_mebibyte_are_431(served):
    status, headers, body = only(ask(served, b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 1_048_576 + b"\r\n\r\n"))
    assert status == 431
    assert body["details"]["code"] == "headers_too_large"
    assert headers["connection"] == "close"


def test_a_path_of_100_kilobytes_is_400(served):
    assert only(ask(served, b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n"))[0] == 400


def test_more_than_500_headers_are_431(served):
    request = b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(501)) + b"\r\n"
    assert only(ask(served, request))[0] == 431


def test_a_connection_without_a_request_is_closed_quietly(served):
    started = time.monotonic()
    assert ask(served, b"") == []
    assert 0.4 < time.monotonic() - started < 2


@pytest.mark.parametrize("before", [b"", GET], ids=["first request", "second request"])
def test_headers_that_trickle_are_408(served, before):
    with served.connect() as connection:
        connection.sendall(before)
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            for letter in b"GET / HTTP/1.1\r\nX-Slow: and so on and on":
                connection.sendall(bytes([letter]))
                time.sleep(0.05)
        elapsed = time.monotonic() - started
        found = answers(connection)
    assert elapsed < 3
    assert found[-1][0] == 408
    assert json.loads(found[-1][2])["details"]["code"] == "request_timeout"


def test_a_body_that_stops_is_408_and_the_application_is_told(served):
    started = time.monotonic()
    status, _, _ = only(ask(served, b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"))
    assert status == 408
    assert time.monotonic() - started < 1.4
    assert served.program.line() == "gone"


def test_a_body_that_trickles_is_408(served):
    with served.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n")
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - started < 5:
                connection.sendall(b"a" * 20)
                time.sleep(0.05)
        assert time.monotonic() - started < 3
    assert served.program.line() == "gone"


def test_a_body_in_pieces_is_whole(served):
    with served.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 600\r\nConnection: close\r\n\r\n")
        for _ in range(6):
            time.sleep(0.1)
            connection.sendall(b"a" * 100)
        status, _, body = only(answers(connection))
    assert (status, body["body"]) == (200, "a" * 600)


def test_a_chunked_body_is_read_and_its_trailers_are_not_headers(served):
    request = (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
    )
    status, _, body = only(ask(served, request))
    assert (status, body["body"]) == (200, "abcde")


def test_endless_chunk_extensions_are_refused(served):
    with served.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;")
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                connection.sendall(b"a" * 100_000)
            pytest.fail("the server reads on")
    assert served.program.line() == "gone"


def test_expect_100_continue(served):
    with served.connect() as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        assert connection.recv(10_000).startswith(b"HTTP/1.1 100")
        connection.sendall(b"abc")
        assert only(answers(connection))[2]["body"] == "abc"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        b"CONNECT a:80 HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_what_is_not_http_is_400_with_a_json_body(served, request_bytes):
    status, headers, body = only(ask(served, request_bytes))
    assert status == 400
    assert headers["content-type"] == "application/json"
    assert headers["x-request-id"]
    assert body == {
        "error": "Invalid request",
        "details": {
            "code": "invalid_request",
            "fields": [{"field": "request", "message": "is not a valid HTTP/1.1 request"}],
        },
        "error_description": "Invalid request",
        "errors": [{"field": None, "code": "invalid_request", "message": "Invalid request"}],
        "detail": [
            {"loc": ["request"], "msg": "Invalid request", "type": "value_error.invalid_request"},
        ],
    }


def test_rubbish_after_a_whole_request_does_not_spoil_its_answer(served):
    status, headers, body = only(ask(served, b"GET /slow HTTP/1.1\r\n\r\nrubbish\r\n\r\n"))
    assert (status, body["path"]) == (200, "/slow")
    assert headers["connection"] == "close"


def test_an_answer_before_the_end_of_the_body_is_the_only_one(served):
    found = ask(served, b"POST /early HTTP/1.1\r\nContent-Length: 100000\r\n\r\nabc")
    assert [status for status, _, _ in found] == [413]


@pytest.mark.parametrize("together", [True, False])
def test_an_upgrade_offered_with_a_body_reads_the_body(served, together):
    head = (
        b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAA\r\nContent-Length: 5\r\n\r\n"
    )
    with served.connect() as connection:
        connection.sendall(head + (b"abcde" + GET if together else b"ab"))
        if not together:
            time.sleep(0.1)
            connection.sendall(b"cde" + GET)
        status, _, body = only(answers(connection))
    assert (status, body["body"]) == (200, "abcde")


def test_a_client_that_does_not_read_is_let_go(served):
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", served.port))
        connection.sendall(b"GET /big HTTP/1.1\r\n\r\n")
        time.sleep(2.5)
        received = 0
        connection.settimeout(10)
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(1_000_000):
                received += len(piece)
    assert received < 30_000_000


def test_connections_over_the_limit_are_503(served):
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(served.connect()) for _ in range(10)]
        for connection in idle:
            connection.sendall(b"POST /x HTTP/1.1\r\nContent-Length: 1\r\n\r\n")
        time.sleep(0.1)
        status, headers, body = only(ask(served, GET))
        assert status == 503
        assert headers["retry-after"] == "1"
        assert body["details"] == {"code": "unavailable"}
    time.sleep(0.1)
    assert ask(served, GET)[0][0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_running_requests_finish(number):
    with program("-m", "tests.runtime.server_app", "{}") as running:
        served = Served(running)
        with served.connect() as idle, served.connect() as connection:
            idle.sendall(GET)
            assert b"/x" in first_answer(idle)
            connection.sendall(b"GET /slow HTTP/1.1\r\n\r\n")
            time.sleep(0.2)
            running.send(number)
            status, headers, _ = only(answers(connection))
            assert (status, headers["connection"]) == (200, "close")
            assert idle.recv(10) == b""
        assert running.wait() == 0
        assert running.rest() == [f"stopped by {number.name}"]
