"""`learnflow ps`: what runs."""

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
