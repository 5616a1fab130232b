"""The reader's child: reads mails from standard input, writes frames to standard output, and may do nothing else.

It first imports and warms up all that reading can need, then gives up the right to open any file or socket, so that
what a hostile mail may make of the parser can reach nothing but the pipe. Limits: memory once, CPU time for each mail.
"""

import encodings
import importlib
import json
import os
import pkgutil
import resource
import sys
from typing import BinaryIO

from ..mail.parse import HostileMail, ReadLimits, read_letter
from . import frame

EXIT_OUT_OF_MEMORY = 71

_WARM = (
    b"From: =?iso-2022-jp?B?GyRCJCIbKEI=?= <a@b\xc3\xbc.example>\r\nTo: x@y.example\r\n"
    b"Date: Mon, 1 Jan 2024 0:0:0 +0000\r\nContent-Type: multipart/mixed; boundary=w\r\n\r\n"
    b"--w\r\nContent-Type: text/html\r\n\r\n<p>caf&eacute;</p>\r\n"
    b"--w\r\nContent-Type: image/png; name*=utf-8''%C3%BC.png\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\naGk=\r\n--w--",
    b"From: b\xfcro <a@b.example>\r\nDate: yesterday\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=FC",
)


def main(arguments: list[str]) -> None:
    """Serve until the pipe closes. `arguments`: CPU seconds for each mail, octets of memory, ReadLimits as JSON."""
    cpu_seconds, memory_octets = int(arguments[0]), int(arguments[1])
    limits = ReadLimits(**json.loads(arguments[2]))
    # The words of an exception can be words of the mail.
    sys.excepthook = lambda kind, _value, _trace: print(f"reader: ended by {kind.__name__}", file=sys.stderr)  # noqa: T201
    source, sink = _pipes()
    _warm_up()
    _lower_rights(memory_octets)
    _write(sink, frame.READY)
    serve(source, sink, limits, cpu_seconds)


def _pipes() -> tuple[BinaryIO, int]:
    """The pipe's two ends. Standard output becomes standard error, so that a stray print breaks no frame."""
    sink = os.dup(1)
    os.dup2(2, 1)
    return sys.stdin.buffer, sink


def _warm_up() -> None:
    """Import what would be imported later, when no file can be opened any more."""
    for module in pkgutil.iter_modules(encodings.__path__):
        if module.name not in ("mbcs", "oem", "cp65001"):
            importlib.import_module(f"encodings.{module.name}")
    for mail in _WARM:
        read_letter(mail)
    "\u0142.example".encode("idna")


def _lower_rights(memory_octets: int) -> None:
    """No new descriptor, process, written file or core, and bounded memory. The hard limits go down with the soft."""
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, lowest))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_octets, memory_octets))


def serve(source: BinaryIO, sink: int, limits: ReadLimits, cpu_seconds: int) -> None:
    """One frame out for each mail in, until the source ends."""
    while prefix := source.read(frame.LENGTH_OCTETS):
        _renew_cpu(cpu_seconds)
        try:
            raw = source.read(int.from_bytes(prefix, "big"))
            pieces = frame.of_letter(read_letter(raw, limits=limits))
        except HostileMail as error:
            pieces = frame.of_refusal(error)
        except MemoryError:
            os._exit(EXIT_OUT_OF_MEMORY)
        for piece in pieces:
            _write(sink, piece)


def _renew_cpu(seconds: int) -> None:
    """The kernel's own CPU limit, moved on by `seconds` from what was used so far; beyond it SIGXCPU ends us."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _write(sink: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(sink, view) :]


if __name__ == "__main__":
    main(sys.argv[1:])
