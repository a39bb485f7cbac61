"""Chat models of other programs and machines, each through its own LangChain package."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from langchain_core.language_models.chat_models import BaseChatModel
from pydantic import SecretStr

from assistant.errors import SettingsError
from assistant.models.catalog import RemoteSource
from assistant.models.generators.remote_models import address_of, model_of
from assistant.models.settings import RemoteSettings

if TYPE_CHECKING:
    import httpx2

NOT_THE_KEY = "added-by-philo-on-the-wire"
"""What the libraries get as key, so that none of them can log or tell the real one."""


@dataclass(frozen=True, slots=True)
class OpenChat:
    """A chat model and its connection. `arguments` limit an answer to so many tokens; `secret`
    is what no message may show."""

    chat: BaseChatModel
    model: str
    secret: str = field(repr=False)
    http: httpx2.Client
    arguments: Callable[[int], Mapping[str, Any]]


def open_chat(source: RemoteSource, settings: RemoteSettings) -> OpenChat:
    """Connects to nothing yet.

    Raises:
        SettingsError: no key, no model name, or the provider's package is not installed.
    """
    address = address_of(source, settings)
    model = model_of(source, settings)
    secret = _secret(settings)
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise SettingsError(
            "models.remote.api_key holds characters that no key has, like a line break or a space; "
            "set it again"
        )
    if not secret and settings.base_url is None:
        raise SettingsError(
            f"models.remote.api_key is not set, and {urlsplit(address).hostname} needs a key; "
            "set PHILO_MODELS__REMOTE__API_KEY"
        )
    open_provider = _open_openai if source.provider == "openai" else _open_anthropic
    try:
        opened = open_provider(model, address, settings)
    except ImportError as exc:
        raise SettingsError(
            f"langchain-{source.provider} is not installed; "
            f"run: pip install 'philo[{source.provider}]'"
        ) from exc
    # At debug level, which a variable may have set, both log requests: people's documents.
    logging.getLogger(source.provider).setLevel(logging.INFO)
    return opened


def _open_openai(model: str, address: str, settings: RemoteSettings) -> OpenChat:
    from langchain_openai import ChatOpenAI

    from assistant.models.generators.guarded_http import open_http

    secret = _secret(settings)
    bearer = {"authorization": SecretStr(f"Bearer {secret}")} if secret else {}
    http = open_http(address, settings, key_headers=bearer)
    chat = ChatOpenAI(
        model=model,
        base_url=address,
        api_key=SecretStr(NOT_THE_KEY),
        http_client=http,
        openai_proxy=None,
        max_retries=0,
        temperature=settings.temperature,
        stream_usage=False,
        use_responses_api=False,
        cache=False,
    )
    # Its makers renamed the limit, and other servers know the old name only.
    own = (urlsplit(address).hostname or "").endswith((".openai.com", ".azure.com"))

    def limited(tokens: int) -> Mapping[str, Any]:
        return {"max_tokens": tokens} if own else {"extra_body": {"max_tokens": tokens}}

    return OpenChat(chat, model, secret, http, limited)


def _open_anthropic(model: str, address: str, settings: RemoteSettings) -> OpenChat:
    import anthropic
    from langchain_anthropic import ChatAnthropic

    from assistant.models.generators.guarded_http import open_http

    key = {"x-api-key": settings.api_key} if settings.api_key else {}
    # Its own library adds the /v1 that others write into the address.
    host = address.removesuffix("/v1")
    http = open_http(host, settings, key_headers=key)

    class GuardedChatAnthropic(ChatAnthropic):
        """It has no argument for the connection."""

        @cached_property
        def _client(self) -> anthropic.Client:
            return anthropic.Client(
                api_key=NOT_THE_KEY, base_url=host, max_retries=0, http_client=http
            )

    chat = GuardedChatAnthropic(
        model=model,
        base_url=host,
        api_key=SecretStr(NOT_THE_KEY),
        anthropic_proxy=None,
        max_retries=0,
        temperature=settings.temperature,
        stream_usage=True,  # which brings the reason why it ended along
        cache=False,
    )
    return OpenChat(chat, model, _secret(settings), http, lambda tokens: {"max_tokens": tokens})


def _secret(settings: RemoteSettings) -> str:
    return settings.api_key.get_secret_value() if settings.api_key else ""
