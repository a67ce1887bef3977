"""An engine child whose models take a fixed time; a program."""

from polycue.engine.backends.processes.serve import called, serve
from polycue.testing.timed import TimedModels

if __name__ == "__main__":
    serve(called(), TimedModels())
