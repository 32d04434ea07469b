"""Which trace does this call belong to? W3C trace context, continued or begun."""

import os
import re
from typing import Final

_SHAPE: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16


def continued(traceparent: str | None) -> str:
    """A traceparent for this call: the caller's trace with a span of ours, or a new trace.

    Dapr and Knative send empty and all-zero values, which mean none.
    """
    if traceparent and (match := _SHAPE.fullmatch(traceparent)):
        trace, span, flags = match.groups()
        if trace != _NO_TRACE and span != _NO_SPAN:
            return f"00-{trace}-{os.urandom(8).hex()}-{flags}"
    fresh = os.urandom(24).hex()
    return f"00-{fresh[:32]}-{fresh[32:]}-01"


def trace_id(traceparent: str) -> str:
    """The 32 hex digits that name the trace."""
    return traceparent[3:35]
