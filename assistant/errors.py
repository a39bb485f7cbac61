"""One tree of errors. A message gives the value, what was expected and what to do."""

from __future__ import annotations


class PhiloError(Exception):
    """Base of everything that Philo raises on purpose; its text is meant for people."""


class SettingsError(PhiloError):
    """A setting is missing, unknown or out of its bounds."""


class DataDirectoryError(PhiloError):
    """The data directory cannot be used: in use, not writable, full, or of a newer version."""


class DataDirectoryBusyError(DataDirectoryError):
    """Another process owns the data directory."""


class StorageFullError(DataDirectoryError):
    """No space is left where the data directory lies."""


class ModelError(PhiloError):
    """Something about a neural network's files or its run."""


class UnknownModelError(ModelError):
    """No such id in the catalogue."""


class ModelMissingError(ModelError):
    """The model is not on this machine yet."""


class ModelDamagedError(ModelError):
    """A file of the model differs from its recorded SHA-256."""


class ModelFetchError(ModelError):
    """The model's source could not be fetched or converted."""


class ImportRefusedError(ModelError):
    """What was brought is no model that could be used, or its id is taken."""


class ModelFolderError(ModelError):
    """A folder that ONNX Runtime GenAI could not load."""


class BundleError(ModelError):
    """A bundle of models that is not trusted, not whole, or not what its signature says."""


class KeyFileError(ModelError):
    """A key for bundles cannot be made, read or understood."""


class ContextTooLongError(ModelError):
    """A prompt does not fit into the model's context."""


class GeneratorBusyError(ModelError):
    """The generator's queue is full; `retry_after_s` says when to try again."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotEnoughMemoryError(ModelError):
    """A model needs more memory than there is; the message gives both numbers."""


class OfflineError(ModelError):
    """A model on another machine was asked for while `offline` is set."""


class GenerationError(ModelError):
    """The generator failed while it wrote."""


class GenerationStoppedError(PhiloError):
    """An administrator has stopped all writing; searching still works."""


class ProviderError(ModelError):
    """A remote model's provider refuses: the key, the model's name, or what was asked."""


class ClusterError(PhiloError):
    """A Ray cluster cannot be joined, or has no room for what it should do."""


class KnowledgeError(PhiloError):
    """Something about documents and indexes."""


class DocumentNotFoundError(KnowledgeError):
    """No such document, or none that the reader may see: the two look the same."""


class IndexMismatchError(KnowledgeError):
    """An index holds vectors of another embedder."""


class UnknownIndexError(KnowledgeError):
    """No such index, or none with which that could be done."""


class IndexExistsError(KnowledgeError):
    """A second index stands beside the one in use already."""


class IngestError(PhiloError):
    """Something about bringing documents in."""


class SourceNotFoundError(IngestError):
    """A path that was asked for does not exist."""


class SourceUnavailableError(IngestError):
    """A source cannot be reached or refuses; nothing of it is taken for deleted."""


class SourceItemGoneError(IngestError):
    """A source listed a document that it no longer has."""


class SourceRefusedError(IngestError):
    """Philo does not fetch that: a private address, what robots.txt forbids, no address at all."""


class SourceOptionsError(IngestError):
    """A source's options are unknown, missing or wrong."""


class UnknownSourceError(IngestError):
    """No source of that name or id is kept in step."""


class SourceBusyError(IngestError):
    """The source is being brought in already."""


class JobNotFoundError(IngestError):
    """No such job, or none that the reader may see: the two look the same."""


class NothingToIngestError(IngestError):
    """No file of a known format where one was asked for."""


class ParseError(IngestError):
    """One file could not be read; the message is the reason shown to people."""


class PeopleError(PhiloError):
    """Something about users, groups and tokens."""


class UnknownUserError(PeopleError):
    """There is no user of that name."""


class UnknownTokenError(PeopleError):
    """There is no token of that id."""


class AccessDeniedError(PeopleError):
    """Whoever asks is not known, or may not do that."""


class AuditError(PhiloError):
    """The audit log cannot be continued."""


class RatingNotFoundError(PhiloError):
    """No such rating."""


class QuestionSetError(PhiloError):
    """A question set that `philo eval` cannot use; the message names file and line."""


class QuestionError(PhiloError):
    """A question that cannot be asked: empty or too long."""


class ServiceError(PhiloError):
    """The running service refused or could not be reached."""


class PortInUseError(ServiceError):
    """The address to serve on is taken."""


class NothingToSummariseError(PhiloError):
    """A document, or the sections chosen of it, hold no sentence."""
