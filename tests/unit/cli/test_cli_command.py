"""The command `accsyn-orm` as a whole: how it is started, how it ends, what it never shows."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from accsyn_orm import Job, Session, __version__
from accsyn_orm.cli import main
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Mapping

VERBS = ("find", "show", "set", "watch", "whoami", "schema", "migrate", "sandbox")
# What a library is called that is not installed, for as long as the program runs.
WITHOUT = (
    "import sys; sys.modules[{name!r}] = None; from accsyn_orm.cli import main; sys.exit(main(sys.argv[1:]))"
)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "accsyn_orm", *arguments]


def _run(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- our own command
        _command(*arguments), capture_output=True, text=True, check=False, timeout=60, env=env
    )


def _on_terminal(
    *arguments: str, typed: str = "", after: str = "", **environment: str | None
) -> tuple[int, str]:
    """Run the command on a terminal of its own; type something once a text was seen."""
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"} | environment
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603 -- our own command
        _command(*arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={name: value for name, value in env.items() if value is not None},
    ) as process:
        os.close(theirs)
        too_long = threading.Timer(30, process.kill)
        too_long.start()
        seen = b""
        while True:
            try:
                read = os.read(ours, 4096)
            except OSError:
                break
            if not read:
                break
            seen += read
            if typed and after.encode() in seen:
                os.write(ours, typed.encode())
                typed = ""
        code = process.wait(20)
        too_long.cancel()
    os.close(ours)
    return code, seen.decode()


def test_version_and_help() -> None:
    assert _run("--version").stdout == f"accsyn-orm {__version__}\n"
    done = _run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f" {verb} " in done.stdout for verb in VERBS)
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "-h"]) == 0
    assert f"Usage: accsyn-orm {verb}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [[], ["fnd"], ["find"], ["show", "job"], ["set", "job", "5b"], ["sandbox", "--data", "x"]]
)
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["typer", "rich"])
def test_it_says_what_is_not_installed(name: str) -> None:
    done = subprocess.run(  # noqa: S603 -- our own text
        [sys.executable, "-c", WITHOUT.format(name=name), "whoami"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"accsyn-orm: the command needs the library {name}, which is not installed: pip install 'accsyn-orm[cli]'\n"
    )


def test_without_credentials(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("ACCSYN_WORKSPACE", "ACCSYN_DOMAIN", "ACCSYN_ORG", "ACCSYN_API_USER", "ACCSYN_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["whoami"]) == 1
    assert capsys.readouterr().err.startswith(
        "accsyn-orm: no workspace: pass workspace=… or set ACCSYN_WORKSPACE"
    )


def test_options_name_the_server_and_an_env_file_has_the_key(
    sandbox: Sandbox,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("ACCSYN_URL", "ACCSYN_WORKSPACE", "ACCSYN_API_USER", "ACCSYN_API_KEY"):
        monkeypatch.delenv(name)
    lisa = sandbox.credentials("standard")
    file = tmp_path / "lisa.env"
    file.write_text(f"ACCSYN_API_KEY={lisa['api_key']}\n")
    where = ["--workspace", lisa["workspace"], "--url", sandbox.url, "--envfile", str(file)]
    assert main(["whoami", *where, "--username", lisa["username"]]) == 0
    assert f"username   {lisa['username']}\nrole       standard\n" in capsys.readouterr().out
    assert main(["whoami", *where, "--username", "nobody@example.com"]) == 1
    seen = capsys.readouterr()
    assert lisa["api_key"] not in seen.out + seen.err


def test_authorities_to_trust(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox(data="empty", tls=True) as served:
        known = served.credentials()
        monkeypatch.setenv("ACCSYN_API_KEY", known["api_key"])
        where = ["--workspace", known["workspace"], "--username", known["username"], "--url", served.url]
        assert main(["whoami", *where]) == 1
        assert "certificate" in capsys.readouterr().err
        assert main(["whoami", *where, "--ca", str(served.ca_file)]) == 0


def test_a_key_is_asked_for_and_not_echoed(sandbox: Sandbox) -> None:
    key = sandbox.credentials()["api_key"]
    code, seen = _on_terminal(
        "whoami", typed=f"{key}\n", after="API key of john@user.com: ", ACCSYN_API_KEY=None
    )
    assert code == 0, seen
    assert "username   john@user.com" in seen
    assert key not in seen
    code, seen = _on_terminal("whoami", typed="\x04", after="API key of", ACCSYN_API_KEY=None)
    assert code == 1
    assert "accsyn-orm: no API key" in seen


def test_colours_are_for_terminals(sandbox: Sandbox) -> None:
    arguments = ("find", "job WHERE status=failed")
    assert "\x1b[1;31mfailed" in _on_terminal(*arguments)[1]
    assert "\x1b" not in _run(*arguments).stdout
    assert "\x1b[1;31m" not in _on_terminal(*arguments, NO_COLOR="1")[1]
    assert "\x1b" not in _on_terminal(*arguments, TERM="dumb")[1]


def test_a_table_fits_the_terminal_and_cuts_no_id(sandbox: Sandbox) -> None:
    with Session():
        job = Job.objects.filter(status="failed")[0]
    columns = "id,source_hr,user_id,user.code,created"
    seen = _on_terminal("find", "job WHERE status=failed", "--columns", columns)[1]
    shown = re.sub(r"\x1b\[[\d;]*m", "", seen).splitlines()
    assert all(len(line) <= 100 for line in shown)
    assert f"{job.id}  " in shown[1]
    assert f"  {job.user_id}  " in shown[1]
    assert "…" in shown[1]


def test_a_closed_pipe_is_no_error(sandbox: Sandbox) -> None:
    with subprocess.Popen(  # noqa: S603 -- our own command
        _command("find", "job", "--any-scope", "--format", "jsonl"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith('{"id": ')
        process.stdout.close()
        assert (process.stderr.read(), process.wait(20)) == ("", 141)


def test_shell_completion(sandbox: Sandbox) -> None:
    environment = {
        **os.environ,
        "_ACCSYN_ORM_COMPLETE": "complete_bash",
        "COMP_WORDS": "accsyn-orm show us",
        "COMP_CWORD": "2",
    }
    assert sorted(_run(env=environment).stdout.split()) == ["user", "userserver"]
    environment |= {"COMP_WORDS": "accsyn-orm w", "COMP_CWORD": "1"}
    assert sorted(_run(env=environment).stdout.split()) == ["watch", "whoami"]


def test_only_the_command_loads_its_libraries() -> None:
    code = "import accsyn_orm, accsyn_orm.cli, sys; sys.exit(bool({'typer', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 -- our own text


def test_no_option_takes_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in VERBS:
        main([verb, "-h"])
    assert "--api-key" not in capsys.readouterr().out
