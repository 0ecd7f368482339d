"""A WebSocket client (RFC 6455) of the least that is needed: text frames, ping, close."""
import base64
import hashlib
import json
import os
import socket
import struct

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Closed(Exception):
    """The server has closed the connection. status, reason: of its closing frame; None without one."""

    def __init__(self, payload=b""):
        self.status = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
        self.reason = payload[2:].decode()
        super().__init__(self.status, self.reason)


class WebSocket:
    def __init__(self, host, port, path, seconds=120, headers=None, source=None):
        self.socket = socket.create_connection((host, port), seconds, (source, 0) if source else None)
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n".encode()
            + "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items()).encode() + b"\r\n"
        )
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.status = int(head.split()[1])
        if self.status == 101:
            want = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest())
            assert want in head, "the server's Sec-WebSocket-Accept is wrong"

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise Closed()
        self.buffer += data

    def _take(self, count):
        while len(self.buffer) < count:
            self._more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def send_frame(self, opcode, payload):
        length = len(payload)
        head = bytes([0x80 | opcode])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", length)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", length)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))
        self.socket.sendall(head + mask + masked)

    def send_text(self, text):
        self.send_frame(TEXT, text.encode())

    def send(self, kind, sequence, payload=None):
        """A message as the Rust Playground's page sends it."""
        message = {"type": kind, "meta": {"sequenceNumber": sequence}}
        if payload is not None:
            message["payload"] = payload
        self.send_text(json.dumps(message))

    def receive_text(self):
        """The next text message, whole. Raises Closed when the server ends the connection."""
        text = b""
        while True:
            first, second = self._take(2)
            length = second & 0x7F
            assert not second & 0x80, "a server must not mask"
            if length == 126:
                (length,) = struct.unpack(">H", self._take(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self._take(8))
            payload = self._take(length)
            opcode = first & 15
            if opcode == CLOSE:
                raise Closed(payload)
            if opcode == PING:
                self.send_frame(PONG, payload)
            elif opcode in (0, TEXT):
                text += payload
                if first & 0x80:
                    return text.decode()

    def receive(self):
        return json.loads(self.receive_text())

    def handshake(self):
        """Connects as the page does; returns the feature flags."""
        hello = json.dumps(
            {
                "type": "websocket/connected",
                "payload": {"iAcceptThisIsAnUnsupportedApi": True},
                "meta": {"websocket": True, "sequenceNumber": 0},
            }
        )
        self.send_text(hello)
        assert self.receive_text() == hello, "the greeting comes back verbatim"
        flags = self.receive()
        assert flags["type"] == "featureFlags", flags
        return flags

    def close(self):
        self.socket.close()
