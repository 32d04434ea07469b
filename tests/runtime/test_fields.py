"""What names, codes and hours may hold."""

import json
import unicodedata

import pytest

from learnflow.runtime.fields import (
    Goals,
    LanguageCode,
    Languages,
    PersonName,
    SubjectCode,
    Times,
    Wish,
)


class Sample(Wish):
    name: PersonName = "x"
    subject: SubjectCode = "x"
    language: LanguageCode = "en"
    times: Times = ()
    languages: Languages = ()
    goals: Goals = ()


def read(**fields: object) -> Sample:
    return Sample.model_validate_json(json.dumps(fields))


@pytest.mark.parametrize(
    "name",
    ["Bo", "O’Neill-Łukasz", "李小龍", "محمد علي", "नेहा", "ოთარ", "Nguyễn Thị Ánh", "می‌خواهم"],
)
def test_names_of_every_script_are_kept(name: str) -> None:
    assert read(name=f"  {name} ").name == unicodedata.normalize("NFC", name)


def test_a_decomposed_name_is_composed() -> None:
    assert read(name="Zoe\u0308").name == "Zoë"


def test_a_name_of_200_four_byte_letters_is_at_the_limit() -> None:
    assert read(name="𐐀" * 200).name == "𐐀" * 200


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Mathematics", "mathematics"),
        (" Computer Science", "computer-science"),
        ("computer_science", "computer-science"),
    ],
)
def test_subjects_become_codes(given: str, kept: str) -> None:
    assert read(subject=given).subject == kept


def test_language_codes_are_lower_case() -> None:
    assert read(language="zh-Hant").language == "zh-hant"


def test_lists_hold_each_item_once_in_the_order_given() -> None:
    wish = read(times=["tue-09", "mon-16", "tue-09"], languages=["en", "EN"], goals=["exam"])

    assert wish.times == ("tue-09", "mon-16")
    assert wish.languages == ("en",)
    assert wish.goals == ("exam",)
