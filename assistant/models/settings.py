"""[models] and [serving] of the settings: which models, and how they share the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, Field, SecretStr

from assistant.addresses import check_address
from assistant.machine import count_cores, count_memory_bytes
from assistant.setting_section import Section, Words

NO_GENERATOR = "none"
"""As a generator: no model writes, the documents' own sentences answer."""

NO_READER = "none"
"""As a reader: sentences are chosen without one, and answers are whole sentences."""


class RemoteSettings(Section):
    """The server of a remote generator. Nothing is sent to it while `offline` is set."""

    base_url: Annotated[str, AfterValidator(check_address)] | None = Field(
        None, description="the server, up to and with /v1; else the provider's own"
    )
    model: str | None = Field(
        None, min_length=1, max_length=200, description="its name there; else the catalogue's"
    )
    api_key: SecretStr | None = Field(None, description="a server of your own may need none")
    context_tokens: int | None = Field(
        None, ge=1024, le=2_000_000, description="of the remote model; else the catalogue's"
    )
    temperature: float = Field(
        0.0, ge=0.0, le=2.0, description="0 is the steadiest; some models only take 1"
    )
    connect_timeout_s: float = Field(10.0, gt=0, le=300)
    silence_timeout_s: float = Field(60.0, gt=0, le=3600, description="longest wait for more")
    answer_timeout_s: float = Field(300.0, gt=0, le=86_400, description="for a whole answer")
    attempts: int = Field(3, ge=1, le=10, description="before the first word, where it may pass")


class ModelSettings(Section):
    generator: str = Field(
        "smollm2-135m-instruct",
        description="catalogue id of the model that writes; none: quote the documents",
    )
    embedder: str = Field(
        "multilingual-e5-small",
        description="catalogue id, or the path of a sentence-transformers folder on disk",
    )
    reranker: str | None = Field(
        None,
        min_length=1,
        description="path of a sentence-transformers CrossEncoder on disk that reads the question "
        "with each of the best passages; none by default",
    )
    reader: str = Field(
        "multilingual-e5-small-reader",
        description="catalogue id of the model that finds the answer in a passage; none: without",
    )
    directory: Path = Field(
        default_factory=lambda: (
            Path(platformdirs.user_cache_dir("philo", appauthor=False)) / "models"
        ),
        description="where models are kept; may be shared by several data directories",
    )
    threads: int = Field(
        default_factory=count_cores,
        ge=1,
        le=256,
        description="per model; by default, the cores this process may use",
    )
    max_new_tokens: int = Field(160, ge=16, le=4096, description="longest answer")
    remote: RemoteSettings = RemoteSettings()
    hub_endpoint: str | None = Field(
        None, description="a company's mirror of the model hub; else HF_ENDPOINT"
    )
    pins: dict[str, str] = Field(
        default_factory=dict, description="catalogue id to the fingerprint that it must have"
    )
    trusted_keys: Words = Field(
        (), description="public keys whose bundles of models may be unpacked"
    )


class ServingSettings(Section):
    """How a generator on this machine is shared."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="where generators run; auto: what the model was built for"
    )
    slots: int = Field(8, ge=1, le=256, description="answers written side by side")
    queue: int = Field(
        64, ge=0, le=10_000, description="questions that may wait; more are refused (HTTP 429)"
    )
    deadline_s: float = Field(
        600.0, gt=0, le=86_400, description="from a question's arrival to the end of its answer"
    )
    drain_s: float = Field(
        30.0, ge=0, le=3600, description="for answers being written when the service is stopped"
    )
    notice_s: float = Field(
        0.0,
        ge=0,
        le=600,
        description="after SIGTERM, requests are still taken for so long, while /api/ready says "
        "503: time for a load balancer to turn to others",
    )
    cache_bytes: int = Field(
        default_factory=lambda: max(2**30, count_memory_bytes() // 4),
        ge=2**20,
        description="for the texts being read and written; a single one may take more",
    )
    prefix_bytes: int = Field(
        default_factory=lambda: min(2**30, count_memory_bytes() // 16),
        ge=0,
        description="for beginnings of earlier texts, so that follow-ups start soon; 0: none",
    )
    draft_tokens: int = Field(
        5,
        ge=0,
        le=64,
        description="guessed at once where an answer quotes its passages; 0: none, and answers do "
        "not depend on who else asks",
    )
