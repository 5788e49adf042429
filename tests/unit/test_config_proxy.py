"""The setting `proxy`: what it may be, and that no message shows its password."""

from __future__ import annotations

import copy
import pickle
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from accsyn_orm.config import Secret, Settings, resolve
from accsyn_orm.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from accsyn_orm.config import Proxy

CANARY = "canary-pass"


def settle(environ: dict[str, str] | None = None, **arguments: Any) -> Settings:
    who = {"workspace": "acmefilm", "username": "john@user.com", "api_key": "k-0123456789"}
    return resolve(environ=environ or {}, **{**who, **arguments})


def proxy_of(setting: str, **arguments: Any) -> Proxy:
    found = settle(proxy=setting, **arguments).proxy
    assert found is not None
    return found


def seen(proxy: Proxy) -> tuple[Any, ...]:
    """Return all there is in a proxy."""
    login = tuple(None if one is None else one.reveal() for one in (proxy.username, proxy.password))
    return (proxy.kind, proxy.host, proxy.port, *login)


@pytest.mark.parametrize(
    ("setting", "parts"),
    [
        ("socks:10.0.0.1:1080", ("socks5", "10.0.0.1", 1080, None, None)),
        ("socks5:proxy.example:1080", ("socks5", "proxy.example", 1080, None, None)),
        ("SOCKS5:proxy.example:1080", ("socks5", "proxy.example", 1080, None, None)),
        ("socks4:proxy.example:1080", ("socks4", "proxy.example", 1080, None, None)),
        ("socks4:bob@proxy.example:1080", ("socks4", "proxy.example", 1080, "bob", None)),
        ("socks5:[::1]:1080", ("socks5", "::1", 1080, None, None)),
        ("socks5:bob:pass@[2001:db8::1]:1080", ("socks5", "2001:db8::1", 1080, "bob", "pass")),
        ("socks5:bob:p@s:s%41@proxy:1080", ("socks5", "proxy", 1080, "bob", "p@s:s%41")),
        ("socks5://bob:p%40s%3As%25@proxy:1080", ("socks5", "proxy", 1080, "bob", "p@s:s%")),
        ("socks5h://proxy.example:1080/", ("socks5", "proxy.example", 1080, None, None)),
        ("socks4a://bob@proxy.example:1080", ("socks4", "proxy.example", 1080, "bob", None)),
        ("accsyn:proxy.example:8080", ("accsyn", "proxy.example", 8080, None, None)),
        ("accsyn://proxy.example:8080", ("accsyn", "proxy.example", 8080, None, None)),
        ("proxy.example:8080", ("accsyn", "proxy.example", 8080, None, None)),
        ("proxy.example", ("accsyn", "proxy.example", 80, None, None)),
        ("[::1]:8080", ("accsyn", "::1", 8080, None, None)),
        ("[::1]", ("accsyn", "::1", 80, None, None)),
    ],
)
def test_what_it_may_be(setting: str, parts: tuple[Any, ...]) -> None:
    assert seen(proxy_of(setting)) == parts


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("socks5:proxy.example:1080:bob", "more parts"),
        ("proxy.example:1080:bob:x", "more parts"),
        ("::1", "more parts"),
        ("socks5:::1:1080", "more parts"),
        ("socks5:[::1:1080", "more parts"),
        ("http:proxy.example:8080", "no type of proxy 'http'"),
        ("https://proxy.example:8080", "no type of proxy 'https'"),
        ("socks6:proxy.example:8080", "no type of proxy 'socks6'"),
        ("socks5", "no host"),
        ("socks5:1080", "no host"),
        ("1080", "no host"),
        ("accsyn:8080", "no host"),
        ("socks5:proxy.example", "no port"),
        ("socks5://proxy.example", "no port"),
        ("accsyn:proxy.example", "no port"),
        ("socks5:proxy.example:", "its port"),
        ("socks5:proxy.example:0", "its port"),
        ("socks5:proxy.example:65536", "its port"),
        ("socks5:proxy.example:-1", "its port"),
        ("socks5:proxy.example:１０８０", "its port"),
        ("proxy.example:port", "its port"),
        ("socks5:pro xy:1080", "no host"),
        ("socks5:proxy\n:1080", "no host"),
        ("socks5:[proxy.example]:1080", "no host"),
        ("socks5:proxy.example/x:1080", "no host"),
        ("bob:x@proxy.example:80", "no user of its own"),
        ("accsyn:bob:x@proxy.example:80", "no user of its own"),
        ("socks4:bob:x@proxy.example:80", "no password"),
        ("socks5:bob@proxy.example:80", "a user and a password"),
        ("socks5:bob:@proxy.example:80", "a user and a password"),
        ("socks5::x@proxy.example:80", "its user is not between"),
        ("socks5:bob:" + "x" * 128 + "@proxy.example:80", "its password is not between"),
        ("socks5://bob:x%00@proxy.example:80", "its password holds"),
    ],
)
def test_what_it_may_not_be(setting: str, reason: str) -> None:
    for environ, arguments in (({}, {"proxy": setting}), ({"ACCSYN_PROXY": setting}, {})):
        with pytest.raises(ConfigurationError, match=reason) as caught:
            settle(environ, **arguments)
        text = str(caught.value)
        assert text.startswith("ACCSYN_PROXY=" if environ else "proxy=")
        assert "socks:host:port" in text
        assert "\n" not in text


