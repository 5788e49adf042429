"""The document that signs in to v1 holds what was given, and nothing that a value made up."""

from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import given, strategies as st

from accsyn_orm.config import Secret, Settings
from accsyn_orm.wire.dialect_v1 import V1, credentials_document

TEXTS = st.text() | st.text(alphabet='"\\{}:, \n\x00å') | st.just('k","username":"admin@x')


def parsed(token: str) -> list[tuple[str, Any]]:
    """Return the pairs of a document in their order, doubled keys included."""
    text = base64.b64decode(token, validate=True).decode("utf-8")
    pairs: list[tuple[str, Any]] = json.loads(text, object_pairs_hook=lambda found: found)
    return pairs


@given(workspace=TEXTS, username=TEXTS, name=st.sampled_from(["api_key", "session_key", "pwd"]), value=TEXTS)
def test_a_document_parses_back_to_what_was_given(
    workspace: str, username: str, name: str, value: str
) -> None:
    settings = Settings(workspace, username, Secret("k"))
    token = credentials_document(settings, name, value)
    assert parsed(token) == [("domain", workspace), ("username", username), (name, value)]
    assert token.isascii()


@given(username=TEXTS, password=TEXTS)
def test_a_password_is_base64_within_it(username: str, password: str) -> None:
    settings = Settings("acmefilm", username, Secret(""), pwd=Secret(password))
    (token, *_) = (secret.reveal() for secret in reversed(V1().secrets_of(settings)))
    pairs = dict(parsed(token))
    assert base64.b64decode(pairs["pwd"], validate=True).decode("utf-8") == password
    assert pairs["username"] == username


@given(username=st.text("abcåö@.", min_size=1), value=st.text("abcåö-_1", min_size=1))
def test_plain_values_are_written_as_the_published_client_does(username: str, value: str) -> None:
    token = credentials_document(Settings("acmefilm", username, Secret("k")), "api_key", value)
    text = f'{{"domain":"acmefilm","username":"{username}","api_key":"{value}"}}'
    assert base64.b64decode(token).decode("utf-8") == text
