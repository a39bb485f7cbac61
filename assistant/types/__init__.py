"""The words of the domain as types: what passes between the rooms of Philo.

Positions: every version of a document has one text. `start` and `end` are always
character offsets into that text (half-open), `page` counts from 1, and a box is in
PDF points with the origin at the top left of its page.
"""

from __future__ import annotations

from assistant.types.access import (
    EVERYONE,
    INHERIT,
    OPERATOR,
    Access,
    AccessFrom,
    CollectionInfo,
    Readable,
)
from assistant.types.answers import Answer, Doubt, Sentence, Timings, Turn
from assistant.types.base import Language, PublicModel
from assistant.types.documents import DateBasis, DocumentInfo, DocumentState, Draft, TextDocument
from assistant.types.indexes import (
    ComparedQuestion,
    IndexComparison,
    IndexInfo,
    IndexKeeper,
    IndexListener,
    IndexProgress,
    IndexState,
    JudgedQuestion,
)
from assistant.types.jobs import (
    Failure,
    IncompleteDocument,
    IngestOutcome,
    IngestProgress,
    IngestReport,
    JobInfo,
    JobKind,
    JobState,
    ProgressListener,
)
from assistant.types.passages import Box, Citation, Flag, Passage, Place, ScoredId
from assistant.types.pieces import (
    REFERENCE_LIST,
    Attachment,
    Block,
    BlockKind,
    BlockSpan,
    Chunk,
    Line,
    PageImage,
    ParsedDocument,
)
from assistant.types.ratings import NewRating, RatedSentence, Rating
from assistant.types.sources import SourceInfo, SourceRegistry, SourceState

__all__ = [
    "EVERYONE",
    "INHERIT",
    "OPERATOR",
    "REFERENCE_LIST",
    "Access",
    "AccessFrom",
    "Answer",
    "Attachment",
    "Block",
    "BlockKind",
    "BlockSpan",
    "Box",
    "Chunk",
    "Citation",
    "CollectionInfo",
    "ComparedQuestion",
    "DateBasis",
    "DocumentInfo",
    "DocumentState",
    "Doubt",
    "Draft",
    "Failure",
    "Flag",
    "IncompleteDocument",
    "IndexComparison",
    "IndexInfo",
    "IndexKeeper",
    "IndexListener",
    "IndexProgress",
    "IndexState",
    "IngestOutcome",
    "IngestProgress",
    "IngestReport",
    "JobInfo",
    "JobKind",
    "JobState",
    "JudgedQuestion",
    "Language",
    "Line",
    "NewRating",
    "PageImage",
    "ParsedDocument",
    "Passage",
    "Place",
    "ProgressListener",
    "PublicModel",
    "RatedSentence",
    "Rating",
    "Readable",
    "ScoredId",
    "Sentence",
    "SourceInfo",
    "SourceRegistry",
    "SourceState",
    "TextDocument",
    "Timings",
    "Turn",
]
