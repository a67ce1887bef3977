"""The program of the bridge: Ray's driver, for a server."""

from polycue.engine.backends.processes.serve import called, serve
from polycue.engine.backends.ray.driver import Driver

if __name__ == "__main__":
    wire = called()
    serve(wire, Driver(wire.theirs))
