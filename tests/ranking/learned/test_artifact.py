"""The model file: what does not fit is refused, with the reason."""

import copy
import json
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

from learnflow.ranking.learned import artifact as artifacts
from learnflow.ranking.learned import champion
from learnflow.ranking.learned.artifact import Artifact, Refused, identity, sha256
from learnflow.ranking.learned.champion import KEPT, opened, parsed
from learnflow.ranking.learned.loading import load
from learnflow.ranking.ranker import Ranker

Plain = dict[str, Any]


def changed(artifact: Artifact, change: Callable[[Plain, dict[str, str]], Any]) -> Artifact:
    """A copy with a change that the manifest's hashes and id do not give away."""
    manifest, texts = copy.deepcopy(dict(artifact.manifest)), dict(artifact.texts)
    change(manifest, texts)
    manifest["sha256"] = {name: sha256(text) for name, text in texts.items()}
    manifest["id"] = identity(manifest)
    return Artifact(manifest, texts)


def test_a_model_goes_through_bytes_unchanged(artifact: Artifact) -> None:
    again = Artifact.unpacked(artifact.packed())
    assert (again.manifest, again.texts) == (artifact.manifest, artifact.texts)
    assert again.packed() == artifact.packed()
    assert artifact.packed()[4:8] == bytes(4)  # no time of packing
    assert load(again).id == artifact.id
    assert len(artifact.packed()) < 300_000


def test_the_manifest_says_what_a_reader_needs(artifact: Artifact) -> None:
    told = json.loads(json.dumps(artifact.manifest))
    assert told["features"][0]["name"] == "shared_hours"
    assert len(told["golden"]["rows"]) == artifacts.GOLDEN_ROWS
    assert told["origin"]["rows"] == 5000
    assert told["id"].startswith("learned-")


def test_a_text_with_one_other_byte_is_refused(artifact: Artifact) -> None:
    text = artifact.texts["ranking"]
    other = text.replace("shrinkage=0.1", "shrinkage=0.2", 1)
    assert other != text
    with pytest.raises(Refused, match="the text of ranking was changed: its hash"):
        load(Artifact(artifact.manifest, {**artifact.texts, "ranking": other}))


def test_a_model_that_computes_otherwise_here_is_refused(artifact: Artifact) -> None:
    text = artifact.texts["ranking"]
    other = re.sub("leaf_value=.*", lambda line: line[0].replace("0.0", "0.1"), text)
    with pytest.raises(Refused, match="ranking scores its golden rows differently here, by up to"):
        load(changed(artifact, lambda _, texts: texts.update(ranking=other)))


def test_a_text_cut_short_never_reaches_lightgbm(artifact: Artifact) -> None:
    """It would end the process."""
    text = artifact.texts["ranking"]
    half = text[: len(text) // 2]
    with pytest.raises(Refused, match="hash"):
        load(Artifact(artifact.manifest, {**artifact.texts, "ranking": half}))
    with pytest.raises(Refused, match="the text of ranking is not whole"):
        load(changed(artifact, lambda _, texts: texts.update(ranking=half)))
    second = text.index("Tree=2")
    moved = text[:second] + "\n" + text[second:].replace("\n\n\nTree=9", "\n\nTree=9")
    assert len(moved) == len(text)
    with pytest.raises(Refused, match="the text of ranking is not whole"):
        load(changed(artifact, lambda _, texts: texts.update(ranking=moved)))
    for place in range(text.index("Tree=0"), text.index("end of trees"), 997):
        gap = text[:place] + text[place + 1 :]
        with pytest.raises(Refused, match="the text of ranking is not whole"):
            load(changed(artifact, lambda _, texts, gap=gap: texts.update(ranking=gap)))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("manifest_version", 2, "manifest version 2; this release reads 1"),
        ("schema", "0" * 64, "trained on other features: the words or numbers behind them"),
        ("lightgbm", "5.0.1", "made by LightGBM 5.0.1"),
        ("rules", {"experience": 1.0}, "a correction of other rules"),
        ("golden", {"rows": [], "ranking": [], "acceptance": []}, "no golden rows"),
        ("calibration", None, "lacks something"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    artifact: Artifact, field: str, value: Any, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        load(changed(artifact, lambda told, _: told.update({field: value})))


def test_other_features_are_named(artifact: Artifact) -> None:
    def other(told: Plain, _: dict[str, str]) -> None:
        told["schema"] = "0" * 64
        told["features"][3]["name"] = "shoe_size"

    with pytest.raises(Refused, match="other features: shared_languages, shoe_size"):
        load(changed(artifact, other))


def test_a_future_text_format_is_refused_although_lightgbm_would_read_it(
    artifact: Artifact,
) -> None:
    future = artifact.texts["acceptance"].replace("version=v4", "version=v5", 1)
    with pytest.raises(Refused, match="acceptance is of format v5, not v4"):
        load(changed(artifact, lambda _, texts: texts.update(acceptance=future)))


def test_weights_changed_by_hand_are_refused(artifact: Artifact) -> None:
    told = copy.deepcopy(dict(artifact.manifest))
    told["fusion"]["acceptance"] = 9.0
    with pytest.raises(Refused, match="the manifest was changed"):
        load(Artifact(told, artifact.texts))


def test_a_manifest_without_a_part_is_refused(artifact: Artifact) -> None:
    for name in artifact.manifest:
        told = {key: value for key, value in artifact.manifest.items() if key != name}
        if name in {"features", "format", "dtype", "origin", "metrics"}:
            load(Artifact(told, artifact.texts))  # for people, not for serving
        else:
            with pytest.raises(Refused):
                load(Artifact(told, artifact.texts))


@pytest.mark.parametrize("packed", [b"", b"no gzip", b"\x1f\x8b\x08\x00" + b"\x00" * 30])
def test_bytes_that_are_no_model_are_refused(packed: bytes) -> None:
    with pytest.raises(Refused, match="not a packed model"):
        Artifact.unpacked(packed)


def test_a_model_is_opened_once_by_its_id(artifact: Artifact) -> None:
    ranker: Ranker = opened(artifact.id, artifact.packed())
    assert ranker.id == artifact.id
    assert parsed(artifact.id) is ranker
    assert parsed("learned-other") is None


def test_only_a_few_models_are_kept_parsed(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: OrderedDict[str, Any] = OrderedDict((f"learned-{n}", None) for n in range(KEPT))
    monkeypatch.setattr(champion, "_parsed", kept)
    opened(artifact.id, artifact.packed())
    assert list(kept) == ["learned-1", "learned-2", "learned-3", artifact.id]


def test_a_model_under_another_id_or_that_does_not_fit_is_not_opened(artifact: Artifact) -> None:
    foreign = changed(artifact, lambda told, _: told.update(schema="x"))
    for model_id, packed, reason in (
        ("learned-other", artifact.packed(), f"kept as learned-other and is {artifact.id}"),
        (artifact.id, artifact.packed()[:-50], "not a packed model"),
        (foreign.id, foreign.packed(), "trained on other features"),
    ):
        with pytest.raises(Refused, match=reason):
            opened(model_id, packed)
