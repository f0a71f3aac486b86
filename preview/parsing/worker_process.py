"""The parser process: parses deliveries under a memory limit. `process_client` starts it.

    python -m preview.parsing.worker_process DESCRIPTOR

It serves one delivery after another over the connection with that file descriptor and ends with its parent. Its
replies hold no value of a delivery that is not in a record: an unexpected error is described by its type and its line
in the code only.
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
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from preview.core.errors import NotFound
from preview.parsing import delivery, file_parser
from preview.parsing.helper_process import HelperCrashed, HelperError, HelperProcess, has_spare_core
from preview.parsing.messages import InitMessage, ParseReply, ParseRequest, encode

_PARENT_POLL_SECONDS = 1.0


def main() -> None:
    """Serve requests until the connection is closed."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold personal data
    os.nice(5)  # requests to the server have precedence
    # Case records have no reference cycles: a garbage collector with default thresholds took a twelfth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    connection = Connection(int(sys.argv[1]))
    with suppress(EOFError, OSError):  # the parent has closed the connection, or ended
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
    return HelperProcess.fork(partial(_parse_file, init), _describe_error, partial(_prepare_helper, connection))


def _parse_file(init: InitMessage, data: bytes, file: int, now: datetime) -> file_parser.FileContents:
    return file_parser.parse_file(data, file, init.key, now, init.field_keys)


def _prepare_helper(connection: Connection) -> None:
    # While the helper has the connection open too, the client would not notice the end of the parser process.
    connection.close()
    _exit_with_parent()


def _serve_request(
    connection: Connection, init: InitMessage, request: ParseRequest, helper: HelperProcess | None
) -> None:
    try:
        for batch in delivery.parse_delivery(
            Path(request.path), init.key, request.now, init.limits, init.field_keys, helper
        ):
            connection.send_bytes(encode(ParseReply(batch)))
    except NotFound:
        reply = ParseReply(not_found=True)
    except (BrokenPipeError, ConnectionError):
        raise
    except (MemoryError, HelperCrashed):
        os._exit(1)  # the state is undefined now; the parent notices the closed connection
    except HelperError as error:
        reply = ParseReply(error=str(error))
    except Exception as error:  # noqa: BLE001, any message may quote a person
        reply = ParseReply(error=_describe_error(error))
    else:
        reply = ParseReply()
    connection.send_bytes(encode(reply))


def _describe_error(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def _exit_with_parent() -> None:
    """Start a thread that ends this process when its parent has ended."""
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()


def _watch_parent(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(_PARENT_POLL_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
