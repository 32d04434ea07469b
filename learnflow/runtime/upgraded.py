"""What is a connection once it has become a WebSocket? uvicorn's protocol, stricter at its ends.

wsproto costs 20 ms of imports, so that only `serve` imports this, at an instance's first upgrade.
"""

from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from wsproto.events import CloseConnection, RejectConnection

from learnflow.runtime.sockets import STOPPING


class Socket(WSProtocol):
    """Pings each heartbeat; who answers none until the next, or reads nothing, is cut off."""

    def data_received(self, data: bytes) -> None:
        """Read frames; a handshake whose Host is no name is refused with 400."""
        try:
            super().data_received(data)
        except UnicodeError:
            self.transport.write(self.conn.send(RejectConnection(status_code=400)))
            self.transport.close()

    async def send(self, message: Any) -> None:
        """As ASGI says; after a close from either side there is nobody to send to."""
        if self.close_sent:
            raise ClientDisconnected
        await super().send(message)

    def keepalive_timeout(self) -> None:
        """Nobody is there, or nobody reads: what is still to be sent would wait for ever."""
        self.transport.abort()

    def shutdown(self) -> None:
        """The instance stops: say 1001; a handshake is answered first, and the answer says it."""
        if not self.handshake_complete:
            return
        if not self.close_sent and not self.response_started:
            code, reason = STOPPING
            self.close_sent = True
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
            self.transport.write(self.conn.send(CloseConnection(code=code, reason=reason)))
        super().shutdown()
