"""A tunnel through which one connection goes at a time, like `ssh -L` or stunnel: tunnel.py SERVER PORT

What it has taken it has acknowledged, and what it can not pass on waits in its own buffers and the system's. Prints
"ready PORT" when it listens on 127.0.0.1.
"""

import socket
import sys
import threading


def carry(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


listener = socket.create_server(("127.0.0.1", 0))
print("ready", listener.getsockname()[1], flush=True)
while True:
    client, _ = listener.accept()
    server = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    for way in (client, server), (server, client):
        threading.Thread(target=carry, args=way, daemon=True).start()
