"""What the state machine draws: wishes, offers, availabilities, and how much a client knows."""

from typing import Final

from hypothesis import strategies as st

SUBJECTS: Final = ("mathematics", "physics")
languages = st.lists(st.sampled_from(("en", "de")), max_size=1)
bands = st.sampled_from((1, 3, 5))
wishes = st.fixed_dictionaries(
    {"grade": st.sampled_from((4, 9)), "subject": st.sampled_from(SUBJECTS)},
    optional={"languages": languages, "budget_band": bands, "times": st.just(["mon-16"])},
)
offers = st.fixed_dictionaries(
    {
        "subjects": st.lists(st.sampled_from(SUBJECTS), min_size=1, max_size=2, unique=True),
        "capacity": st.integers(1, 3),
    },
    optional={
        "grade_max": st.sampled_from((6, 12)),
        "languages": languages,
        "price_band": bands,
        "available": st.booleans(),
    },
)
availabilities = st.fixed_dictionaries(
    {
        "available": st.sampled_from((True, True, False)),
        "capacity": st.integers(1, 3),
        "times": st.sampled_from(([], ["mon-16"], ["tue-09"])),
    }
)
knowledge = st.sampled_from(("current", "current", "any", "stale", "none"))
places = st.integers(0, 40)
"""Which of those that wait, or of those that were said: counted round and round."""
shorts = st.sampled_from(("students", "tutors", "matching"))
