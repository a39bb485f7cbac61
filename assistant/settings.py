"""All settings, as one frozen tree.

Read once per entry point, from lowest to highest: the defaults below, `philo.toml` in the
data directory, environment variables (`PHILO_DATA`, `PHILO_OFFLINE`,
`PHILO_RETRIEVAL__PASSAGES=8`, `PHILO_MODELS__REMOTE__API_KEY=...`).
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from assistant.access.settings import AccessSettings
from assistant.addresses import check_address
from assistant.errors import SettingsError
from assistant.machine import count_cores, count_memory_bytes
from assistant.safety.finding import Kind
from assistant.setting_section import Section

NO_GENERATOR = "none"
"""As a generator: no model writes, the documents' own sentences answer."""

NO_READER = "none"
"""As a reader: sentences are chosen without one, and answers are whole sentences."""

ENVIRONMENT_PREFIX = "PHILO_"
OFFLINE_VARIABLE = "PHILO_OFFLINE"


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
    trusted_keys: tuple[str, ...] = Field(
        (), description="public keys whose bundles of models may be unpacked"
    )

    @field_validator("trusted_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """An environment variable holds several, with commas between them."""
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


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


class RetrievalSettings(Section):
    candidates: int = Field(100, ge=10, le=1000, description="taken from each index")
    passages: int = Field(8, ge=1, le=50, description="kept for an answer")
    dense_weight: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="share of the dense score in the fused one, for a question whose two lists "
        "lie apart as usual",
    )
    reranked: int = Field(
        20, ge=1, le=200, description="best passages that a reranker reads, where there is one"
    )
    follow_ups: Literal["rules", "model"] = Field(
        "rules", description="what makes a follow-up stand alone; a model should be a large one"
    )


class AnsweringSettings(Section):
    evidence_threshold: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="refuse when the probability that the passages hold the answer is lower",
    )
    grounding: Literal["strict", "warn", "off"] = Field(
        "strict", description="unsupported sentences are removed, marked, or left as they are"
    )
    short_answers: bool = Field(
        False,
        description="answer a question for a fact with the reader's few words, where it is sure, "
        "instead of the sentence that holds them",
    )
    max_question_chars: int = Field(4000, ge=100, le=20_000)
    context_tokens: int = Field(
        600, ge=256, le=100_000, description="most tokens of passages put before the model"
    )
    cache_bytes: int = Field(
        32 * 2**20,
        ge=0,
        description="of answers kept in memory, for the same question under the same rights; "
        "0: none",
    )


class SummarySettings(Section):
    """How documents are summarised."""

    writer: Literal["auto", "model", "quotes"] = Field(
        "auto",
        description="the generator, or the documents' own sentences; auto: the generator where "
        "it has a gigabyte or more",
    )
    max_sentences: int = Field(
        1500, ge=50, le=20_000, description="sentences of a document that are compared"
    )
    notes_bytes: int = Field(
        256 * 2**20,
        ge=0,
        description="kept of earlier summaries, so that the next form of one comes sooner",
    )


Action = Literal["allow", "mask", "refuse"]
"""What is done with a finding: nothing, a pseudonym in its place, or the whole is refused."""


class PlaceRules(Section):
    """Of a collection or a kind of personal data; where one says nothing, the general one holds."""

    ingest: Action | None = None
    question: Action | None = None
    answer: Action | None = None
    remote: Action | None = None


class PersonalDataSettings(Section):
    """What happens to personal data, by the place where it passes."""

    kinds: tuple[Kind, ...] = Field(
        tuple(kind for kind in Kind if kind != Kind.SECRET), description="what is looked for"
    )
    ingest: Action = Field(
        "allow", description="in documents; allow: noted with the document, refuse: quarantine"
    )
    question: Action = Field("allow", description="in questions, before anything is done with them")
    answer: Action = Field(
        "allow", description="in answers, quotes, passages and summaries, but for `may_see`"
    )
    remote: Action = Field(
        "mask", description="in what a model elsewhere gets; put back in what it answers"
    )
    audit: Literal["allow", "mask"] = Field("mask", description="in the audit log's texts")
    may_see: tuple[str, ...] = Field((), description="groups that are shown all as it is")
    by_kind: dict[Kind, PlaceRules] = Field(
        default_factory=dict, description="other rules for a kind"
    )
    collections: dict[str, PlaceRules] = Field(
        default_factory=dict, description="other rules for a collection, before those for a kind"
    )

    @field_validator("kinds", "may_see", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """An environment variable holds several, with commas between them."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value


class SecretSettings(Section):
    """What happens to passwords, keys and tokens. Nobody is shown a masked one."""

    ingest: Action = Field(
        "allow", description="in documents; allow: noted with the document, refuse: quarantine"
    )
    question: Action = Field("mask", description="in questions")
    answer: Action = Field("mask", description="in answers, quotes, passages and summaries")
    remote: Action = Field("mask", description="in what a model elsewhere gets")


class AuditSettings(Section):
    content: bool = Field(
        True, description="keep questions and answers in the audit log; else only their hashes"
    )
    keep_days: float | None = Field(
        None, ge=0, description="questions, answers and names in older entries are erased"
    )
    keep_rows_days: float | None = Field(
        None,
        ge=0,
        description="older entries are cut off, and a signed checkpoint takes their place",
    )


class InjectionSettings(Section):
    exclude: bool = Field(
        False,
        description="passages that seem to order a model about are not found; else flagged",
    )


class ToxicitySettings(Section):
    answers: bool = Field(True, description="flag answers that insult, threaten or degrade")


class SafetySettings(Section):
    """What may be said to whom, and what is done with what the detectors find."""

    personal_data: PersonalDataSettings = PersonalDataSettings()
    secrets: SecretSettings = SecretSettings()
    injection: InjectionSettings = InjectionSettings()
    toxicity: ToxicitySettings = ToxicitySettings()


class IngestSettings(Section):
    chunk_tokens: int = Field(220, ge=50, le=480, description="aim, in the embedder's tokens")
    workers: int = Field(default_factory=lambda: max(1, min(4, os.cpu_count() or 1)), ge=1, le=64)
    max_file_bytes: int = Field(200 * 2**20, ge=1024, description="larger files are refused")
    max_pages: int = Field(3000, ge=1, description="longer documents are refused")
    parse_timeout_s: float = Field(60.0, gt=0, le=3600, description="for each 100 pages of a file")
    ocr_timeout_s: float = Field(
        600.0,
        ge=0,
        le=86_400,
        description="for recognising the pages of a file that are pictures; 0: never",
    )
    parse_memory_bytes: int = Field(2**30, ge=256 * 2**20)
    min_read_share: float = Field(
        0.0, ge=0.0, le=1.0, description="share of pages with text below which: quarantine"
    )
    min_ocr_confidence: float = Field(
        0.0, ge=0.0, le=1.0, description="of pages read by character recognition; likewise"
    )
    attachment_depth: int = Field(
        3, ge=0, le=10, description="mails in mails: files attached deeper are left out"
    )
    cluster: str | None = Field(
        None,
        description="Ray cluster that parses and embeds: auto or host:port",
    )
    keep_jobs_days: float = Field(30.0, ge=0.0, le=3650.0, description="ended jobs are listed")


class SourceSettings(Section):
    """What sources outside of this machine's own folders may do."""

    web: bool = Field(False, description="pages of the web may be fetched")
    web_allow: tuple[str, ...] = Field(
        (),
        description="hosts and networks (CIDR) that may be reached although they are private",
    )
    web_delay_s: float = Field(1.0, ge=0, le=60, description="between two requests to one host")
    web_timeout_s: float = Field(30.0, gt=0, le=600, description="for one page, all in all")
    web_max_pages: int = Field(10_000, ge=1, le=1_000_000, description="of one sitemap")
    watch_polling: bool = Field(
        False, description="look at watched files again and again, as network drives may need"
    )
    git_timeout_s: float = Field(600.0, gt=0, le=86_400, description="for one fetch")

    @field_validator("web_allow", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """From the environment they come as one text with commas."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value


class EvaluationSettings(Section):
    cache_bytes: int = Field(
        4 * 2**30,
        ge=0,
        description="for the indexed collections of question sets; the longest unused goes first",
    )


class Settings(Section):
    """The whole tree. `data` is absolute."""

    data: Path
    offline: bool = Field(True, description="refuse generators on other machines")
    models: ModelSettings = ModelSettings()
    serving: ServingSettings = ServingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    answering: AnsweringSettings = AnsweringSettings()
    summaries: SummarySettings = SummarySettings()
    audit: AuditSettings = AuditSettings()
    access: AccessSettings = AccessSettings()
    safety: SafetySettings = SafetySettings()
    ingest: IngestSettings = IngestSettings()
    sources: SourceSettings = SourceSettings()
    evaluation: EvaluationSettings = EvaluationSettings()

    def without_generator(self) -> Settings:
        """The same for work that writes no text: what the generator needs is not asked for."""
        models = self.models.model_copy(update={"generator": NO_GENERATOR})
        return self.model_copy(update={"models": models})


def load_settings(
    data: Path | None = None,
    environ: dict[str, str] | None = None,
    *,
    path: Path | None = None,
) -> Settings:
    """Read the settings of a data directory.

    Args:
        data: the data directory; else PHILO_DATA, else the user's data folder.
        environ: instead of the process environment.
        path: instead of its philo.toml.
    Raises:
        SettingsError: a value or a name is wrong; says which, and where it was read.
    """
    variables = dict(os.environ) if environ is None else environ
    chosen = data or variables.get(f"{ENVIRONMENT_PREFIX}DATA")
    root = Path(chosen or platformdirs.user_data_dir("philo", appauthor=False))
    root = root.expanduser().resolve()
    tree: dict[str, Any] = {}
    path = path or root / "philo.toml"
    if path.is_file():
        try:
            tree = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
            raise SettingsError(f"{path} cannot be read: {exc}") from exc
    for name, value in variables.items():
        if name.startswith(ENVIRONMENT_PREFIX) and ("__" in name or name == OFFLINE_VARIABLE):
            *sections, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
            place = tree
            for depth, section in enumerate(sections, start=1):
                place = place.setdefault(section, {})
                if not isinstance(place, dict):
                    named = ".".join(sections[:depth])
                    raise SettingsError(f"{path}: [{named}] must be a section, not a value")
            place[key] = value
    tree["data"] = root
    return _validate(tree, f"{path} or the PHILO_ variables")


def load_variant(settings: Settings, path: Path) -> Settings:
    """`settings` with what a TOML file of the same form says otherwise.

    Raises:
        SettingsError: the file cannot be read, or a value or a name in it is wrong.
    """
    try:
        other = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        raise SettingsError(f"{path} cannot be read: {exc}") from exc
    if "data" in other:
        raise SettingsError(f"{path} names a data directory; take `data` out of it")
    return _validate(_merge(settings.model_dump(), other), str(path))


def _merge(tree: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    merged = dict(tree)
    for key, value in other.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _validate(tree: dict[str, Any], where: str) -> Settings:
    try:
        return Settings.model_validate(tree)
    except ValidationError as exc:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in exc.errors()
        )
        raise SettingsError(f"settings are wrong ({problems}); correct {where}") from exc
