"""Where to connect, and as whom."""

from .endpoint import HIGHEST_PORT, Endpoint, is_host_name, is_loopback
from .secret import Secret
from .settings import Settings, resolve, with_credentials

__all__ = [
    "HIGHEST_PORT",
    "Endpoint",
    "Secret",
    "Settings",
    "is_host_name",
    "is_loopback",
    "resolve",
    "with_credentials",
]
