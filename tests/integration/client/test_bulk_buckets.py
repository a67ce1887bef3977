"""``polycue subtitle --recursive s3://...`` with a real bucket and a real server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import s3fs

from support.buckets import BUCKET, ENVIRONMENT, make_bucket, s3_server
from support.fleet import Server, python_path
from support.stepped_server import Film

WAIT_S = 200
FILMS = {
    name: Film(Path(name).stem, 2)
    for name in ("s1/one.mkv", "s1/two & #2.mkv", "s2/deep/three.mkv", "four.mkv")
}


class SteppedServer(Server):
    """Whose films take no time."""

    program: tuple[str, ...] = ("-m", "support.stepped_server")


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with s3_server() as endpoint, pytest.MonkeyPatch.context() as patch:
        env = {**ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint, "PYTHONPATH": python_path()}
        for name, value in env.items():
            patch.setenv(name, value)
        make_bucket(endpoint)
        yield env


@pytest.fixture
def bucket(environment: dict[str, str], tmp_path: Path) -> Any:
    """A prefix of its own with films, one of which is empty and one hidden."""
    fs = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
    prefix = f"{BUCKET}/{tmp_path.name}"
    for name, film in FILMS.items():
        fs.pipe(f"{prefix}/{name}", film.write(tmp_path).read_bytes())
    fs.pipe(f"{prefix}/s1/.hidden.mkv", b"x")
    fs.pipe(f"{prefix}/s1/notes.txt", b"x")
    return fs, prefix


@pytest.fixture
def server(environment: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    flags = (f"--data-dir={tmp_path}/data", f"--source-bucket={BUCKET}")
    server = SteppedServer(tmp_path, environment, *flags).start()
    try:
        yield server
    finally:
        server.end()


def polycue(place: str, *flags: str, code: int = 0) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "polycue_client", "subtitle", place, "-r", "--json", *flags],
        capture_output=True,
        env=dict(os.environ),
        timeout=WAIT_S,
        check=False,
        text=True,
    )
    assert done.returncode == code, done.stderr
    told: dict[str, Any] = json.loads(done.stdout) if done.stdout else {"said": done.stderr}
    return told


def names(fs: Any, prefix: str) -> set[str]:
    return {key.removeprefix(f"{prefix}/") for key in fs.find(prefix) if key.endswith(".srt")}


TRACKS = {name.replace(".mkv", ".en.srt") for name in FILMS}


def test_films_in_a_bucket_are_read_by_the_server_and_get_their_subtitles_beside_them(
    bucket: Any, server: Server
) -> None:
    fs, prefix = bucket
    refused = {name for name in FILMS if "#" in name}  # no server takes such a key
    report = polycue(f"s3://{prefix}", "--server", server.address, code=1)
    assert names(fs, prefix) == TRACKS - {name.replace(".mkv", ".en.srt") for name in refused}
    assert fs.cat(f"{prefix}/s1/one.en.srt") == FILMS["s1/one.mkv"].text()
    assert report["totals"]["done"] == len(FILMS) - len(refused)
    (row,) = [row for row in report["films"] if row["state"] == "failed"]
    assert "'?' and '#'" in row["message"]
    with server.client() as client:
        sources = {job.spec.subtitle.media.uri for job in map(_whole(client), client.jobs())}
    assert all(source.startswith("s3://") for source in sources)
    again = polycue(f"s3://{prefix}", "--server", server.address, code=1)
    assert again["totals"]["done"] == 0


def _whole(client: Any) -> Any:
    return lambda job: client.get_job(job.name)


def test_results_go_from_a_bucket_to_a_folder_and_from_a_folder_to_a_bucket(
    bucket: Any, server: Server, tmp_path: Path
) -> None:
    fs, prefix = bucket
    fs.rm(f"{prefix}/s1/two & #2.mkv")
    out = tmp_path / "out"
    polycue(f"s3://{prefix}", "--server", server.address, "-o", str(out))
    found = {str(path.relative_to(out)) for path in out.rglob("*.srt")}
    assert found == TRACKS - {"s1/two & #2.en.srt"}
    films = tmp_path / "films"
    films.mkdir()
    FILMS["four.mkv"].write(films)
    polycue(str(films), "--server", server.address, "-o", f"s3://{prefix}/made")
    assert fs.cat(f"{prefix}/made/four.en.srt") == FILMS["four.mkv"].text()


def test_a_server_that_may_not_read_the_bucket_says_so_once(
    bucket: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    _, prefix = bucket
    server = SteppedServer(tmp_path, environment, f"--data-dir={tmp_path}/data").start()
    try:
        report = polycue(f"s3://{prefix}", "--server", server.address, code=1)
    finally:
        server.end()
    assert "reads nothing of this kind" in report["stopped_by"]
    (row, *_) = [row for row in report["films"] if row["state"] == "left"]
    assert "--source-bucket" in row["to_do"]


def test_a_bucket_that_is_not_there_is_told(server: Server) -> None:
    report = polycue("s3://no-such-bucket/films", "--server", server.address, code=1)
    (row,) = report["films"]
    assert "cannot be read" in row["message"]


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from click.exceptions import ClickException

    from polycue_client.cli.bulk.buckets import Store

    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ClickException, match=r"pip install 'polycue\[s3\]'"):
        Store()
