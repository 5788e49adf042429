"""Where the command connects, and as whom: options that every verb has, and a key that is never one of them."""

from __future__ import annotations

import functools
import getpass
import inspect
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec

import attrs
import typer

from ..config import Secret
from ..config.credentials import chosen_credentials
from ..config.sources import Sources
from ..session import Session
from .terminal import is_interactive

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Connection", "connects"]

_PANEL = "Connection"
_P = ParamSpec("_P")


@attrs.frozen
class Connection:
    """
    Where to connect, and as whom; what is not given is taken from the environment.

    Args:
        workspace: The workspace code.
        username: The e-mail address of the user.
        url: Scheme, host and port.
        envfile: A file with `ACCSYN_…=value` lines.
        ca: The certificate authorities to trust.
    """

    workspace: str | None = None
    username: str | None = None
    url: str | None = None
    envfile: str | None = None
    ca: str | None = None

    def open(self) -> Session:
        """
        Sign in.

        Raises:
            AccsynError: A setting is missing or does not hold, or the sign-in fails.
        """
        return Session(
            self.workspace,
            self.username,
            self._typed_key(),
            url=self.url,
            path_envfile=self.envfile,
            verify=self.ca or True,
        )

    def _typed_key(self) -> Secret | None:
        """Return a key that is typed unseen, where there is none and somebody to ask."""
        if not is_interactive():
            return None
        sources = Sources(None, self.envfile)
        user = self.username or sources.first("ACCSYN_API_USER")
        if user is None or not chosen_credentials(None, None, None, sources).missing:
            return None
        try:
            return Secret(getpass.getpass(f"API key of {user}: "))
        except EOFError:
            return None


def _options(
    workspace: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            rich_help_panel=_PANEL,
            help="The workspace; else ACCSYN_WORKSPACE.",
            show_default=False,
        ),
    ] = None,
    username: Annotated[
        str | None,
        typer.Option(
            "--username",
            "--user",
            metavar="E-MAIL",
            rich_help_panel=_PANEL,
            help="The user; else ACCSYN_API_USER. The key comes from ACCSYN_API_KEY, or is asked for.",
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            rich_help_panel=_PANEL,
            help="Scheme, host and port of the server; else ACCSYN_URL.",
        ),
    ] = None,
    envfile: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            rich_help_panel=_PANEL,
            help="A file with ACCSYN_…=value lines, the key among them.",
        ),
    ] = None,
    ca: Annotated[
        str | None,
        typer.Option(metavar="PATH", rich_help_panel=_PANEL, help="The certificate authorities to trust."),
    ] = None,
) -> Connection:
    return Connection(workspace, username, url, envfile, ca)


_SHARED = tuple(inspect.signature(_options, eval_str=True).parameters.values())


def connects(action: Callable[Concatenate[Connection, _P], int]) -> Callable[..., int]:
    """Return an action that has the options of a connection in place of its first parameter."""
    signature = inspect.signature(action, eval_str=True)
    inner: Callable[..., int] = action
    own = tuple(signature.parameters.values())[1:]
    # Typer calls by name, so their order is that of the help alone.
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *_SHARED)]

    @functools.wraps(action)
    def connecting(**given: Any) -> int:
        connection = _options(**{each.name: given.pop(each.name) for each in _SHARED})
        return inner(connection, **given)

    vars(connecting)["__signature__"] = signature.replace(parameters=parameters)
    connecting.__annotations__ = {each.name: each.annotation for each in parameters}
    return connecting
