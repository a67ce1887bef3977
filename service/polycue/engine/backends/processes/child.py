"""The program of an engine child: the real models of one device."""

from polycue.engine import heap
from polycue.engine.backends.processes.serve import called, serve
from polycue.engine.backends.supervised.models import DeviceModels

if __name__ == "__main__":
    heap.keep()
    serve(called(), DeviceModels())
