"""The headers by which a browser protects the app: who may frame it, and from where it may load anything."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# Streamlit's own page needs scripts and styles inside it, charts compile theirs, and sounds and pictures come
# as data. Nothing comes from another host, so a text from outside can't make a browser fetch anything.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss: data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",  # the canvas to draw on is a frame of ours
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-frame-options": "SAMEORIGIN",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class SecurityHeaders:
    """ASGI middleware that adds `HEADERS` to every answer.

    Args:
        app: The application.
    """

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                others = [pair for pair in message["headers"] if pair[0].lower().decode() not in HEADERS]
                message = {**message, "headers": [*others, *own]}
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
