"""Servers and clients of tests: serve ADDRESS PORT..., tcp ADDRESS PORT SECONDS, hold ADDRESS PORT, count ADDRESS PORT."""

import asyncio
import select
import signal
import socket
import sys
import time

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
TICK = 0.1
LONGEST_GAP = 1.0


async def answer(reader, writer):
    """A request of HTTP gets an answer and the end, anything else itself back until the other side ends."""
    try:
        while data := await reader.read(4096):
            writer.write(ANSWER if data.startswith(b"GET ") else data)
            await writer.drain()
            if data.startswith(b"GET "):
                break
    except OSError:
        pass
    finally:
        writer.close()


async def serve(address, ports):
    servers = []
    for port in ports:
        if address == "any":
            both = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128)
            servers.append(await asyncio.start_server(answer, sock=both))
        else:
            servers.append(await asyncio.start_server(answer, address, port, backlog=128))
    print("listening on", address, *ports, flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


def tcp(address, port, seconds):
    deadline = time.monotonic() + seconds
    try:
        with socket.create_connection((address, port), timeout=seconds) as connection:
            connection.settimeout(max(0.1, deadline - time.monotonic()))
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return 0 if connection.recv(4096).startswith(b"HTTP/1.1 200") else 1
    except OSError:
        return 1


def hold(address, port):
    """Until its own input ends; then 0, or 1 and what went wrong."""
    try:
        with socket.create_connection((address, port), timeout=5) as connection:
            connection.settimeout(LONGEST_GAP)
            while not select.select([sys.stdin], [], [], TICK)[0]:
                connection.sendall(b"tick\n")
                if not connection.recv(64):
                    print("the connection to", address, port, "was closed (expected: open until the end)")
                    return 1
    except TimeoutError:
        print("the connection to", address, port, "stood still for", LONGEST_GAP, "s (expected: an answer at once)")
        return 1
    except OSError as problem:
        print("the connection to", address, port, "broke:", problem)
        return 1
    return 0


def count(address, port):
    """Numbered lines on one connection, a hundred a second, until TERM; then how many, and the longest wait for one."""
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    longest = 0.0
    number = 0
    with socket.create_connection((address, port), timeout=5) as connection:
        connection.settimeout(30)
        lines = connection.makefile("rb")
        while not ending:
            number += 1
            began = time.monotonic()
            connection.sendall(b"%d\n" % number)
            line = lines.readline()
            longest = max(longest, time.monotonic() - began)
            if line != b"%d\n" % number:
                print("line", number, "came back as", line, "(expected: the same)", flush=True)
                return 1
            if number == 1:
                print("counting", flush=True)
            time.sleep(0.01)
    print("counted", number, "longest", round(longest * 1000), "ms", flush=True)
    return 0


def main(words):
    match words:
        case ["serve", address, *ports] if ports:
            asyncio.run(serve(address, [int(port) for port in ports]))
            return 0
        case ["tcp", address, port, seconds]:
            return tcp(address, int(port), float(seconds))
        case ["hold", address, port]:
            return hold(address, int(port))
        case ["count", address, port]:
            return count(address, int(port))
        case _:
            print("usage:", __doc__, file=sys.stderr)
            return 2


sys.exit(main(sys.argv[1:]))
