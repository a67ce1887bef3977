"""A thread that works for a job, beside the job's own."""

import contextvars
import threading
from collections.abc import Callable


def job_thread(work: Callable[[], None], name: str) -> threading.Thread:
    """Not started yet. Its log lines name the job of whoever made it; it holds up no exit."""
    context = contextvars.copy_context()
    return threading.Thread(target=context.run, args=(work,), name=name, daemon=True)
