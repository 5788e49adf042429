"""From responses to results and errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accsyn_orm import errors
from accsyn_orm.config import Secret
from accsyn_orm.wire.answers import document_of, result_of, retry_after
from accsyn_orm.wire.messages import Call, HttpResponse
from accsyn_orm.wire.redaction import Redactor, escape_controls, star_secrets

CALL = Call("PUT", "job/edit", id="j1", entity="job:j1")


def answer(body: Any, status: int = 200, **headers: str) -> HttpResponse:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, payload)


@pytest.mark.parametrize(
    ("document", "result"),
    [
        ({"result": []}, []),
        ({"result": None}, None),
        ({"result": True, "message": None}, True),
        ({"result": [1], "message": "", "exception": None}, [1]),
        ({"result": 1, "session_expired": False}, 1),
    ],
)
def test_results(document: Any, result: Any) -> None:
    read = document_of(answer(document), CALL)
    assert read == document
    assert result_of(read, CALL) == result


@pytest.mark.parametrize(
    ("body", "status", "kind", "text"),
    [
        ({"message": "no"}, 200, errors.ServerError, "no"),
        ({"message": "no", "message_hr": "No, sorry"}, 200, errors.ServerError, "No, sorry"),
        ({"message": "no", "message_hr": None}, 200, errors.ServerError, "no"),
        ({"message": None}, 200, errors.ServerError, "does not say why"),
        ({"message": ""}, 200, errors.ServerError, "does not say why"),
        ({"message": ["a", 1]}, 200, errors.ServerError, '["a", 1]'),
        ({"message": "no", "result": [1]}, 200, errors.ServerError, "no"),
        ({"exception": "boom"}, 200, errors.ServerFault, "boom"),
        ({"exception": "boom", "message": "no"}, 200, errors.ServerFault, "boom"),
        ({"exception": "", "result": []}, 200, errors.ServerFault, "does not say why"),
        ({"message": "over", "session_expired": True}, 200, errors.SessionExpired, "over"),
        ({"message": "over", "session_expired": True}, 401, errors.SessionExpired, "over"),
        ({"session_expired": True, "result": []}, 200, errors.SessionExpired, "does not say why"),
        ({"message": "no"}, 401, errors.AuthenticationFailed, "no"),
        ({"message": "no"}, 403, errors.PermissionDenied, "no"),
        ({"message": "slow"}, 429, errors.RateLimited, "slow"),
        ({"message": "no"}, 404, errors.ServerError, "no"),
        ({"message": "no"}, 500, errors.ServerFault, "no"),
        ({"result": [1]}, 500, errors.ServerFault, "500"),
        ({"result": [1]}, 401, errors.AuthenticationFailed, "401"),
        ({"result": [1]}, 400, errors.ServerError, "400"),
        ([], 503, errors.ServerFault, "503"),
        (b"", 403, errors.PermissionDenied, "empty"),
        (b"<html>bad gateway</html>", 502, errors.ServerFault, "bad gateway"),
        (b"", 429, errors.RateLimited, "429"),
    ],
)
def test_errors_of_the_server(body: Any, status: int, kind: type[errors.AccsynError], text: str) -> None:
    with pytest.raises(kind) as caught:
        document_of(answer(body, status), CALL)
    error = caught.value
    assert type(error) is kind
    assert text in error.message
    assert (error.status, error.uri, error.entity) == (status, "job/edit", "job:j1")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 204),
        (b"", 200),
        (b"  ", 200),
        ([], 200),
        (None, 200),
        ({}, 200),
        (5, 200),
        ("x", 200),
        (True, 200),
        (b"<html>hello</html>", 200),
        (b"\xff\xfe", 200),
        ({"result": 1}, 301),
        ({"result": 1}, 304),
        ({"result": 1}, 199),
    ],
)
def test_what_is_not_of_the_protocol(body: Any, status: int) -> None:
    with pytest.raises(errors.ProtocolError) as caught:
        document_of(answer(body, status), CALL)
    assert caught.value.status == status


def test_a_redirect_is_named_without_its_query() -> None:
    with pytest.raises(errors.ProtocolError, match="redirect") as caught:
        document_of(answer({}, 307, location="http://evil.example/x?session=canary\x1b"), CALL)
    assert "evil.example/x" in caught.value.message
    assert "canary" not in caught.value.message


def test_no_result() -> None:
    with pytest.raises(errors.ProtocolError, match=r"\$\.result") as caught:
        result_of({"answer": 1}, CALL)
    assert caught.value.uri == "job/edit"


def test_at_most_200_characters_of_a_page_and_no_escapes() -> None:
    page = b"<html>\x1b[31m\r\n" + b"x" * 5_000
    with pytest.raises(errors.ServerFault) as caught:
        document_of(answer(page, 502), CALL)
    message = caught.value.message
    assert message.count("x") < 200
    assert message.isprintable()


def test_a_message_of_the_server_commands_no_terminal() -> None:
    with pytest.raises(errors.ServerError) as caught:
        document_of(answer({"message": "one\ntwo\x1b[2J\u202e"}), CALL)
    assert caught.value.message == "one\ntwo\\x1b[2J\\u202e"


@pytest.mark.parametrize("status", [200, 502])
def test_an_echoed_secret_is_starred(status: int) -> None:
    clean = Redactor(Secret("canary/key+1")).clean
    for body in (
        b"<html>" + b"y" * 150 + b"/event?%7B%22session%22%3A%20%22canary%2Fkey%2B1%22%7D</html>",
        b"<html>basic Y2FuYXJ5L2tleSsx",
        {"message": "canary/key+1 is wrong"},
        {"exception": "canary/key+1 is wrong"},
    ):
        with pytest.raises(errors.AccsynError) as caught:
            document_of(answer(body, status), CALL, clean)
        assert "canary" not in caught.value.message
        assert "Y2FuYXJ5" not in caught.value.message
        assert "***" in caught.value.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
        (
            {"retry-after": "Wed, 01 Jul 2026 12:00:30 GMT", "date": "Wed, 01 Jul 2026 12:00:00 GMT"},
            30.0,
        ),
        ({"retry-after": "Wed, 01 Jul 2026 12:00:00 GMT", "date": "Wed, 01 Jul 2026 12:00:30 GMT"}, 0.0),
        ({"retry-after": "Wed, 01 Jul 2020 12:00:00 GMT", "date": "nonsense"}, 0.0),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
    with pytest.raises(errors.RateLimited) as caught:
        document_of(HttpResponse(429, headers, b'{"message": "slow"}'), CALL)
    assert caught.value.retry_after == seconds


def test_object_ids_lose_their_prefix_and_nothing_else_does() -> None:
    ident = "614d660de50d45bb027c9bdd"
    document = {
        "result": [{"id": f"ObjectId:{ident}", "name": "ObjectId:aObjectId:b", "l": [f"ObjectId:{ident}"]}]
    }
    read = document_of(answer(document), CALL)
    assert read == {"result": [{"id": ident, "name": "ObjectId:aObjectId:b", "l": [ident]}]}


def test_stars() -> None:
    payload = {
        "pwd": "a",
        "api_key": None,
        "x": [{"token": {"deep": 1}, "name": "n"}],
        "session_expired": True,
    }
    starred = {"pwd": "***", "api_key": None, "x": [{"token": "***", "name": "n"}], "session_expired": True}
    assert star_secrets(payload) == starred
    assert escape_controls("a\x00\n\u2028", keep="\n") == "a\\x00\n\\u2028"
    assert Redactor().clean("x") == Redactor(Secret("abc")).clean("x") == "x"
    assert "canary" not in repr(Redactor(Secret("canary")))
