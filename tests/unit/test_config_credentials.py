"""What signs in, and which generation of the protocol that takes."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.config import PROTOCOLS, Secret, Settings, resolve
from accsyn_orm.config.settings import with_credentials
from accsyn_orm.errors import ConfigurationError, MissingCredentials
from accsyn_orm.wire.generations import GENERATIONS

if TYPE_CHECKING:
    from pathlib import Path

KEY, SESSION, PASSWORD = "canary-key", "canary-session-key", "canary pässword"
ALL: dict[str, Any] = {"api_key": KEY, "session_key": SESSION, "pwd": PASSWORD}


def settle(environ: dict[str, str] | None = None, **arguments: Any) -> Settings:
    return resolve(workspace="acmefilm", username="john@user.com", environ=environ or {}, **arguments)


def picked(settings: Settings) -> dict[str, str]:
    """Return what signs in; each of the three where it is set."""
    known = {"api_key": settings.api_key, "session_key": settings.session_key, "pwd": settings.pwd}
    return {name: secret.reveal() for name, secret in known.items() if secret is not None and secret.reveal()}


class TestPrecedence:
    @pytest.mark.parametrize(
        ("given", "winner"),
        [
            (("api_key", "session_key", "pwd"), "api_key"),
            (("api_key", "pwd"), "api_key"),
            (("session_key", "pwd"), "session_key"),
            (("pwd",), "pwd"),
        ],
    )
    def test_api_key_before_session_key_before_password(self, given: tuple[str, ...], winner: str) -> None:
        settings = settle(**{name: ALL[name] for name in given})
        assert picked(settings) == {winner: ALL[winner]}
        assert settings.protocol == ("v3" if winner == "api_key" else "v1")

    def test_the_environment_counts_as_in_the_published_client(self) -> None:
        assert picked(settle({"ACCSYN_SESSION_KEY": SESSION})) == {"session_key": SESSION}
        assert picked(settle({"ACCSYN_SESSION_KEY": SESSION}, pwd=PASSWORD)) == {"session_key": SESSION}
        assert picked(settle({"ACCSYN_SESSION_KEY": "other"}, session_key=SESSION)) == {
            "session_key": SESSION
        }
        assert picked(settle({"ACCSYN_API_KEY": KEY}, session_key=SESSION, pwd=PASSWORD)) == {"api_key": KEY}

    def test_an_env_file_may_hold_a_session_key(self, tmp_path: Path) -> None:
        path = tmp_path / "acme.env"
        path.write_text(f"ACCSYN_SESSION_KEY={SESSION}\n")
        settings = settle(path_envfile=path)
        assert (picked(settings), settings.protocol) == ({"session_key": SESSION}, "v1")

    @pytest.mark.parametrize("empty", ["", None, Secret("")])
    def test_an_empty_text_is_not_given(self, empty: Any) -> None:
        assert picked(settle(api_key=empty, session_key=empty, pwd=PASSWORD)) == {"pwd": PASSWORD}
        with pytest.raises(MissingCredentials, match=r"ACCSYN_API_KEY.*ACCSYN_SESSION_KEY"):
            settle(api_key=empty, session_key=empty, pwd=empty)

    def test_only_an_api_key_signs_in_again_by_itself(self) -> None:
        assert settle(api_key=KEY, protocol="v1").renewable
        assert not settle(pwd=PASSWORD).renewable
        assert not settle(session_key=SESSION).renewable


class TestProtocol:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_an_api_key_speaks_every_generation(self, protocol: str) -> None:
        assert settle(api_key=KEY, protocol=protocol).protocol == protocol

    @pytest.mark.parametrize("name", ["session_key", "pwd"])
    def test_what_is_v1_only(self, name: str) -> None:
        arguments: dict[str, Any] = {name: ALL[name]}
        assert settle(**arguments, protocol="v1").protocol == "v1"
        for protocol in ("v3", "v3.0", "v3.1"):
            with pytest.raises(ConfigurationError, match=r"takes the v1 protocol.*out in 3\.0") as caught:
                settle(**arguments, protocol=protocol)
            assert "canary" not in str(caught.value)
            with pytest.raises(ConfigurationError, match="takes the v1 protocol"):
                settle(**arguments, api_key=KEY, protocol=protocol)

    def test_a_session_key_in_the_environment_does_not_stand_in_the_way_of_v3(self) -> None:
        environ = {"ACCSYN_SESSION_KEY": SESSION}
        assert picked(settle(environ, api_key=KEY, protocol="v3")) == {"api_key": KEY}
        with pytest.raises(MissingCredentials, match="API key"):
            settle(environ, protocol="v3")

    @pytest.mark.parametrize("protocol", ["v2", "v3.4", "V1", "", "1", 1, "v3 "])
    def test_what_is_no_generation(self, protocol: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"one of v1, v3\.0, v3\.1, v3"):
            settle(api_key=KEY, protocol=protocol)

    def test_nothing_to_sign_in_with(self) -> None:
        for protocol in (None, *PROTOCOLS):
            with pytest.raises(MissingCredentials, match="API key"):
                settle(protocol=protocol)

    def test_every_name_has_a_dialect(self) -> None:
        assert tuple(GENERATIONS) == PROTOCOLS
        assert {name: kind.name for name, kind in GENERATIONS.items()} == {name: name for name in PROTOCOLS}


class TestText:
    @pytest.mark.parametrize("name", ["api_key", "session_key"])
    def test_a_key_is_printable(self, name: str) -> None:
        arguments: dict[str, Any] = {name: "canary\nX-Header: y"}
        with pytest.raises(ConfigurationError, match="characters that no key has") as caught:
            settle(**arguments)
        assert "canary" not in str(caught.value)

    def test_a_password_is_any_text_that_utf_8_can_encode(self) -> None:
        assert picked(settle(pwd=' "\\\n\x00å💾')) == {"pwd": ' "\\\n\x00å💾'}
        with pytest.raises(ConfigurationError, match="password") as caught:
            settle(pwd="canary\ud800")
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("name", ALL)
    def test_no_text_shows_them(self, name: str) -> None:
        shown = repr(settle(None, **{name: Secret(ALL[name])}))
        assert "canary" not in shown

    def test_a_traceback_with_locals_shows_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ACCSYN_SESSION_KEY", SESSION)
        with pytest.raises(ConfigurationError) as caught:
            resolve(workspace="acmefilm", username="john@user.com", pwd=Secret(PASSWORD), protocol="v3")
        lines = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
        # The frame of this test holds what it compares with.
        assert "canary" not in "".join(lines).partition("settings.py")[2]


class TestWithCredentials:
    def test_what_is_given_signs_in_alone(self) -> None:
        keyed = settle(api_key=KEY, protocol="v1")
        for name, text in ALL.items():
            assert picked(
                with_credentials(
                    keyed, None, **{"api_key": None, "pwd": None, "session_key": None, name: Secret(text)}
                )
            ) == {name: text}

    def test_the_order_is_the_same(self) -> None:
        settings = with_credentials(settle(pwd="x"), None, None, Secret(PASSWORD), Secret(SESSION))
        assert picked(settings) == {"session_key": SESSION}

    def test_nothing_given_leaves_what_there_is(self) -> None:
        settings = with_credentials(settle(pwd=PASSWORD), "lisa@user.com", None)
        assert (settings.username, picked(settings)) == ("lisa@user.com", {"pwd": PASSWORD})

    def test_the_generation_stays(self) -> None:
        today = settle(api_key=KEY)
        with pytest.raises(ConfigurationError, match="takes the v1 protocol"):
            with_credentials(today, None, None, Secret(PASSWORD))
        with pytest.raises(ConfigurationError, match="takes the v1 protocol"):
            with_credentials(today, None, None, None, Secret(SESSION))
        assert with_credentials(settle(pwd=PASSWORD), None, Secret(KEY)).protocol == "v1"
