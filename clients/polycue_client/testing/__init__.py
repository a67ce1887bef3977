"""A server for tests of programs that use the client: real gRPC, answers written down beforehand.

It keeps the API's promises where they matter to a client: uploads go on where they stopped,
watching goes on after a sequence, artifacts are read from an offset, bytes are counted and hashed.
What it does not do is any work: each job plays a script.
"""

from polycue_client.testing.refusal import Refusal
from polycue_client.testing.script import Event, Script
from polycue_client.testing.server import ScriptedServer

__all__ = ["Event", "Refusal", "Script", "ScriptedServer"]
