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


class ContextTooLongError(ModelError):
    """A prompt does not fit into the model's context."""


class GenerationError(ModelError):
    """The generator failed while it wrote."""


class KnowledgeError(PhiloError):
    """Something about documents and indexes."""


class DocumentNotFoundError(KnowledgeError):
    """No such document, or none that the reader may see: the two look the same."""


class IndexMismatchError(KnowledgeError):
    """An index holds vectors of another embedder."""


class IngestError(PhiloError):
    """Something about bringing documents in."""


class SourceNotFoundError(IngestError):
    """A path that was asked for does not exist."""


class NothingToIngestError(IngestError):
    """No file of a known format where one was asked for."""


class ParseError(IngestError):
    """One file could not be read; the message is the reason shown to people."""


class QuestionError(PhiloError):
    """A question that cannot be asked: empty or too long."""


class ServiceError(PhiloError):
    """The running service refused or could not be reached."""


class PortInUseError(ServiceError):
    """The address to serve on is taken."""
