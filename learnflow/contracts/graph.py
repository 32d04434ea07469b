"""Who says what, and who hears it? Read from the functions' docstrings, which tests hold true."""

import ast
import re
from pathlib import Path
from typing import Final

from eventing.events import CATALOGUE
from learnflow.runtime.load import load_function

_SENTENCE: Final = r"\b{word}\b(.*?)(?=\bHears\b|\bSays\b|\bWrites\b|\bReads\b|\bStreams\b|$)"
_TOPIC: Final = re.compile(r"[a-z]+(?:\.[a-z]+)+")


def story(root: Path, name: str) -> str:
    """What a function's file says of itself: what it hears, says and writes."""
    source = root / "functions" / name / "main.py"
    return ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""


def spoken(word: str, root: Path) -> dict[str, list[str]]:
    """By topic, the functions whose docstring has it in its sentence `Hears …` or `Says …`."""
    topics = {event.topic for event in CATALOGUE.values()}
    found: dict[str, list[str]] = {topic: [] for topic in sorted(topics)}
    sentence = re.compile(_SENTENCE.format(word=word), re.DOTALL)
    for file in sorted(root.glob("functions/*/main.py")):
        match = sentence.search(story(root, file.parent.name))
        for topic in _TOPIC.findall(match.group(1)) if match else ():
            if topic in topics:
                found[topic].append(file.parent.name)
    return found


def sources(root: Path) -> dict[str, str]:
    """By topic, the CloudEvents source: the database that remembers it, `{database}` if several."""
    found = {}
    for topic, names in spoken("Says", root).items():
        known = {load_function(root / "functions", name).operation.database for name in names}
        found[topic] = f"learnflow/{known.pop() if len(known) == 1 else '{database}'}"
    return found
