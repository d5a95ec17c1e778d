"""Stands in for a process of ours: serves /livez and /readyz on MINYI_PORT. Arguments: die, never-ready, deaf, with-child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FILE = Path(__file__).resolve()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ready = self.path != "/readyz" or "never-ready" not in sys.argv
        self.send_response(200 if ready else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def argv(*how: str) -> tuple[str, ...]:
    return (sys.executable, str(FILE), *how)


def main() -> None:
    sys.stdout.write(f"stand-in {os.environ.get('MINYI_PREFIX')} begins\n")
    sys.stdout.flush()
    if "die" in sys.argv:
        sys.exit("cannot find my shoes")
    if "deaf" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "with-child" in sys.argv:
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        sys.stdout.write(f"child {child.pid}\n")
        sys.stdout.flush()
    server = ThreadingHTTPServer((os.environ["MINYI_HOST"], int(os.environ["MINYI_PORT"])), Handler)
    if "deaf" not in sys.argv:
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


if __name__ == "__main__":
    main()
