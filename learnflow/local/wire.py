"""How the runner and a fork server speak: JSON after its length, descriptors beside it."""

import json
import socket
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

HEADER: Final = struct.Struct("!I")
MOST_DESCRIPTORS: Final = 16


def encode(message: Mapping[str, Any]) -> bytes:
    """Return the bytes of one message."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return HEADER.pack(len(body)) + body


def receive(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Block for one message and the descriptors sent with it; None when the other end is gone.

    The header is read alone, so that descriptors cannot be taken for those of the next message.
    """
    try:
        head, descriptors, _, _ = socket.recv_fds(control, HEADER.size, MOST_DESCRIPTORS)
        head += _exactly(control, HEADER.size - len(head)) if head else b""
        if len(head) < HEADER.size:
            return None
        size: int = HEADER.unpack(head)[0]
        body = _exactly(control, size)
    except ConnectionError:
        return None
    return (json.loads(body), descriptors) if len(body) == size else None


def _exactly(control: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size and (part := control.recv(size - len(parts))):
        parts += part
    return bytes(parts)


class Decoder:
    """Cuts a stream read in arbitrary pieces into messages."""

    def __init__(self) -> None:
        self._left = bytearray()

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Yield the messages that are complete with this piece."""
        self._left += data
        while len(self._left) >= HEADER.size:
            end = HEADER.size + HEADER.unpack_from(self._left)[0]
            if len(self._left) < end:
                return
            body = bytes(self._left[HEADER.size : end])
            del self._left[:end]
            yield json.loads(body)
