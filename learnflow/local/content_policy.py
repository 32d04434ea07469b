"""What may a page load and run? Its Content-Security-Policy, made from the page itself.

Nothing but this origin's files, and of what stands in the page exactly that: each inline script and
style is allowed by its hash, so that nothing which gets into the page later runs. The build's own
style sheets are allowed inline, too: where a link leads to another page, Next.js puts them there.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from typing import Final

_DATA: Final = frozenset({"application/json", "application/ld+json", "text/plain"})
"""Types of `script` that are never run and need no leave."""
_FIXED: Final = (
    "default-src 'none'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)


def policy(page: str, sheets: Iterable[str] = ()) -> str:
    """The policy of one HTML page of a build with these style sheets."""
    inline = _Inline()
    inline.feed(page)
    inline.close()
    inserted = [text for sheet in sheets for text in ("", sheet)]  # empty first, then filled
    styles = _sources([*inline.styles, *inserted])
    if inline.attributes:
        styles = [*styles, "'unsafe-hashes'", *_hashes(inline.attributes)]
    own = (
        f"script-src {' '.join(_sources(inline.scripts))}",
        f"style-src {' '.join(styles)}",
    )
    return "; ".join((*_FIXED, *own))


def _sources(texts: Iterable[str]) -> Sequence[str]:
    return ["'self'", *_hashes(texts)]


def _hashes(texts: Iterable[str]) -> Iterable[str]:
    for text in sorted(set(texts)):
        digest = hashlib.sha256(text.encode()).digest()
        yield f"'sha256-{base64.b64encode(digest).decode()}'"


class _Inline(HTMLParser):
    """Collects scripts, styles and style attributes that stand in a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.attributes: list[str] = []
        self._into: list[str] | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        given = dict(attrs)
        if given.get("style"):
            self.attributes.append(str(given["style"]))
        if tag == "script" and "src" not in given and given.get("type") not in _DATA:
            self._into = self.scripts
        elif tag == "style":
            self._into = self.styles

    def handle_data(self, data: str) -> None:
        """Text of an element."""
        if self._into is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if tag in ("script", "style") and self._into is not None:
            self._into.append("".join(self._text))
            self._into = None
            self._text.clear()
