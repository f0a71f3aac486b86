"""The reader's own process (started by `process.py`): parses what strangers send, away from the server, under a memory limit.

    python -m preview.parsing.worker_process DESCRIPTOR

It serves one delivery after another over the connection with that descriptor, and goes when its parent is gone.
Nothing that it says holds a value of a delivery: of an unexpected error only the kind and the place in our code are told.
"""

import gc
import os
import resource
import sys
import threading
import time
import traceback
from contextlib import suppress
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from preview.core.errors import NotFound
from preview.model.limits import Limits
from preview.parsing import delivery, file_parser
from preview.parsing.delivery import Batch
from preview.parsing.helper_process import Second, SecondDied, SecondFailed, has_a_core

_PARENT_SECONDS = 1.0


class Start(msgspec.Struct, frozen=True):
    """The first message: what stays the same from delivery to delivery."""

    key: bytes
    limits: Limits
    fields: list[str] | None

    @property
    def known_fields(self) -> frozenset[str] | None:
        """The keys that supplementary figures may come for; None: any."""
        return None if self.fields is None else frozenset(self.fields)


class Ask(msgspec.Struct, frozen=True):
    """A delivery to be read: an absolute path and the present instant."""

    path: str
    now: datetime


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Many with a batch, then one without, which ends the delivery: `missing` where there was nothing, `fault` where we failed."""

    batch: Batch | None = None
    missing: bool = False
    fault: str = ""


encode = msgspec.msgpack.Encoder().encode
decode_answer = msgspec.msgpack.Decoder(Answer).decode


def main() -> None:
    """Serves until the connection ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold persons
    os.nice(5)  # whoever waits for an answer goes first
    # What is made of a folder is let go of by itself; looking for circles in it at Python's usual pace took a twelfth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    connection = Connection(int(sys.argv[1]))
    with suppress(EOFError, OSError):  # the parent has closed its end, or is gone
        start = msgspec.msgpack.decode(connection.recv_bytes(), type=Start)
        resource.setrlimit(resource.RLIMIT_AS, (start.limits.memory_bytes, start.limits.memory_bytes))
        second = _second(connection, start) if has_a_core() else None
        _follow_parent()
        _serve_all(connection, start, second)


def _serve_all(connection: Connection, start: Start, second: Second | None) -> None:
    try:
        while True:
            ask = msgspec.msgpack.decode(connection.recv_bytes(), type=Ask)
            _serve(connection, start, ask, second)
    finally:
        if second is not None:
            second.close()


def _second(connection: Connection, start: Start) -> Second:
    def begin() -> None:
        connection.close()  # or who waits at its other end would not see this process' end
        _follow_parent()

    def read(data: bytes, file: int, now: datetime) -> file_parser.Contents:
        return file_parser.read(data, file, start.key, now, start.known_fields)

    return Second.forked(read, _told, begin)


def _serve(connection: Connection, start: Start, ask: Ask, second: Second | None) -> None:
    try:
        for batch in delivery.read(Path(ask.path), start.key, ask.now, start.limits, start.known_fields, second):
            connection.send_bytes(encode(Answer(batch)))
    except NotFound:
        answer = Answer(missing=True)
    except (BrokenPipeError, ConnectionError):
        raise
    except (MemoryError, SecondDied):
        os._exit(1)  # nothing can be relied on any more; the parent sees the end of the connection
    except SecondFailed as error:
        answer = Answer(fault=str(error))
    except Exception as error:  # noqa: BLE001, whatever it is, its message may quote a person
        answer = Answer(fault=_told(error))
    else:
        answer = Answer()
    connection.send_bytes(encode(answer))


def _told(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def _follow_parent() -> None:
    """Ends this process when the one that has started it is gone."""

    def follow(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_SECONDS)
        os._exit(1)

    threading.Thread(target=follow, args=(os.getppid(),), daemon=True).start()


if __name__ == "__main__":
    main()
