"""The bridge to a Ray cluster whose actors hold models that fail on command; a program.

With ``--far`` they are as if they were on other machines.
"""

import sys

from polycue.engine.backends.processes.serve import called, serve
from polycue.engine.backends.ray.driver import Driver
from support.fragile_engine import FragileEngine

if __name__ == "__main__":
    wire = called()
    serve(wire, Driver(None if "--far" in sys.argv else wire.theirs, FragileEngine))
