"""A server whose films take a fixed time and no processor; a program for ``bulk.py``.

All else is the real thing: store, uploads, runner, results. Its settings are in the environment.
When each film was at work is appended to the file that POLYCUE_BENCH_TIMES names.
"""

import os
import time
from pathlib import Path

from polycue.app.engine import Engine
from polycue.app.run import run
from polycue.config import Settings
from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.progress import Report
from polycue.domain.request import Task
from polycue.pipeline.ports import NOTHING_KEPT, Checkpoints
from polycue.pipeline.result import TaskResult
from polycue.testing.installed import FakeInstalled
from polycue.testing.pipeline import FakePipeline

SERVICE_S = float(os.environ["POLYCUE_BENCH_SERVICE_S"])
TIMES = Path(os.environ["POLYCUE_BENCH_TIMES"])
READY_FD = int(os.environ["POLYCUE_BENCH_READY_FD"])


class FixedPipeline:
    def run(
        self,
        task: Task,
        *,
        workdir: Path,
        cancel: CancelToken,
        report: Report,
        checkpoints: Checkpoints = NOTHING_KEPT,
        caller: Caller = NOBODY,
    ) -> TaskResult:
        began_s = time.monotonic()
        time.sleep(SERVICE_S)
        result = FakePipeline().run(task, workdir=workdir, cancel=cancel, report=report)
        with TIMES.open("a") as file:
            file.write(f"{began_s} {time.monotonic()}\n")
        return result


def _engine(settings: object, **how: object) -> Engine:
    return Engine(
        jobs=FixedPipeline(),
        calls=FakePipeline(),
        installed=FakeInstalled(),
        ready=lambda: None,
        up=lambda: True,
        close=lambda: None,
    )


if __name__ == "__main__":
    run(Settings(), ready_fd=READY_FD, exit_with_stdin=False, opens=_engine)
