# SPDX-License-Identifier: MIT
"""The xlog-tail that torture.py starts and kills, and what came out of it."""
import os
import subprocess
import threading
import time

DEADLINE = float(os.environ.get("XLIMIT_DEADLINE", "20"))


def wait_until(what, condition):
    end = time.monotonic() + DEADLINE
    breath = threading.Event()
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        breath.wait(0.005)


class Reader:
    """xlog-tail, which writes into a pipe that outlives it, or appends to a file."""

    def __init__(self, log, into_pipe):
        self.log, self.process, self.starts = log, None, 0
        self.text, self.flowing = bytearray(), threading.Event()
        self.flowing.set()
        self.out = os.open("out", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        if into_pipe:
            source, self.out = os.pipe()
            threading.Thread(target=self.drain, args=(source,), daemon=True).start()
        self.into_pipe = into_pipe

    def drain(self, source):
        while self.flowing.wait():
            self.text += os.read(source, 65536)

    def start(self):
        with open("err", "ab") as err:
            self.process = subprocess.Popen(
                ["xlog-tail", "--node", "n1", "--checkpoint", "place", self.log], stdout=self.out, stderr=err)
        self.starts += 1

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait()
        self.process = None

    def came(self):
        if self.into_pipe:
            return bytes(self.text)
        with open("out", "rb") as file:
            return file.read()

    def has(self, number):
        return b'"user":"u%d"' % number in self.came()
