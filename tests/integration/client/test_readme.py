"""The programs in the README run as they stand there."""

import re
import subprocess
import sys
from pathlib import Path

from support.served import served

_PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)
ADDRESS = "localhost:50051"


def programs(repository: Path) -> list[str]:
    """Those that speak to a server."""
    found = _PROGRAM.findall((repository / "README.md").read_text(encoding="utf-8"))
    return [program for program in found if ADDRESS in program]


def test_every_program_in_the_readme_runs(repository: Path, data: Path, tmp_path: Path) -> None:
    assert programs(repository)
    (tmp_path / "film.mp4").write_bytes(b"moving pictures")
    with served(data) as server:
        for program in programs(repository):
            code = program.replace(ADDRESS, server.address)
            done = subprocess.run(
                [sys.executable, "-c", code, "film.mp4"],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=200,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert "ONE" in done.stdout  # the fake pipeline's Spanish
