"""faster-whisper's downloader against a hub on loopback.

The hub's library reads its address once, at import, so each test runs it in a process of its own.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from polycue.models.store import ModelStore

Site = Any  # see conftest.py

COMMIT = "d90ca5fe260221311c53c58e660288d3deb8d356"
FILES = {
    "config.json": b"{}",
    "model.bin": b"weights" * 1000,
    "tokenizer.json": b"{}",  # equal files are one in the hub's cache
    "vocabulary.txt": b"a\nb",
    "training.bin": b"not wanted",
}
FETCH = """
import sys
from pathlib import Path
from polycue.models.lock import LockedModel
from polycue.models.whisper_hub import fetch
model = LockedModel("toy", "someone/toy", sys.argv[1], 7000)
print(fetch(model, Path("cache"), Path("model"), lambda done, total: None))
"""
PULL = """
import sys
from polycue.commands.models import models
sys.exit(models.main(args=["pull", *sys.argv[1:]], standalone_mode=False))
"""


def run(script: str, site: Site, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "HF_ENDPOINT": site.url,
        "HF_HUB_DOWNLOAD_TIMEOUT": "60",  # its own ten seconds are short on a busy machine
        "HF_HUB_ETAG_TIMEOUT": "60",
        "HF_HOME": str(folder / "hf"),
        "HOME": str(folder),
        "POLYCUE_MODELS_DIR": str(folder / "models"),
    }
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("revision", [COMMIT, ""])
def test_the_models_files_come_and_their_commit(site: Site, tmp_path: Path, revision: str) -> None:
    site.offer_model("someone/toy", COMMIT, FILES)
    done = run(FETCH, site, tmp_path, revision)
    assert done.stdout.strip() == COMMIT, done.stderr
    came = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    assert came == {name: data for name, data in FILES.items() if name != "training.bin"}
    assert not any(path.is_symlink() for path in (tmp_path / "model").iterdir())


def test_weights_that_are_not_the_pinned_ones_are_refused(site: Site, tmp_path: Path) -> None:
    site.offer_model("Systran/faster-whisper-tiny", COMMIT, FILES)
    done = run(PULL, site, tmp_path, "tiny")
    assert done.returncode == 1
    assert "SHA-256" in done.stderr
    assert ModelStore(tmp_path / "models").installed() == ()
    assert not (tmp_path / "models" / ".downloads").exists()


def test_a_model_the_hub_does_not_have_is_told_without_a_trace(site: Site, tmp_path: Path) -> None:
    done = run(PULL, site, tmp_path, "tiny")
    assert done.returncode == 1
    assert "could not be downloaded" in done.stderr
    assert "polycue models import" in done.stderr
    assert "Traceback" not in done.stderr


def test_offline_asks_nobody(site: Site, tmp_path: Path) -> None:
    done = run(PULL, site, tmp_path, "tiny", "--offline")
    assert done.returncode == 1
    assert "--offline" in done.stderr
    assert site.requests == []
