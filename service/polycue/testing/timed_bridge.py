"""The bridge to a Ray cluster whose actors hold models of fixed time; a program.

With ``--far`` they are as if they were on other machines.
"""

import sys

from polycue.engine.backends.processes.serve import called, serve
from polycue.engine.backends.ray.driver import Driver
from polycue.testing.timed import TimedEngine

if __name__ == "__main__":
    wire = called()
    serve(wire, Driver(None if "--far" in sys.argv else wire.theirs, TimedEngine))
