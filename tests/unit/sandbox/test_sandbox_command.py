from __future__ import annotations

import re
import signal
import sys
from pathlib import Path
from ssl import create_default_context
from subprocess import PIPE, Popen, run
from typing import Any
from urllib.request import urlopen

import pytest

CODE = "import sys; from accsyn_orm.sandbox.command import run; sys.exit(run(int(sys.argv[1]), 'empty'))"
TLS_CODE = "import sys; from accsyn_orm.cli import main; sys.exit(main(['sandbox', '--data=empty', '--tls']))"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(number: Any) -> None:
    arguments = [sys.executable, "-W", "error", "-c", CODE, "0"]
    with Popen(arguments, stdout=PIPE, stderr=PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip("\n") for _ in range(5)]
        url = lines[0].removeprefix("ready ")
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert lines[1] == f"export ACCSYN_URL={url}"
        assert lines[2] == "export ACCSYN_WORKSPACE=acmefilm"
        assert lines[3] == "export ACCSYN_API_USER=john@user.com"
        assert re.fullmatch(r"export ACCSYN_API_KEY=\S+", lines[4])
        registry = f"{url}/api/v3/J3PKTtDvolDMBtTy6AFGA?%7B%22ident%22%3A%20%22acmefilm%22%7D"
        with urlopen(registry) as answer:  # noqa: S310 - loopback
            assert answer.status == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")


def test_a_port_in_use_is_an_error(empty: Any) -> None:
    arguments = [sys.executable, "-c", CODE, str(empty.port)]
    done = run(arguments, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 2
    assert str(empty.port) in done.stderr
    assert "Traceback" not in done.stderr


def test_with_tls_it_prints_the_authority_which_goes_with_it() -> None:
    arguments = [sys.executable, "-W", "error", "-c", TLS_CODE]
    with Popen(arguments, stdout=PIPE, stderr=PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        ready, authority, exported = (process.stdout.readline().rstrip("\n") for _ in range(3))
        url = ready.removeprefix("ready ")
        ca_file = Path(authority.removeprefix("ca "))
        assert exported == f"export ACCSYN_URL={url}"
        registry = f"{url}/api/v3/J3PKTtDvolDMBtTy6AFGA?%7B%22ident%22%3A%20%22acmefilm%22%7D"
        with urlopen(registry, context=create_default_context(cafile=ca_file)) as answer:  # noqa: S310 - loopback
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (0, "")
    assert not ca_file.exists()
