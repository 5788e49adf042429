"""The workspace's own host: a sandbox behind TLS at an address, until its standard input ends."""

from __future__ import annotations

import json
import pathlib
import sys

from accsyn_orm.sandbox import Sandbox
from tests.faults.tls import Certificates, Terminator


def main() -> int:
    """
    Serve.

    Takes as arguments the name that the certificate is of, the address, and where to write its authority; writes
    what a session needs as a line of JSON. A line of input changes the certificate, another one changes it back.
    """
    name, address, authority = sys.argv[1:]
    certificates = Certificates(name)
    with (
        Sandbox() as sandbox,
        Terminator(sandbox.port, certificates.context(), (address, 443)) as terminator,
    ):
        admin = sandbox.credentials()
        known = {key: admin[key] for key in ("workspace", "username", "api_key")}
        sys.stdout.write(json.dumps({**known, "verify": certificates.save(pathlib.Path(authority))}) + "\n")
        sys.stdout.flush()
        for line in sys.stdin:
            terminator.received.clear()
            terminator.context = certificates.context(line.strip())
            sys.stdout.write("changed\n")
            sys.stdout.flush()
            if sys.stdin.readline().strip() == "received":
                sys.stdout.write(f"{len(terminator.received)}\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
