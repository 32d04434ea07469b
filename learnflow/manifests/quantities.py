"""Durations as Knative writes them: ISO 8601 in delivery, Go's notation in annotations."""

import re

_ISO = re.compile(
    r"P(?=[\dT])(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_ISO_SECONDS = {"days": 86_400.0, "hours": 3_600.0, "minutes": 60.0, "seconds": 1.0}
_GO_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)")
_GO_SECONDS = {"h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def iso_seconds(text: str) -> float:
    """Seconds of an ISO 8601 duration such as "PT0.5S"; months and years are refused."""
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no ISO 8601 duration in days, hours, minutes and seconds")
    return sum(
        float(amount) * _ISO_SECONDS[unit] for unit, amount in found.groupdict().items() if amount
    )


def go_seconds(text: str) -> float:
    """Seconds of a Go duration such as "60s" or "1m30s"."""
    parts = _GO_PART.findall(text)
    if text == "0":
        return 0.0
    if not parts or "".join(amount + unit for amount, unit in parts) != text:
        raise ValueError(f'{text!r} is no duration such as "60s" or "1m30s"')
    return sum(float(amount) * _GO_SECONDS[unit] for amount, unit in parts)
