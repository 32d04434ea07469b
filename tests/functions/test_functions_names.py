"""People's names, in whatever script: kept as they are, and in no event."""

import unicodedata

import pytest

from tests.flow.world import World

NAMES = {
    "Latin": "Zoë O’Hara-Müller",
    "decomposed": "Zoe\u0308 A\u030angstro\u0308m",
    "Cyrillic": "Софья Ковалевская",
    "Greek": "Ὑπατία",
    "Arabic": "محمد بن موسى الخوارزمي",
    "Hebrew": "עמי נתר",
    "Devanagari": "श्रीनिवास रामानुजन्",
    "Thai": "ณัฐชัย",
    "Chinese": "陳省身",
    "Japanese": "高木貞治 たかぎ",
    "Korean": "허준이",
    "beyond the basic plane": "𠮷田 𝔄𝔡𝔞 🦉",
    "Cherokee": "ᏍᏏᏉᏯ",
    "quotes": '\'; DROP TABLE students; -- "$1" \\ %s {}',
    "the longest": "字" * 200,
}


@pytest.mark.parametrize("script", NAMES)
async def test_a_name_is_kept_and_stays_out_of_every_event(world: World, script: str) -> None:
    name = NAMES[script]
    await world.do("register_tutor", name=name, subjects=["physics"])
    await world.settle()
    pupil = await world.do("register_student", name=name, grade=7, subject="physics")
    await world.settle()

    kept = unicodedata.normalize("NFC", name)
    found = await world.do("find_student", student_id=pupil.id)
    assert (found.data["name"], found.data["state"]) == (kept, "matched")
    assert [t["name"] for t in (await world.do("list_tutors")).data["tutors"]] == [kept]
    for short in world.open:
        rows = await world.rows(short, "outbox")
        assert rows
        assert not [row for row in rows if kept in row["data"] or "name" in row["data"]]
    for table in ("requests", "holds", "tutors"):
        assert kept not in str(await world.rows("matching", table))