@pytest.mark.parametrize("proxy", [5, True, b"socks5:h:1", ["h"]])
def test_what_is_no_text(proxy: Any) -> None:
    with pytest.raises(ConfigurationError, match="proxy is text"):
        settle(proxy=proxy)


class TestWhereItComesFrom:
    def test_an_argument_goes_before_the_environment(self, tmp_path: Path) -> None:
        path = tmp_path / "proxy.env"
        path.write_text("ACCSYN_PROXY=socks5:file:1080\n")
        environ = {"ACCSYN_PROXY": "environment:8080"}
        assert seen(proxy_of("argument", environ=environ, path_envfile=path))[1] == "argument"
        by_environment = settle(environ, path_envfile=path).proxy
        assert by_environment is not None
        assert by_environment.host == "environment"
        by_file = settle(path_envfile=path, proxy="").proxy
        assert by_file is not None
        assert (by_file.kind, by_file.host) == ("socks5", "file")

    def test_without_it_there_is_none(self) -> None:
        assert settle().proxy is None
        assert settle({"HTTPS_PROXY": "socks5://h:1", "ALL_PROXY": "h:1"}).proxy is None


class TestPassword:
    def test_it_is_in_nothing_that_is_shown(self) -> None:
        settings = settle(proxy=f"socks5:bob:{CANARY}@proxy.example:1080")
        proxy = settings.proxy
        assert proxy is not None
        assert CANARY not in f"{settings!r} {proxy!r} {proxy} {proxy.password}"
        assert proxy.password == Secret(CANARY)
        with pytest.raises(TypeError):
            vars(proxy)
        for use in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError):
                use(proxy)

    @pytest.mark.parametrize(
        "setting",
        [
            f"socks5:bob:{CANARY}@proxy.example:99999",
            f"socks5:bob:{CANARY}@proxy.example",
            f"socks5:bob:{CANARY}@",
            f"socks5:bob:x@{CANARY}:99999",
            f"socks5:bob:x@y:{CANARY}",
            f"socks5:bob@{CANARY}",
            f"socks4:bob:{CANARY}@proxy.example:1080",
            f"socks5:bob:{CANARY}{'x' * 128}@proxy.example:1080",
            f"socks5:proxy.example:1080:bob:{CANARY}",
            f"socks5:bob:{CANARY}:proxy.example:1080",
            f"bob:{CANARY}:proxy.example",
            f"http://bob:{CANARY}@proxy.example:8080",
            f"{CANARY}@proxy.example:8080",
            f"socks5://bob:{CANARY}%00@proxy.example:8080",
            f"proxy.example:8080:bob:{CANARY}",
        ],
    )
    def test_it_is_in_no_message_and_no_traceback(
        self, setting: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ACCSYN_PROXY", setting)
        for proxy in (None, Secret(setting)):
            with pytest.raises(ConfigurationError) as caught:
                resolve(workspace="acmefilm", username="john@user.com", api_key="k", proxy=proxy)
            assert caught.value.__traceback__ is not None
            # Without the frame of this test, which knows the setting.
            error = caught.value.with_traceback(caught.value.__traceback__.tb_next)
            told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
            assert "chosen_proxy" in told
            assert CANARY not in told
            assert CANARY not in repr(caught.value)


@given(
    user=st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20),
    password=st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=30),
)
def test_every_login_can_be_said(user: str, password: str) -> None:
    encoded = f"socks5://{quote(user, safe='')}:{quote(password, safe='')}@proxy.example:1080"
    assert seen(proxy_of(encoded))[3:] == (user, password)
    if ":" not in user:
        assert seen(proxy_of(f"socks5:{user}:{password}@proxy.example:1080"))[3:] == (user, password)


class TestClearText:
    def test_plain_http_through_a_tunnel_that_ends_elsewhere_has_to_be_allowed(self) -> None:
        arguments: dict[str, Any] = {"url": "http://127.0.0.1:8181", "proxy": "socks5:proxy.example:1080"}
        with pytest.raises(ConfigurationError, match="in clear"):
            settle(**arguments)
        assert settle(**arguments, allow_http=True).proxy is not None
        assert settle(url="http://127.0.0.1:8181", proxy="socks5:127.0.0.1:1080").proxy is not None
        assert settle(url="https://films.example", proxy="socks5:proxy.example:1080").proxy is not None

    def test_a_proxy_makes_no_host_a_loopback(self) -> None:
        with pytest.raises(ConfigurationError, match="in clear"):
            settle(url="http://films.example", proxy="socks5:127.0.0.1:1080")
