"""Runs nginx with its module nchan, a server of event streams in C: `/watch` is a stream, `/publish` takes an event.

    python -m benchmarks.baselines.nchan_server

Prints its address and the process id of its worker, and ends when its input is closed. Both are Debian packages:
nginx and libnginx-mod-nchan.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from tornado.netutil import bind_sockets

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")

_CONFIGURATION = """
load_module {module};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  nchan_shared_memory_size 256M;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /watch {{
      nchan_subscriber eventsource;
      nchan_channel_id events;
      nchan_subscriber_first_message newest;
    }}
    location = /publish {{ nchan_publisher; nchan_channel_id events; }}
  }}
}}
"""


def is_installed() -> bool:
    """Return whether nginx and nchan are there."""
    return shutil.which("nginx") is not None and MODULE.exists()


def main() -> NoReturn:
    """Run nginx until the input is closed."""
    [free] = bind_sockets(0, "127.0.0.1")
    port = free.getsockname()[1]
    free.close()
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "nginx.conf"
        configuration.write_text(_CONFIGURATION.format(module=MODULE, folder=folder, port=port), encoding="utf-8")
        with subprocess.Popen(["nginx", "-p", folder, "-c", configuration]) as nginx:
            print(f"http://127.0.0.1:{port}/ {nginx.pid}", flush=True)
            sys.stdin.read()
            nginx.terminate()
    sys.exit(0)


if __name__ == "__main__":
    main()
