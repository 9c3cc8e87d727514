#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which of two clients' packets get through, without a pause, while somebody changes the firewall.

passing.py echo ADDRESS PORT                       answers every datagram; says "ready" first
passing.py probe LISTED UNLISTED ADDRESS PORT      until SIGTERM: from LISTED as fast as it can, from UNLISTED one
                                                   datagram at a time, each waited for; then a line of JSON
"""
import json
import signal
import socket
import sys


def udp(address, port=0):
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, port))
    return made


def echo(address, port):
    served = udp(address, port)
    print("ready", flush=True)
    while True:
        data, peer = served.recvfrom(64)
        try:
            served.sendto(data, peer)
        except PermissionError:  # what the host's own firewall drops on the way out
            pass


def probe(listed_address, unlisted_address, address, port):
    going = True

    def stop(*_):
        nonlocal going
        going = False

    signal.signal(signal.SIGTERM, stop)
    listed, unlisted = udp(listed_address), udp(unlisted_address)
    for made in (listed, unlisted):
        made.connect((address, port))
    listed.setblocking(False)
    unlisted.settimeout(2)
    sent = passed = asked = lost = 0
    print("going", flush=True)
    while going:
        listed.send(b"%d" % sent)
        sent += 1
        try:
            while listed.recv(64):
                passed += 1
        except BlockingIOError:
            pass
        unlisted.send(b"%d" % asked)
        asked += 1
        try:
            unlisted.recv(64)
        except TimeoutError:
            lost += 1
    print(json.dumps({"listed_sent": sent, "listed_passed": passed, "unlisted_sent": asked, "unlisted_lost": lost}))


if sys.argv[1] == "echo":
    echo(sys.argv[2], int(sys.argv[3]))
probe(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
