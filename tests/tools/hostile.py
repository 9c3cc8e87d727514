#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A web server on 127.0.0.1 that behaves as its paths say. Prints its port; writes each request to stderr.
With a FILE of a certificate and its key it speaks TLS.

/good N entries as ?n=N, with an ETag    /html /empty /500 /404    /cut /chunkcut /gzipcut    /drip    /loop /tofile
/huge /bomb    /flaky 500 the first two times    /dated 304 to whoever knows any date    /same 304
/to?URL    /escape    /brotli    /large 4 MB    /open?n=N the end is that of the connection, without a line's    /opengzip
"""
import gzip
import http.server
import os
import ssl
import sys
import time
import urllib.parse

LIST = "".join(f"198.18.{i // 256}.{i % 256}\n" for i in range(1000))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    flaky = 0

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        count = int(urllib.parse.parse_qs(url.query).get("n", ["1000"])[0])
        text = "".join(LIST.splitlines(True)[:count]).encode()
        name = url.path.strip("/")
        self.close_connection = name in ("cut", "chunkcut", "drip", "huge", "bomb")
        try:
            getattr(self, "do_" + name)(text)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def do_good(self, text):
        tag = f'"{len(text)}"'
        if self.headers.get("If-None-Match") == tag:
            self.log_message("not modified")
            return self.answer(304, ETag=tag)
        return self.answer(200, text, ETag=tag, Content_Type="text/plain")

    def do_gzip(self, text):
        self.answer(200, gzip.compress(text), Content_Encoding="gzip")

    def do_gzipcut(self, text):
        whole = gzip.compress(text)
        self.answer(200, whole[: len(whole) * 3 // 4], Content_Encoding="gzip")

    def do_brotli(self, text):
        self.answer(200, text, Content_Encoding="br")

    def do_dated(self, text):
        if self.headers.get("If-Modified-Since"):
            return self.answer(304)
        self.answer(200, text, Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT")

    def do_same(self, _):
        self.answer(304)

    def do_open(self, text, **headers):
        self.close_connection = True
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(text if headers else text.rstrip(b"\n"))

    def do_opengzip(self, text):
        self.do_open(gzip.compress(text.rstrip(b"\n")), Content_Encoding="gzip")

    def do_large(self, text):
        self.answer(200, text * 300)

    def do_escape(self, text):
        self.answer(200, b"\x1b]0;title\x07 \xff\n" + text)

    def do_html(self, _):
        self.answer(200, b"<!DOCTYPE html><html><body>Please log in</body></html>", Content_Type="text/html")

    def do_empty(self, _):
        self.answer(200)

    def do_500(self, _):
        self.answer(500, b"oops")

    def do_404(self, _):
        self.answer(404, b"no")

    def do_flaky(self, text):
        Handler.flaky += 1
        self.answer(*((500,) if Handler.flaky < 3 else (200, text)))

    def do_cut(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text[: len(text) // 2])

    def do_chunkcut(self, text):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n" % len(text) + text[: len(text) // 2])

    def do_drip(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        for byte in text:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.2)

    def do_loop(self, _):
        self.answer(302, Location="/loop")

    def do_tofile(self, _):
        self.answer(302, Location="file:///etc/passwd")

    def do_to(self, _):
        self.answer(302, Location=urllib.parse.urlsplit(self.path).query)

    def do_huge(self, text):
        self.send_response(200)
        self.end_headers()
        for _ in range((2 << 30) // len(text)):
            self.wfile.write(text)

    def do_bomb(self, text):
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        piece = gzip.compress(text * 1000, 9)
        for _ in range(1000):
            self.wfile.write(piece)

    def log_message(self, format, *args):
        # In one piece: print() would let the lines of two threads run into each other.
        os.write(2, (format % args + "\n").encode())


http.server.ThreadingHTTPServer.request_queue_size = 64
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
