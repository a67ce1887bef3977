"""``polycue serve`` whose films take a fixed time and no processor; a program for ``bulk.py``.

All else is the real thing: store, uploads, runner, results. When each film was at work is appended
to the file that POLYCUE_BENCH_TIMES names.
"""

import os
import time
from pathlib import Path
from unittest import mock

from polycue.app.engine import Engine
from polycue.commands.serve import serve
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
    with mock.patch("polycue.app.run.open_engine", _engine):
        serve()
