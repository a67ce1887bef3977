"""Images by buildah, which needs no daemon, in a store of their own."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
BASE = "polycue-debian"
_CERTIFICATES = "/certificates.pem"
_PLACES = ("DEBIAN_MIRROR", "DEBIAN_SNAPSHOT")  # handed on to the build where they are set


@dataclass(frozen=True, slots=True)
class Config:
    """What an image says of how it is run."""

    command: tuple[str, ...]
    health: tuple[str, ...]
    environment: dict[str, str]
    user: str
    folder: str
    volumes: tuple[str, ...]
    labels: dict[str, str]


class Store:
    """Where the layers lie: ``folder``, which is kept, so that a second build is quick."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = {"BUILDAH_ISOLATION": "chroot"} | os.environ

    def make_base(self) -> None:
        """A Debian to fetch with, of Debian's packages alone; registries are not asked."""
        if self._run("images", "--quiet", "--filter", f"reference=localhost/{BASE}"):
            return
        container = self._run("from", "scratch")
        tree = self._run("mount", container)
        mirror = os.environ.get("DEBIAN_MIRROR")
        given = [f"{mirror.rstrip('/')}/debian"] if mirror else []  # else debootstrap's own
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", tree, *given], check=True)
        self._run("commit", "--quiet", "--rm", container, BASE)

    def build(self, target: str, revision: str) -> str:
        """Build and give the image's name."""
        passed = [f"--build-arg={name}" for name in _PLACES if name in os.environ]
        if certificates := os.environ.get("PIP_CERT"):
            passed.append(f"--volume={certificates}:{_CERTIFICATES}:ro")
            passed.append(f"--build-arg=PIP_CERT={_CERTIFICATES}")
        name = f"polycue-test-{target}"
        words = [
            *("build", "--quiet", "--layers", "--format=docker", f"--target={target}"),
            *(f"--build-arg=BASE=localhost/{BASE}", f"--build-arg=REVISION={revision}"),
            *(*passed, f"--tag={name}", str(REPOSITORY)),
        ]
        subprocess.run(self._command(*words), env=self._environment, check=True)
        return name

    def config(self, image: str) -> Config:
        found: dict[str, Any] = json.loads(self._run("inspect", "--type=image", image))
        told = found["Docker"]["config"]
        return Config(
            command=(*told["Entrypoint"], *told["Cmd"]),
            health=tuple(told["Healthcheck"]["Test"][1:]),
            environment=dict(line.split("=", 1) for line in told["Env"]),
            user=told["User"],
            folder=told["WorkingDir"],
            volumes=tuple(told["Volumes"]),
            labels=told["Labels"],
        )

    @contextmanager
    def mounted(self, image: str) -> Iterator[Path]:
        """The image's files, as a container of its own would have them."""
        container = self._run("from", image)
        try:
            yield Path(self._run("mount", container))
        finally:
            self._run("rm", container)

    def _command(self, *words: str) -> Sequence[str]:
        places = [f"--root={self._folder / 'layers'}", f"--runroot={self._folder / 'run'}"]
        if driver := os.environ.get("STORAGE_DRIVER"):  # which --root makes buildah forget
            places.append(f"--storage-driver={driver}")
        return ["buildah", *places, *words]

    def _run(self, *words: str) -> str:
        command = self._command(*words)
        done = subprocess.run(
            command, env=self._environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.strip()
