"""Programs that run beside a test and say on stderr how far they are."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator

_WAIT_S = 120


class Lines:
    """What a program writes to stderr, read in a thread of its own so that it is never held up."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self._news, self._over = threading.Condition(), False
        threading.Thread(target=self._read, name="lines", daemon=True).start()

    def until(self, text: str) -> str:
        """The first line that holds the text, which may still have to come."""
        with self._news:
            self._news.wait_for(lambda: self._over or self._with(text) is not None, _WAIT_S)
            line = self._with(text)
            assert line is not None, f"it never said {text!r}, but {''.join(self._lines[-20:])}"
            return line

    def _with(self, text: str) -> str | None:
        return next((line for line in self._lines if text in line), None)

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stderr:
            for line in stderr:
                with self._news:
                    self._lines.append(line)
                    self._news.notify_all()
        with self._news:
            self._over = True
            self._news.notify_all()


@contextlib.contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever happens in the block, the program has ended behind it."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_WAIT_S)
