"""A laboratory of two mail servers, a witness and a client on one machine.

    from replab import Lab, Options
    with Lab(Options(build="/path/to/build")) as lab:
        lab.up()
        lab.mx1.sql("SELECT @@read_only")

Needs root. Every host is a set of namespaces held by a process of its own; nothing of the machine is changed
and nothing remains: when the program that made a lab ends, however it ends, the lab's processes end too.
"""
from .errors import LabError
from .lab import Lab
from .options import Options

__all__ = ["Lab", "LabError", "Options"]
