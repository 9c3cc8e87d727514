#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records the kernel's sock_diag answers that tests/unit/sockets_test.cc replays.

unshare -n python3 tests/captures/record_sock_diag.py FOLDER
"""
import socket
import struct
import subprocess
import sys

SERVER4, CLIENT4 = "192.0.2.1", "203.0.113.7"
SERVER6, CLIENT6 = "2001:db8::1", "2001:db8:7::7"
TCPDIAG_GETSOCK, SOCK_DIAG_BY_FAMILY, NLMSG_DONE = 18, 20, 3
REQUEST_DUMP = 0x301


def listen(address, port, family):
    listener = socket.socket(family)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind((address, port))
    listener.listen()
    return listener


def connect(source, target, source_port, port):
    client = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET)
    client.bind((source, source_port))
    client.connect((target, port))
    return client


def dump(message_type, body):
    bus = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
    bus.send(struct.pack("=IHHII", 16 + len(body), message_type, REQUEST_DUMP, 1, 0) + body)
    answer = b""
    while True:
        part = bus.recv(65536)
        answer += part
        length, kind = struct.unpack_from("=IH", part)
        if kind == NLMSG_DONE or answer[-20 + 4:-20 + 6] == struct.pack("=H", NLMSG_DONE):
            return answer


def main(folder):
    for command in ("link set lo up", f"address add {SERVER4}/32 dev lo", f"address add {CLIENT4}/32 dev lo",
                    f"address add {SERVER6}/128 dev lo nodad", f"address add {CLIENT6}/128 dev lo nodad"):
        subprocess.run(["ip", *command.split()], check=True)
    dual = listen("::", 443, socket.AF_INET6)
    plain = listen("0.0.0.0", 80, socket.AF_INET)
    clients = [connect(CLIENT4, SERVER4, 40001, 443), connect(CLIENT4, SERVER4, 40002, 80),
               connect(CLIENT6, SERVER6, 40003, 443), connect(CLIENT4, SERVER4, 40004, 443)]
    servers = [dual.accept()[0] for _ in range(3)] + [plain.accept()[0]]
    servers[1].close()  # the IPv6 one: FIN_WAIT1 (or 2) here, CLOSE_WAIT there
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind((SERVER4, 40005))
    peer.connect((CLIENT4, 53))
    shared = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    shared.bind((SERVER4, 8388))
    tcp = struct.pack("=BBBB48sII", 0, 0, 0, 0, bytes(48), 0xFFE, 0)
    udp = struct.pack("=BBBBI48s", socket.AF_INET, socket.IPPROTO_UDP, 0, 0, 0xFFE, bytes(48))
    for name, kind, body in (("tcp", TCPDIAG_GETSOCK, tcp), ("udp", SOCK_DIAG_BY_FAMILY, udp)):
        with open(f"{folder}/sock_diag_{name}.bin", "wb") as file:
            file.write(dump(kind, body))
    return [clients, servers, peer, shared]


if __name__ == "__main__":
    main(sys.argv[1])
