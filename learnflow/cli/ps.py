"""`learnflow ps`: what runs."""

from collections.abc import Iterator
from typing import Any

from learnflow.cli.options import Json


def ps(json: Json = False) -> None:
    """Show every function's instances and every source's lag."""
    from learnflow.cli.output import print_json
    from learnflow.cli.place import control

    runner = control()
    found = runner.get("ps")
    if json:
        print_json(found)
        return
    print(f"gateway  {runner.get('urls')['gateway']}\n")
    _show(found)
    for line in _beside(found):
        print(line)


def _beside(found: dict[str, Any]) -> Iterator[str]:
    """What is not as usual: fault switches, and functions that are left to a debugger."""
    from learnflow.cli.hints import attach_lines

    for one in found["functions"]:
        for switch in one.get("faults", ()):
            acted = f"acted {switch['acted']} times; off: learnflow fault clear {one['function']}"
            yield f"fault switch on: {one['function']}: {switch['fault']} ({acted})"
        if attached := one.get("attached"):
            if attached["there"]:
                yield f"{one['function']} is attached: your process gets its requests and events"
            else:
                yield from attach_lines(one["function"], attached["command"])


def _show(found: dict[str, Any]) -> None:
    from learnflow.cli.output import print_table

    print_table(
        ("function", ">instances", ">in flight", ">waiting", ">cold starts", "started in", "PIDs"),
        [
            (
                one["function"],
                len(one["instances"]),
                one["requests"],
                one["waiting"],
                one["cold_starts"],
                ", ".join(f"{i['start_ms']:.0f} ms" for i in one["instances"] if i["start_ms"]),
                ", ".join(str(instance["pid"]) for instance in one["instances"]),
            )
            for one in found["functions"]
        ],
    )
    print_table(
        ("source", "function", ">lag", ">in flight", ">to retry", ">delivered", ">dead"),
        [
            (
                one["source"],
                one["function"],
                "stopped" if one["lag"] is None else one["lag"],
                one["in_flight"],
                one["waiting_for_retry"],
                one["delivered"],
                one["dead"],
            )
            for one in found["sources"]
        ],
    )
