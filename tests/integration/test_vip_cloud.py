#!/usr/bin/python3
"""conf/vip-cloud against a metadata service that is played here: what it says of each answer. Speaks TAP."""
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time

SCRIPT = os.path.join(os.environ.get("srcdir", "."), "conf/vip-cloud")
VIP = "203.0.113.100"
HERE, AWAY = (0,), (1,)


class Metadata(http.server.BaseHTTPRequestHandler):
    """/STATUS/BODY answers so; /hang does not."""

    def do_GET(self):
        if self.path == "/hang":
            time.sleep(3)
            return
        _, status, body = self.path.split("/", 2)
        text = body.replace("_", "\n").encode()
        self.send_response(int(status))
        self.send_header("Content-Length", str(len(text)))
        if status == "302":
            self.send_header("Location", f"/200/{VIP}")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


# path, exit statuses that are right (None: any but 0 and 1), what the first line contains
CASES = [
    ("the address", f"/200/{VIP}", HERE, ""),
    ("the address among others", f"/200/198.51.100.7_{VIP}_2001:db8::1", HERE, ""),
    ("another address", "/200/203.0.113.1", AWAY, ""),
    ("one that contains it", "/200/203.0.113.1001", AWAY, ""),
    ("no address", "/200/", AWAY, ""),
    ("an error", f"/500/{VIP}", None, "500"),
    ("a page", f"/200/<html>{VIP}</html>", None, "not a list of addresses: <html>"),
    ("a redirect", "/302/x", None, ""),
    ("silence", "/hang", None, "timed out"),
]


def main():
    if not shutil.which("curl"):
        print("1..0 # SKIP curl is not installed")
        return 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base, failed = f"http://127.0.0.1:{server.server_address[1]}", 0
    urls = [(what, base + path, wanted, said, [VIP]) for what, path, wanted, said in CASES]
    urls.append(("nobody there", "http://127.0.0.1:1/", None, "connect", [VIP]))
    urls.append(("asked for nothing", base, None, "vip.command lacks the address", []))
    print(f"1..{len(urls)}")
    for number, (what, url, wanted, said, words) in enumerate(urls, 1):
        done = subprocess.run([SCRIPT, *words], env={"PATH": os.environ["PATH"], "REPLCHECK_METADATA": url},
                              capture_output=True, text=True, timeout=20, check=False)
        good = done.returncode in wanted if wanted else done.returncode not in (0, 1)
        good = good and said in (done.stdout.splitlines() or [""])[0]
        failed += not good
        print(f"{'' if good else 'not '}ok {number} - {what}"
              + ("" if good else f"\n# exit {done.returncode}: {done.stdout}{done.stderr}"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
