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
from preview.parsing.helper_process import HelperCrashed, HelperError, HelperProcess, has_spare_core

_PARENT_POLL_SECONDS = 1.0


class InitMessage(msgspec.Struct, frozen=True):
    """The first message: what stays the same from delivery to delivery."""

    key: bytes
    limits: Limits
    fields: list[str] | None

    @property
    def field_keys(self) -> frozenset[str] | None:
        """The keys that supplementary figures may come for; None: any."""
        return None if self.fields is None else frozenset(self.fields)


class ParseRequest(msgspec.Struct, frozen=True):
    """A delivery to be read: an absolute path and the present instant."""

    path: str
    now: datetime


class ParseReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """Many with a batch, then one without, which ends the delivery: `missing` where there was nothing, `fault` where we failed."""

    batch: Batch | None = None
    not_found: bool = False
    error: str = ""


encode = msgspec.msgpack.Encoder().encode
decode_reply = msgspec.msgpack.Decoder(ParseReply).decode


def main() -> None:
    """Serves until the connection ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold persons
    os.nice(5)  # whoever waits for an answer goes first
    # What is made of a folder is let go of by itself; looking for circles in it at Python's usual pace took a twelfth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    connection = Connection(int(sys.argv[1]))
    with suppress(EOFError, OSError):  # the parent has closed its end, or is gone
        init = msgspec.msgpack.decode(connection.recv_bytes(), type=InitMessage)
        resource.setrlimit(resource.RLIMIT_AS, (init.limits.memory_bytes, init.limits.memory_bytes))
        helper = _start_helper(connection, init) if has_spare_core() else None
        _exit_with_parent()
        _serve_requests(connection, init, helper)


def _serve_requests(connection: Connection, init: InitMessage, helper: HelperProcess | None) -> None:
    try:
        while True:
            request = msgspec.msgpack.decode(connection.recv_bytes(), type=ParseRequest)
            _serve_request(connection, init, request, helper)
    finally:
        if helper is not None:
            helper.close()


def _start_helper(connection: Connection, init: InitMessage) -> HelperProcess:
    def prepare() -> None:
        connection.close()  # or who waits at its other end would not see this process' end
        _exit_with_parent()

    def parse(data: bytes, file: int, now: datetime) -> file_parser.FileContents:
        return file_parser.parse_file(data, file, init.key, now, init.field_keys)

    return HelperProcess.fork(parse, _describe_error, prepare)


def _serve_request(connection: Connection, init: InitMessage, request: ParseRequest, helper: HelperProcess | None) -> None:
    try:
        for batch in delivery.parse_delivery(Path(request.path), init.key, request.now, init.limits, init.field_keys, helper):
            connection.send_bytes(encode(ParseReply(batch)))
    except NotFound:
        reply = ParseReply(not_found=True)
    except (BrokenPipeError, ConnectionError):
        raise
    except (MemoryError, HelperCrashed):
        os._exit(1)  # nothing can be relied on any more; the parent sees the end of the connection
    except HelperError as error:
        reply = ParseReply(error=str(error))
    except Exception as error:  # noqa: BLE001, whatever it is, its message may quote a person
        reply = ParseReply(error=_describe_error(error))
    else:
        reply = ParseReply()
    connection.send_bytes(encode(reply))


def _describe_error(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def _exit_with_parent() -> None:
    """Ends this process when the one that has started it is gone."""

    def watch(parent_pid: int) -> None:
        while os.getppid() == parent_pid:
            time.sleep(_PARENT_POLL_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()


if __name__ == "__main__":
    main()
