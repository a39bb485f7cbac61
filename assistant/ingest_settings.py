"""[ingest] and [sources] of the settings: how documents are read, and what may be fetched."""

from __future__ import annotations

import os

from pydantic import Field

from assistant.setting_section import Names, Section


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
    elsewhere: bool = Field(
        False, description="`philo worker` brings documents in, and not the service"
    )
    cluster: str | None = Field(
        None,
        description="Ray cluster that parses and embeds: auto or host:port",
    )
    keep_jobs_days: float = Field(30.0, ge=0.0, le=3650.0, description="ended jobs are listed")


class SourceSettings(Section):
    """What sources outside of this machine's own folders may do."""

    web: bool = Field(False, description="pages of the web may be fetched")
    web_allow: Names = Field(
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
