"""Where to connect, and as whom."""

from .credentials import PROTOCOLS
from .endpoint import HIGHEST_PORT, Endpoint, is_address, is_host_name, is_loopback
from .proxy import Proxy, warn_of_clear_text
from .secret import Secret
from .settings import Settings, resolve, with_credentials

__all__ = [
    "HIGHEST_PORT",
    "PROTOCOLS",
    "Endpoint",
    "Proxy",
    "Secret",
    "Settings",
    "is_address",
    "is_host_name",
    "is_loopback",
    "resolve",
    "warn_of_clear_text",
    "with_credentials",
]
