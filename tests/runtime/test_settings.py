"""Settings: read once, named in errors, never shown."""

import pytest

from learnflow.settings import Settings, SettingsError, variable

SECRET = "postgresql://app:hunter2@db/students"


def test_settings_come_from_the_environment_under_their_names() -> None:
    settings = Settings.read(
        {
            "FUNCTION_TARGET": "register_student",
            "PORT": "9000",
            "LEARNFLOW_STUDENTS_DATABASE_URL": SECRET,
            "LEARNFLOW_CORS_ORIGINS": "https://a.example, https://b.example",
            "CI": "true",
        }
    )

    assert (settings.function_target, settings.port, settings.ci) == (
        "register_student",
        9000,
        True,
    )
    assert settings.database_url("students") == SECRET
    assert settings.cors_origins == ("https://a.example", "https://b.example")


def test_an_empty_variable_is_an_unset_one() -> None:
    assert Settings.read({"PORT": "", "LEARNFLOW_CORS_ORIGINS": ""}) == Settings()


def test_an_error_names_the_variable_and_not_its_value() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({"PORT": "hunter2"})

    assert "PORT" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_database_addresses_are_not_shown() -> None:
    assert "hunter2" not in repr(Settings(students_database_url=SECRET))


def test_a_database_that_is_not_named_is_an_error_that_says_which() -> None:
    with pytest.raises(SettingsError, match="LEARNFLOW_TUTORS_DATABASE_URL is not set"):
        Settings().database_url("tutors")


def test_every_field_has_its_own_variable() -> None:
    assert len({variable(name) for name in Settings.model_fields}) == len(Settings.model_fields)
