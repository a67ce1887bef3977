"""The bridge to a Ray cluster whose actors hold models that fail on command; a program."""

from polycue.engine.backends.processes.serve import called, serve
from polycue.engine.backends.ray.driver import Driver
from support.fragile_engine import FragileEngine

if __name__ == "__main__":
    serve(called(), Driver(FragileEngine))
