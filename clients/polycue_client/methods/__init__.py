"""The methods of the API, each written once, as a coroutine.

They wait for nothing but their ``Line``. ``AsyncPolycue`` is these methods on a line that suspends;
``Polycue`` runs each to its end on one that blocks. What is not I/O is in modules that know no
line: ``retry``, ``transfers``, ``watching``, ``requests`` and ``outcome``.
"""

from polycue_client.methods.clips import Clips
from polycue_client.methods.jobs import Jobs
from polycue_client.methods.results import Results
from polycue_client.methods.texts import Texts

__all__ = ["Methods"]


class Methods(Clips, Texts, Jobs, Results):
    """The whole API in one object."""
