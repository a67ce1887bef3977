"""The server's settings: flags of ``polycue serve``, or ``POLYCUE_*`` in the environment."""

import os
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from polycue.models.store import default_models_dir

MIB = 1024 * 1024
GIB = 1024 * MIB
DAY_S = 24 * 60 * 60


class Settings(BaseSettings):
    """Read once, at start. A flag goes before the environment, the environment before the default.

    ``docs/settings.md`` lists the same; a test holds the two together.
    """

    model_config = SettingsConfigDict(env_prefix="POLYCUE_", frozen=True, extra="forbid")

    listen: str = Field(
        default="127.0.0.1:50051",
        description="Where to listen: HOST:PORT (port 0 takes a free one) or unix:/PATH.",
    )
    insecure: bool = Field(
        default=False,
        description="Listen in the clear where other machines reach it. Only on a trusted network.",
    )
    reflection: bool | None = Field(
        default=None,
        description="Answer gRPC server reflection. Unset: only on loopback and unix sockets.",
    )

    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("polycue"),
        description="Folder for jobs, uploads and results. One server each; not on NFS.",
    )
    models_dir: Path = Field(
        default_factory=default_models_dir,
        description="Folder of the installed models.",
    )
    file_root: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        description=(
            "Folder below which file:// sources may be read; give it again for more"
            " (in the environment: separated by ':')."
        ),
    )

    model: str = Field(
        default="auto",
        description="Recogniser used when a request names none; auto picks by device.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="Where models run.")
    device_index: int = Field(default=0, ge=0, description="Which GPU, counted from 0.")
    compute_type: str = Field(
        default="auto",
        description="CTranslate2's type of numbers, such as int8 or float16; auto fits the device.",
    )
    threads: int = Field(
        default=0,
        ge=0,
        description="Threads of one model call on the CPU; 0 gives a recogniser up to 16 cores.",
    )
    offline: bool = Field(
        default=False,
        description="Never touch the network. A server never does anyway; scripts may say so.",
    )
    preload: bool | None = Field(
        default=None,
        description=(
            "Load the default recogniser at start instead of with the first request."
            " Unset: unless --exit-with-stdin is given."
        ),
    )

    max_inline_bytes: int = Field(
        default=3 * MIB,
        ge=0,
        le=3 * MIB,  # a message has 4 at most, and there is more in it than the media
        description="Largest media inside a request.",
    )
    max_upload_bytes: int = Field(default=10 * GIB, ge=1, description="Largest upload.")
    max_stored_bytes: int = Field(
        default=100 * GIB,
        ge=1,
        description="Room for all uploads together, reserved as they are created.",
    )
    max_call_media_s: int = Field(
        default=600,
        ge=1,
        description="Longest media for Transcribe and StreamTranscribe, in seconds.",
    )
    max_job_media_s: int = Field(
        default=4 * 60 * 60,
        ge=1,
        description="Longest media for a job, in seconds.",
    )
    max_calls: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Transcribe and StreamTranscribe calls at work at once.",
    )
    max_running_jobs: int = Field(default=2, ge=1, le=64, description="Jobs at work at once.")
    max_queued_jobs: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="Jobs that may wait.",
    )

    job_ttl_s: int = Field(
        default=7 * DAY_S,
        ge=1,
        description="How long an ended job and its results are kept, at most.",
    )
    upload_ttl_s: int = Field(
        default=DAY_S, ge=1, description="How long an upload is kept, at most."
    )
    upload_idle_s: float = Field(
        default=60,
        gt=0,
        description="An upload call that sends nothing for so long is ended.",
    )
    heartbeat_s: float = Field(
        default=15,
        gt=0,
        description="WatchJob sends a heartbeat after so long without news.",
    )
    drain_delay_s: float = Field(
        default=0,
        ge=0,
        description="Wait so long after NOT_SERVING before stopping, for load balancers to notice.",
    )
    drain_s: float = Field(
        default=10,
        ge=0,
        description="Calls and jobs at work may take so long to end when the server stops.",
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="The least important log lines to write.",
    )
    log_format: Literal["console", "json"] = Field(
        default="console",
        description="Log lines for people, or one JSON object each.",
    )

    @field_validator("file_root", mode="before")
    @classmethod
    def _split_roots(cls, value: object) -> object:
        return tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value
