#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes numbered lines, rotates the log under xlog-tail and kills that at random instants: torture.py MODE SEED [STEPS]

MODE: rename, copytruncate, over (copies over the last copy), logrotate (as it comes, with options by chance), mixed,
s6 (keeps some), s6-none (deletes what it rotates), truncate (without a copy). Half of the logs were rotated before.
Runs in the current folder. Says what went wrong, and is 1 then: a line lost or doubled, or bytes told that are not those
that are missing. All decisions come from SEED; the instants do not.
"""
import collections
import gzip
import os
import random
import re
import shutil
import signal
import subprocess
import sys

from torture_reader import Reader, wait_until


class Torture:
    def __init__(self, mode, seed):
        self.mode, self.dice = mode, random.Random(f"{mode} {seed}")
        self.log = "current" if mode.startswith("s6") else "access.log"
        self.dated = self.dice.random() < 0.3
        self.lossy = mode in ("s6-none", "truncate")
        self.keep = 0 if mode == "s6-none" else 6
        self.fd = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.lengths, self.missing, self.halves, self.rotated, self.unseen, self.kept_up = [0], 0, 0, 0, 0, 0
        self.reader = Reader(self.log, self.dice.random() < 0.5)
        if not mode.startswith("s6"):
            self.rotate_before()
        self.configure()

    def rotate_before(self):
        """What nobody may read; the newest was written to just now, or long ago."""
        self.rotated = self.dice.choice([0, 0, 1, 3])
        for number in range(1, self.rotated + 1):
            name = self.log + (f"-20260601{number:06}" if self.dated else f".{self.rotated + 1 - number}")
            with open(name, "w", encoding="ascii") as file:
                file.write(f"2026/06/01 11:00:00 from 203.0.113.7:{number} accepted tcp:a.example:443 [in -> out] "
                           "email: before\n" * self.dice.choice([0, 1, 30]))
            if self.dice.random() < 0.3:
                os.utime(name, (1e9 + number, 1e9 + number))

    def configure(self):
        """Of logrotate."""
        chance, choice = self.dice.random, self.dice.choice
        self.copies, self.few = chance() < 0.7, self.mode == "over" or chance() < 0.4
        compress = choice(["nocompress", "compress", "compress\n  delaycompress"])
        words = [f"rotate {choice([1, 2]) if self.few else 100}", "copytruncate" if self.copies else "create", compress,
                 choice(["nodateext", "dateext"]), "dateformat -%Y%m%d%H%M%S"]
        with open("logrotate.conf", "w", encoding="ascii") as file:
            file.write(f"{os.path.abspath(self.log)} {{\n" + "".join(f"  {word}\n" for word in words) + "}\n")

    # --- the writer

    def lines(self, count):
        text = b""
        for _ in range(count):
            number = len(self.lengths)
            line = (f"2026/06/01 12:00:{number // 1000000 % 60:02}.{number % 1000000:06} from 203.0.113.7:1 accepted "
                    f"tcp:{'a' * self.dice.randint(1, 60)}.example:443 [in -> out] email: u{number}\n").encode()
            self.lengths.append(len(line))
            text += line
        return text

    def write(self, fd=None):
        text = self.lines(self.dice.choice([1, 1, 1, 2, 5, 20, 20, 2000]))
        cut = self.dice.randrange(len(text)) if self.dice.random() < 0.3 else 0
        for part in (text[:cut], text[cut:]):
            assert os.write(fd or self.fd, part) == len(part)

    # --- rotation

    def reopen(self):
        old, self.fd = self.fd, os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        if self.dice.random() < 0.3:
            self.write(old)  # a busy core stays on the renamed file
        os.close(old)

    def next_name(self):
        self.rotated += 1
        if self.dated:
            return f"{self.log}-20260601{self.rotated:06}"
        for number in range(self.rotated - 1, 0, -1):
            for ending in ("", ".gz"):
                if os.path.exists(f"{self.log}.{number}{ending}"):
                    os.rename(f"{self.log}.{number}{ending}", f"{self.log}.{number + 1}{ending}")
        return self.log + ".1"

    def compress(self):
        """One that nobody writes to any more, as gzip does it, with its times or without."""
        plain = [name for name in os.listdir() if re.fullmatch(re.escape(self.log) + r"[.-][0-9]+", name)]
        plain.remove(f"{self.log}-20260601{self.rotated:06}" if self.dated else self.log + ".1")
        if not plain or self.dice.random() < 0.6:
            return
        name = self.dice.choice(sorted(plain))
        with open(name, "rb") as source, gzip.open(name + ".gz", "wb", 1) as packed:
            shutil.copyfileobj(source, packed)
        if self.dice.random() < 0.7:
            shutil.copystat(name, name + ".gz")
        os.unlink(name)

    def rename(self):
        os.rename(self.log, self.next_name())
        if self.dice.random() < 0.5:
            self.write()
        self.reopen()
        self.compress()

    def copytruncate(self):
        self.dice.choice([shutil.copyfile, shutil.copy2])(self.log, self.next_name())
        os.truncate(self.log, 0)
        self.compress()

    def over(self):
        if not self.may_lose_oldest():
            return
        for number in range(self.dice.choice([0, 0, 2]), 0, -1):
            if os.path.exists(f"{self.log}.{number}"):
                shutil.copyfile(f"{self.log}.{number}", f"{self.log}.{number + 1}")
        shutil.copyfile(self.log, self.log + ".1")
        os.truncate(self.log, 0)
        self.rotated += 1

    def logrotate(self):
        if self.few and not self.may_lose_oldest():
            return
        subprocess.run(["logrotate", "-f", "-s", "logrotate.state", "logrotate.conf"], check=False,
                       stderr=subprocess.DEVNULL)  # twice in a second gives the same date, and no rotation
        if not self.copies:
            os.close(self.fd)
            self.fd = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.rotated += 1

    def may_lose_oldest(self):
        """Not unread; only the newest lines are waited for."""
        if self.reader.process:
            self.reader.flowing.set()
            self.keep_up()
        elif self.unseen and not self.reader.has(self.unseen):
            return False
        self.unseen = len(self.lengths) - 1
        return True

    def mixed(self):
        self.dice.choice([self.rename, self.copytruncate])()

    def keep_up(self):
        wait_until("the reader keeps up", lambda: not self.unseen or self.reader.has(self.unseen))
        self.kept_up = self.rotated

    def s6(self):
        """Deletes nothing that the reader had no chance to open."""
        if self.reader.process:
            self.keep_up()
        elif self.rotated - self.kept_up >= self.keep - 2:
            return
        self.unseen = len(self.lengths) - 1
        self.rotate_s6()

    def s6_none(self):
        if self.reader.process:
            self.keep_up()
        self.rotate_s6()
        self.unseen = len(self.lengths)
        os.write(self.fd, self.lines(1))

    def rotate_s6(self):
        self.rotated += 1
        os.rename(self.log, f"@4000000069a1b2c3{self.rotated:08x}.s")
        self.reopen()
        for name in sorted(name for name in os.listdir() if name.startswith("@"))[:-self.keep or None]:
            os.unlink(name)

    def has_seen(self, size):
        with open("place.now", "rb") as file:
            return re.search(rb"^open (?:\S+ ){6}%d " % size, file.read(), re.M)

    def truncate(self):
        """Cuts off bytes that the reader has seen and not given: a half line."""
        if not self.reader.process:
            self.reader.start()
        half, size = 0, os.fstat(self.fd).st_size
        while not half or self.has_seen(size + half):  # an older place may be told in there too
            half += self.dice.randint(1, 300)
        self.halves += 1
        os.write(self.fd, (b"%c" % (ord("a") + self.halves % 26)).ljust(half, b"x"))
        wait_until("the reader has seen it all", lambda: self.has_seen(size + half))
        if self.dice.random() < 0.5:
            self.reader.end(signal.SIGKILL)
        os.truncate(self.log, 0)
        self.missing += half

    # --- all together

    def step(self):
        self.write()
        if self.dice.random() < 0.08:
            rotate = getattr(self, self.mode.replace("-", "_"))
            for _ in range(self.dice.choice([1, 1, 1, 2, 3, 8])):
                rotate()
        if self.dice.random() < 0.05:
            (self.reader.flowing.clear if self.dice.random() < 0.5 else self.reader.flowing.set)()
        if self.reader.process and self.dice.random() < 0.15:
            self.reader.end(signal.SIGKILL)
        elif not self.reader.process and self.dice.random() < 0.3:
            self.reader.start()

    def run(self, steps):
        self.reader.start()
        wait_until("the first checkpoint", lambda: os.path.exists("place") and os.path.exists("place.now"))
        for _ in range(steps):
            if self.mode.startswith(("s6", "truncate")):
                self.reader.flowing.set()  # it is waited for
            self.step()
        self.reader.flowing.set()
        if not self.reader.process:
            self.reader.start()
        os.write(self.fd, self.lines(1))
        users = re.compile(rb'"user":"u(\d+)"')
        last = len(self.lengths) - 1
        try:
            wait_until("the end", lambda: self.reader.has(last) and (
                self.lossy or len(set(users.findall(self.reader.came()))) == last))
        except TimeoutError:
            pass  # told below
        self.reader.end(signal.SIGTERM)
        os.write(self.reader.out, b"END")
        wait_until("the pipe is empty", lambda: self.reader.came().endswith(b"END"))
        return self.judge(collections.Counter(int(user) for user in users.findall(self.reader.came())))

    def judge(self, came):
        missing = [number for number in range(1, len(self.lengths)) if number not in came]
        doubled = [number for number, count in came.items() if count > 1]
        told = re.findall(rb'"kind":"(truncated|lost)","bytes":(\d+)', self.reader.came())
        bytes_told = sum(int(count) for _, count in told)
        bytes_missing = self.missing + sum(self.lengths[number] for number in missing)
        unknown = self.mode == "s6-none"  # what is deleted while nobody looks
        wrong = []
        if missing and not self.lossy:
            wrong.append(f"lost: {missing[:20]}, {len(missing)} in all")
        if doubled:
            wrong.append(f"doubled: {doubled[:20]}, {len(doubled)} in all")
        if bytes_told > bytes_missing or (bytes_told < bytes_missing and not unknown) or (missing and not told):
            wrong.append(f"missing {bytes_missing} bytes, told {bytes_told}: {told}")
        print(f"{self.mode}: {len(self.lengths) - 1} lines, {self.rotated} rotations, {self.reader.starts} readers, "
              f"{'a pipe' if self.reader.into_pipe else 'a file'}, missing {bytes_missing} bytes, told {bytes_told}")
        print("".join(line + "\n" for line in wrong), end="")
        return 1 if wrong else 0


if __name__ == "__main__":
    steps = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    sys.exit(Torture(sys.argv[1], sys.argv[2]).run(steps))
