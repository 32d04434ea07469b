"""The end of a demonstration for people: matches with reasons, cold starts, latencies, URLs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from learnflow.cli.hints import curl_lines, page_lines
from learnflow.cli.output import print_table

if TYPE_CHECKING:
    from learnflow.demo.encore import Encore
    from learnflow.demo.result import Result


def show_result(result: "Result", url: str, stay: bool) -> None:
    """Print the tables, and while it stays what to try."""
    print()
    print_table(
        ("student", ">grade", "subject", "tutor", "because"),
        [(m.student, m.grade, m.subject, m.tutor, m.reasons) for m in result.matches],
        f"{len(result.matches)} of {result.audit.matched} matches",
    )
    print_table(
        ("function", ">cold start, ms"),
        [(name, f"{ms:.0f}") for name, ms in sorted(result.cold_start_ms.items())],
        "Woken from zero: request to first answer",
    )
    if result.encore:
        print("\n".join(encore_lines(result.encore)) + "\n")
    _figures(result)
    if stay:
        print("\n".join(["", *page_lines(url)]))
        print(f"\nLearnFlow serves {url} until Ctrl-C. Try, in another terminal:\n")
        print("\n".join(curl_lines(url, result.example_id or "STUDENT_ID")))
        print("\nlearnflow ps, events list, dead-letters list and logs -f show what happens.\n")


def _figures(result: "Result") -> None:
    found, numbers = result.audit, result.document()
    times = numbers["registered_to_notified_ms"]
    print(
        f"registered    {result.students} students, {result.tutors} tutors\n"
        f"outcome       {found.matched} matched, {found.waiting} waiting, "
        f"{found.notified} notified\n"
        f"audit         {found.lost} lost, {found.duplicated} duplicated, "
        f"{found.over_capacity} tutors over capacity, {found.mismatched} told wrongly\n"
        f"first told    p50 {times['p50']} ms, p99 {times['p99']} ms after registration\n"
        f"time          first registration {numbers['first_registration_seconds']} s after the "
        f"command, all done after {numbers['seconds']} s"
    )


def encore_lines(encore: "Encore") -> list[str]:
    """Why this tutor, and what a decline led to."""
    filters, reasons = encore.explained["filters"], encore.explained["reasons"]
    left_out = [
        f"{count} {why.replace('_', ' ')}" for why, count in filters["left_out"].items() if count
    ]
    decided = _codes(encore.explained["runner_up"]["decided_by"])
    after = (
        f"{encore.next_tutor} was booked and {encore.student} told"
        if encore.next_tutor
        else f"nobody else could take {encore.student}, who was told to wait"
    )
    return [
        f"Why {encore.tutor} for {encore.student} ({encore.subject})?",
        f"  {filters['teaching']} teach it, left out: {', '.join(left_out) or 'nobody'}; "
        f"{filters['remaining']} remained",
        f"  in favour: {_codes(reasons['in_favour'])}; against: {_codes(reasons['against'])}",
        f"  runner-up: {encore.runner_up}, behind in {decided}",
        f"Then {encore.tutor} declined: {after} {encore.next_ms:.0f} ms later.",
    ]


def _codes(parts: Sequence[Mapping[str, Any]]) -> str:
    words = [
        part["code"].replace("_", " ") + (f" {part['value']:+.1f}" if part["value"] else "")
        for part in parts
    ]
    return ", ".join(words) or "nothing"
