"""The end of a demonstration for people: matches with reasons, cold starts, latencies, URLs."""

from typing import TYPE_CHECKING

from learnflow.cli.hints import curl_lines
from learnflow.cli.output import print_table

if TYPE_CHECKING:
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
    _figures(result)
    if stay:
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
