"""Where a component names every reaction or every topic, it names the new ones too."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from learnflow.scaffold.manifests import LIKE, Read, hyphened
from learnflow.scaffold.spec import Reaction, Spec

FOLDER: Final = "k8s/components"
_TOPICS_LIKE: Final = "matching."


def changed(spec: Spec, root: Path, read: Read) -> dict[str, str]:
    """The components that are otherwise, by path."""
    names = [hyphened(one.name) for one in spec.functions if isinstance(one, Reaction)]
    prefixes = dict.fromkeys(f"{event.topic.partition('.')[0]}." for event in spec.events)
    found = {}
    for path in _files(root):
        text = before = read(path)
        for name in names:
            text = beside(text, LIKE["reaction"], name)
        for prefix in prefixes:
            if f"name: {prefix}," not in text:
                text = _item_beside(text, f"name: {_TOPICS_LIKE},", f"name: {prefix},")
        if text != before:
            found[path] = text
    return found


def beside(text: str, like: str, name: str) -> str:
    """The text with `name` in each list that has `like`, be it on one line or an item a block."""
    word = rf"(?<![\w-]){like}(?![\w-])"
    inline = re.compile(rf"(\[[\w, -]*{word})([\w, -]*\])")
    return _item_beside(inline.sub(rf"\1, {name}\2", text), like, name, skip=inline)


def _item_beside(text: str, like: str, name: str, skip: re.Pattern[str] | None = None) -> str:
    """Each item of a list that has `like`, once more with `name` in its place."""
    items = re.compile(r"^( *)- .*\n(?:\1  .*\n)*", re.MULTILINE)

    def twice(found: re.Match[str]) -> str:
        item = found[0]
        if like not in (skip.sub("", item) if skip else item):
            return item
        return item + item.replace(like, name)

    return items.sub(twice, text)


def _files(root: Path) -> Iterator[str]:
    for file in sorted((root / FOLDER).rglob("*.yaml")):
        yield file.relative_to(root).as_posix()
