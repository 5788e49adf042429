"""Where to connect, and as whom."""

from __future__ import annotations

import copy
import json
import os
import pickle
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.config import Endpoint, Secret, Settings, resolve
from accsyn_orm.errors import ConfigurationError, InvalidWorkspace, MissingCredentials

if TYPE_CHECKING:
    from pathlib import Path

WHO: dict[str, Any] = {"username": "john@user.com", "api_key": "k-0123456789"}


def settle(environ: dict[str, str] | None = None, **arguments: Any) -> Settings:
    return resolve(environ=environ or {}, **{"workspace": "acmefilm", **WHO, **arguments})


class TestSecret:
    def test_it_prints_as_stars_in_every_way(self) -> None:
        secret = Secret("canary")
        shown = f"{secret} {secret!r} {secret!s} {secret:>20} {[secret]} {'%s' % secret}"  # noqa: UP031
        assert "canary" not in shown
        assert str(secret) == f"{secret}" == "***"
        assert secret.reveal() == "canary"

    @pytest.mark.parametrize("use", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars, hash])
    def test_it_refuses_to_leave(self, use: Any) -> None:
        with pytest.raises(TypeError):
            use(Secret("canary"))

    def test_it_compares_by_text_and_with_secrets_only(self) -> None:
        assert Secret("a") == Secret("a")
        assert Secret("a") != Secret("b")
        assert Secret("a") != "a"
        assert Secret(Secret("å")) == Secret("å")

    def test_it_does_not_change_and_is_text(self) -> None:
        with pytest.raises(AttributeError):
            Secret("a")._value = "b"
        with pytest.raises(ConfigurationError):
            Secret(5)  # type: ignore[arg-type]


class TestOrder:
    def test_arguments_go_before_the_environment(self) -> None:
        environ = {"ACCSYN_WORKSPACE": "other", "ACCSYN_API_USER": "x@y", "ACCSYN_API_KEY": "zzzz"}
        settings = resolve(workspace="acmefilm", **WHO, environ=environ)
        assert (settings.workspace, settings.username) == ("acmefilm", "john@user.com")
        assert settings.api_key == Secret("k-0123456789")
        other = resolve(environ=environ)
        assert (other.workspace, other.username, other.api_key.reveal()) == ("other", "x@y", "zzzz")

    @pytest.mark.parametrize(
        ("names", "winner"),
        [
            (["ACCSYN_WORKSPACE", "ACCSYN_DOMAIN", "ACCSYN_ORG"], "accsyn-workspace"),
            (["ACCSYN_DOMAIN", "ACCSYN_ORG"], "accsyn-domain"),
            (["ACCSYN_ORG"], "accsyn-org"),
        ],
    )
    def test_the_names_of_the_workspace_in_order(self, names: list[str], winner: str) -> None:
        environ = {name: name.lower().replace("_", "-") for name in names}
        assert settle(environ, workspace=None).workspace == winner

    def test_domain_is_the_old_name_of_workspace(self) -> None:
        assert settle(workspace=None, domain="acmefilm").workspace == "acmefilm"
        with pytest.raises(ConfigurationError, match="differ"):
            settle(domain="other")

    @pytest.mark.parametrize("name", ["workspace", "username", "api_key"])
    def test_what_is_missing_is_named(self, name: str) -> None:
        with pytest.raises(MissingCredentials, match=r"ACCSYN_(WORKSPACE|API_USER|API_KEY)"):
            settle(**{name: None})

    def test_defaults(self) -> None:
        settings = settle()
        assert (settings.connect_timeout, settings.read_timeout, settings.deadline) == (10, 120, 300)
        assert settle(timeout=0, connect_timeout=0, deadline=0).read_timeout == 120
        assert settle(timeout=1.5).read_timeout == 1.5
        assert settings.endpoint is None
        assert settings.verify is True


class TestEnvFile:
    def test_it_fills_in_what_nobody_else_says(self, tmp_path: Path) -> None:
        path = tmp_path / "acme.env"
        path.write_text(
            "# a comment\n"
            "export ACCSYN_WORKSPACE='from-file'\n"
            'ACCSYN_API_USER="x y#z@user.com"  # mine\n'
            "ACCSYN_API_KEY=abc#def # a comment\n"
            "PATH=/evil/bin\n"
            "nonsense\n"
        )
        before = dict(os.environ)
        settings = resolve(path_envfile=path, environ={})
        assert (settings.workspace, settings.username) == ("from-file", "x y#z@user.com")
        assert settings.api_key.reveal() == "abc#def"
        assert dict(os.environ) == before
        over = {"ACCSYN_DOMAIN": "from-environment", "ACCSYN_CREDENTIALS_PATH": str(path)}
        assert resolve(environ=over).workspace == "from-environment"

    def test_it_is_read_only_when_asked_for(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / ".env").write_text("ACCSYN_WORKSPACE=evil\n")
        monkeypatch.chdir(tmp_path)
        with pytest.raises(MissingCredentials):
            settle(workspace=None)

    def test_a_missing_file_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="cannot be read"):
            settle(path_envfile=tmp_path / "none")
        (tmp_path / "latin").write_bytes(b"ACCSYN_ORG=\xe5\n")
        with pytest.raises(ConfigurationError, match="UTF-8"):
            settle(path_envfile=tmp_path / "latin")


