"""W3C trace context: continued when it is one, begun otherwise."""

import pytest

from learnflow.runtime.trace import continued, trace_id

TRACE, SPAN = "a" * 32, "b" * 16


@pytest.mark.parametrize("version", ["00", "42"])
def test_a_trace_goes_on_with_a_span_of_ours(version: str) -> None:
    ours = continued(f"{version}-{TRACE}-{SPAN}-01")

    assert trace_id(ours) == TRACE
    assert ours.startswith("00-")
    assert ours.endswith("-01")
    assert SPAN not in ours


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "00-" + "0" * 32 + "-" + "0" * 16 + "-00",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
        "Zaphod",
    ],
)
def test_what_is_no_trace_begins_a_new_one(value: str | None) -> None:
    first, second = continued(value), continued(value)

    assert trace_id(first) != trace_id(second)
    assert "0" * 32 not in first
    assert len(first) == 55
