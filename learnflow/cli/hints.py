"""Lines to copy: what to try against a running gateway."""


def curl_lines(url: str, student_id: str = "STUDENT_ID") -> list[str]:
    """Commands for a shell, the specification's smallest requests."""
    head = "-H 'content-type: application/json'"
    return [
        f"curl '{url}/api/tutors?available=true'",
        f"""curl {url}/api/tutors {head} -d '{{"name":"Ada","subjects":["mathematics"]}}'""",
        f"""curl {url}/api/students {head} """
        """-d '{"name":"Max","grade":7,"subject":"mathematics"}'""",
        f"curl {url}/api/students/{student_id}",
        f"curl -N {url}/api/students/{student_id}/events",
    ]
