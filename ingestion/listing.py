"""What a source holds against what is known of it: which jobs there are to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.errors import DocumentNotFoundError
from assistant.knowledge.jobs import NewJob
from assistant.knowledge.library import Known, Library
from assistant.types import Failure, JobKind
from ingestion.sources.base import PartlyListed, Source, SourceItem


@dataclass(slots=True)
class Plan:
    """`unchanged` are addresses that need no work, `failures` what could not be listed."""

    jobs: list[NewJob] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def plan_sync(
    library: Library,
    source: Source,
    *,
    collection: str,
    groups: frozenset[str] | None,
    recipe: str,
    run_id: str,
    skip: frozenset[str] = frozenset(),
) -> Plan:
    """List a source and compare. Groups that the source states go before `groups`.

    What it no longer lists is to be removed, but for what lies below an address that it could
    not read. An unchanged document whose groups differ is given them at once.

    Args:
        skip: addresses that another source of the same call has listed.
    Raises:
        SourceUnavailableError: it could not be listed to its end; nothing was changed.
    """
    listed = {item.uri: item for item in source.items()}
    plan = Plan()
    if isinstance(source, PartlyListed):
        plan.failures = list(source.failures)
    items = [listed[uri] for uri in sorted(listed.keys() - skip)]
    known = library.known([item.uri for item in items], collection)
    address = source.address or None
    seen: dict[str, str | None] = {}
    for item in items:
        wanted = item.groups if item.groups is not None else groups
        before = known.get(item.uri)
        if before is None or not _is_unchanged(library, item, before, wanted, recipe):
            plan.jobs.append(_to_job(item, address, collection, wanted, run_id))
            continue
        plan.unchanged.append(item.uri)
        if address is not None and not _comes_from(before, address):
            seen[before.document_id] = address
    library.note_sources(seen, {})
    if address is not None:
        unread = tuple(f"{failure.uri.rstrip('/')}/" for failure in plan.failures)
        for uri, document_id in library.uris_of_source(address, collection).items():
            if uri not in listed and not uri.startswith(unread):
                plan.jobs.append(
                    NewJob(
                        kind=JobKind.REMOVE,
                        uri=uri,
                        collection=collection,
                        source=address,
                        document_id=document_id,
                        run_id=run_id,
                    )
                )
    return plan


def _is_unchanged(
    library: Library,
    item: SourceItem,
    before: Known,
    groups: frozenset[str] | None,
    recipe: str,
) -> bool:
    if not item.fingerprint or (before.fingerprint, before.recipe) != (item.fingerprint, recipe):
        return False
    if groups is not None and groups != before.groups:
        try:
            library.set_groups(before.document_id, groups)
        except DocumentNotFoundError:  # deleted by somebody else at this moment
            return False
    return True


def _comes_from(known: Known, address: str) -> bool:
    """From this source, or from a folder in it that is a source of its own."""
    return known.source is not None and (
        known.source == address or known.source.startswith(f"{address}/")
    )


def _to_job(
    item: SourceItem,
    source: str | None,
    collection: str,
    groups: frozenset[str] | None,
    run_id: str,
) -> NewJob:
    return NewJob(
        kind=JobKind.ADD,
        uri=item.uri,
        collection=collection,
        name=item.name,
        groups=groups,
        source=source,
        fingerprint=item.fingerprint,
        size_bytes=item.size_bytes,
        run_id=run_id,
    )


def merge_plans(plans: Sequence[Plan]) -> Plan:
    merged = Plan()
    for plan in plans:
        merged.jobs += plan.jobs
        merged.unchanged += plan.unchanged
        merged.failures += plan.failures
    return merged
