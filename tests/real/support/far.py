"""A long way between two virtual cards, with a narrow place in it: far.py ONE_WAY_MS JITTER_MS

Makes the TUN cards tally0 and tally1 and carries each packet from one to the other, ONE_WAY_MS later and up to
JITTER_MS more (by chance; the order is kept). Not every kernel has netem. Prints "ready PORT" when the cards are there:
a datagram to that port of 127.0.0.1 says how many kb/s go from tally1 to tally0 from then on; what comes faster waits
in a router that holds 300 ms of it, and is lost where that is full.
"""

import collections
import fcntl
import os
import random
import select
import socket
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
ROUTER_SECONDS, ROUTER_BYTES_MIN = 0.3, 12_000


def card(name):
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return file


class Way:
    """One direction: packets, and when they are due."""

    def __init__(self, card, delay, jitter):
        self.card, self.delay, self.jitter = card, delay, jitter
        self.bytes_per_second = None
        self.free_at = 0.0  # when the narrow place is done with all it has
        self.waiting = collections.deque()

    def take(self, packet):
        now = time.monotonic()
        leaves = now
        if self.bytes_per_second:
            leaves = max(now, self.free_at)
            room = max(ROUTER_SECONDS, ROUTER_BYTES_MIN / self.bytes_per_second)
            if leaves - now > room:
                return
            leaves += len(packet) / self.bytes_per_second
            self.free_at = leaves
        due = leaves + self.delay + random.uniform(0, self.jitter)
        self.waiting.append((max(due, self.waiting[-1][0] if self.waiting else 0), packet))

    def deliver(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            try:
                os.write(self.card, self.waiting.popleft()[1])
            except OSError:
                pass  # the card is not up


def main():
    delay, jitter = (float(argument) / 1000 for argument in sys.argv[1:3])
    near, far = card("tally0"), card("tally1")
    orders = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    orders.bind(("127.0.0.1", 0))
    up, down = Way(near, delay, jitter), Way(far, delay, jitter)
    takes = {far: up, near: down}
    print("ready", orders.getsockname()[1], flush=True)
    while True:
        up.deliver()
        down.deliver()
        dues = [way.waiting[0][0] for way in (up, down) if way.waiting]
        patience = max(0.0, min(dues) - time.monotonic()) if dues else None
        for file in select.select([near, far, orders], [], [], patience)[0]:
            if file is orders:
                up.bytes_per_second = int(orders.recv(64)) * 125
                continue
            try:
                while packet := os.read(file, 65536):
                    takes[file].take(packet)
            except OSError:
                pass  # no more


main()