class TestWorkspace:
    @pytest.mark.parametrize(
        "code",
        [
            "evil.example/#",
            "u@evil:8443/x",
            "a.b",
            "-a",
            "a-",
            "a b",
            "a\n",
            "å",
            "x" * 64,
            "acme_film",
            "a/../b",
        ],
    )
    def test_what_is_no_label_is_refused(self, code: str) -> None:
        with pytest.raises(InvalidWorkspace):
            settle(workspace=code)

    @pytest.mark.parametrize("code", ["a", "acmefilm", "Acme-Film-2", "x" * 63])
    def test_what_is_one_passes(self, code: str) -> None:
        assert settle(workspace=code).workspace == code


class TestWhere:
    @pytest.mark.parametrize(
        ("url", "endpoint"),
        [
            ("http://127.0.0.1:8181", Endpoint("http", "127.0.0.1", 8181)),
            ("http://localhost:80/", Endpoint("http", "localhost", 80)),
            ("http://[::1]:8181", Endpoint("http", "::1", 8181)),
            ("https://films.example", Endpoint("https", "films.example", 443)),
            ("https://films.example:8443", Endpoint("https", "films.example", 8443)),
        ],
    )
    def test_a_url_names_all(self, url: str, endpoint: Endpoint) -> None:
        assert settle(url=url).endpoint == endpoint
        assert settle({"ACCSYN_URL": url}).endpoint == endpoint
        assert settle(url=endpoint.url).endpoint == endpoint

    @pytest.mark.parametrize(
        "url",
        [
            "http://films.example",
            "http://127.0.0.1.evil.example",
            "https://u:pass@films.example",
            "https://films.example/api",
            "https://films.example?x=1",
            "https://films.example?",
            "https://films.example#x",
            "ftp://films.example",
            "films.example",
            "https://",
            "https://films.example:99999",
            "https://films.example:0",
            "https://fi lms.example",
            "https://films.example\n",
        ],
    )
    def test_what_is_no_plain_url_is_refused(self, url: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            settle(url=url)
        assert "pass" not in str(caught.value)

    def test_plain_http_has_to_be_allowed(self) -> None:
        assert settle(url="http://films.example", allow_http=True).endpoint == Endpoint(
            "http", "films.example", 80
        )

    def test_a_host_name_is_https(self) -> None:
        assert settle(hostname="films.example").endpoint == Endpoint("https", "films.example", 443)
        assert settle(hostname="10.0.0.1", port=8443).endpoint == Endpoint("https", "10.0.0.1", 8443)
        with_environment = settle({"ACCSYN_URL": "http://127.0.0.1:1"}, hostname="films.example")
        assert with_environment.endpoint == Endpoint("https", "films.example", 443)

    def test_a_port_alone_waits_for_discovery(self) -> None:
        settings = settle(port=8443)
        assert (settings.endpoint, settings.port) == (None, 8443)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"hostname": "u@evil:8443/x"},
            {"hostname": "evil.example/#"},
            {"hostname": "films.example", "port": 0},
            {"port": True},
            {"port": "443"},
            {"url": "https://a.example", "hostname": "a.example"},
            {"url": "https://a.example", "port": 443},
            {"timeout": -1},
            {"deadline": float("nan")},
            {"connect_timeout": True},
            {"verify": False},
            {"verify": "/nowhere/ca.pem"},
            {"username": "john@user.com\n"},
            {"api_key": "k\nX-Header: y"},
        ],
    )
    def test_what_does_not_hold_is_refused(self, arguments: dict[str, Any]) -> None:
        with pytest.raises(ConfigurationError):
            settle(**arguments)

    def test_certificates_may_be_named(self, tmp_path: Path) -> None:
        path = tmp_path / "ca.pem"
        path.write_text("x")
        assert settle(verify=path).verify == str(path)


def test_a_traceback_with_locals_shows_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCSYN_API_KEY", "canary-0123456789")
    monkeypatch.setenv("ACCSYN_PROXY", "socks5:bob:canary-proxy@h:99999")
    with pytest.raises(ConfigurationError) as caught:
        resolve(workspace="acmefilm", username="john@user.com")
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "canary" not in shown
    assert "canary" not in repr(settle(api_key=Secret("canary-x")))
