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


class BackupError(PhiloError):
    """A backup cannot be made or restored."""


class BackupDamagedError(BackupError):
    """A file that is no backup, or that is not as it was written."""


class BackupPassphraseError(BackupError):
    """No passphrase, another one than the backup's, or one that is too short."""


class MigrationError(PhiloError):
    """An installation cannot be moved, or its tables cannot be taken back to an earlier state."""


class RowError(MigrationError):
    """A row that cannot be copied, or differs when it was. `what` says which one, without what to
    do about it and without its content."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what}; nothing was moved. {advice}")
        self.what = what


class KnowledgeError(PhiloError):
    """Something about documents and indexes."""


class StoreUnavailableError(KnowledgeError):
    """A server that holds a part of what is known is away, silent or failing; it may pass."""


class VectorsLostError(StoreUnavailableError):
    """A server of vectors has none of an index, or none any more; they are filled in again."""


class DocumentNotFoundError(KnowledgeError):
    """No such document, or none that the reader may see: the two look the same."""


class CursorError(KnowledgeError):
    """A list is to go on from a place that is none."""


class MoveError(KnowledgeError):
    """A document cannot go into another collection."""


class OriginalGoneError(KnowledgeError):
    """The bytes that a document was read from are not at hand any more."""


class NoPageError(KnowledgeError):
    """A document has no such page, or none that could be drawn."""


class AccessWithdrawnError(DocumentNotFoundError):
    """A right that an answer rests on is gone before the answer is whole."""


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


class WeakPasswordError(PeopleError):
    """A password that is too easy to guess; `reason` says why."""

    def __init__(self, message: str, *, reason: str = "common") -> None:
        super().__init__(message)
        self.reason = reason


class LastAdminError(PeopleError):
    """The last administrator cannot be removed, disabled or made anything else."""


class SignInError(PeopleError):
    """Somebody could not be signed in by the provider; the message is for the log."""


class AuditError(PhiloError):
    """The audit log cannot be continued."""


class HoldError(AuditError):
    """A legal hold that covers nothing, or that is not in force."""


class LegalHoldError(PhiloError):
    """What is under legal hold was to be erased."""


class ErasureError(PhiloError):
    """An erasure that cannot be done, or that was not finished; it goes on at the next start."""


class UnknownErasureError(ErasureError):
    """There is no erasure of that id."""


class ReceiptError(ErasureError):
    """A file that is no receipt, or one that was changed or signed by somebody else."""


class RatingNotFoundError(PhiloError):
    """No such rating."""


class ConversationNotFoundError(PhiloError):
    """No such conversation, or none that the reader may see: the two look the same."""


class QuestionSetError(PhiloError):
    """A question set that `philo eval` cannot use; the message names file and line."""


class QuestionError(PhiloError):
    """A question that cannot be asked: empty or too long."""


class ChatRequestError(PhiloError):
    """A chat completion that asks for what Philo does not do; `param` is the field at fault,
    `code` what programs may look at."""

    def __init__(self, message: str, *, param: str, code: str) -> None:
        super().__init__(message)
        self.param = param
        self.code = code


class ChatModelError(ChatRequestError):
    """No such model, or one over a collection of which nothing may be read: they look the same."""


class QuestionRefusedError(QuestionError):
    """A question holds what the settings do not let pass."""


class SafetyError(PhiloError):
    """Pseudonyms cannot be made or restored, or the settings forbid what was asked."""


class RemoteRefusedError(ModelError):
    """What would be sent to a model elsewhere holds what the settings do not let out."""


class ServiceError(PhiloError):
    """The running service refused or could not be reached."""


class PortInUseError(ServiceError):
    """The address to serve on is taken."""


class NothingToSummariseError(PhiloError):
    """A document, or the sections chosen of it, hold no sentence."""
