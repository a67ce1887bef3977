"""The bridge to a Ray cluster whose actors hold models of fixed time; a program."""

from polycue.engine.backends.processes.serve import called, serve
from polycue.engine.backends.ray.driver import Driver
from polycue.testing.timed import TimedEngine

if __name__ == "__main__":
    serve(called(), Driver(TimedEngine))
