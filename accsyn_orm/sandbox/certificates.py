"""Certificates of a sandbox that speaks TLS: of an authority of its own, in a folder that goes with it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Certificates"]

_LOCAL = ("localhost", "127.0.0.1", "::1")


class Certificates:
    """
    The authority of one sandbox, and the server's certificate and key.

    Args:
        hostnames: Names that the certificate is made out to besides those of this machine's loopback.

    Raises:
        ConfigurationError: The extra is not installed, or a name cannot stand in a certificate.
    """

    def __init__(self, hostnames: Sequence[str] = ()) -> None:
        try:
            import trustme
        except ImportError as error:
            raise ConfigurationError(
                f"tls=True needs {error.name}; install it with: pip install 'accsyn-orm[sandbox]'"
            ) from error
        authority = trustme.CA(organization_name="accsyn-orm sandbox")
        try:
            server = authority.issue_cert(*_LOCAL, *hostnames)
        except ValueError as error:
            raise ConfigurationError(
                f"hostnames={list(hostnames)!r} cannot all stand in a certificate: {error}. Give host names such "
                "as 'acmefilm.example.com'."
            ) from error
        self._folder = tempfile.TemporaryDirectory(prefix="accsyn-sandbox-tls-")
        folder = Path(self._folder.name)
        self.ca_file: Path = folder / "ca.pem"
        self.server_file: Path = folder / "server.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        server.private_key_and_cert_chain_pem.write_to_path(self.server_file)

    def remove(self) -> None:
        """Take the files away."""
        self._folder.cleanup()
