"""Models parsed ahead, in the process that match_student's processes are forked from.

Until there is a file neither NumPy nor LightGBM is imported: the rules need neither.
One thread, before and after: LightGBM's own threads would not survive the fork
(learned/boosting.py), and the fork server's environment says one to OpenMP.
"""

import gc
import sys
from pathlib import Path
from typing import Final

from learnflow.ranking.model_files import ModelFiles

AHEAD: Final = 2
"""The files used last: champion and challenger."""
_refused: Final[set[tuple[str, int]]] = set()


def warm(folder: str) -> None:
    """Parse the newest models of a folder that were not yet; a bad file is told once."""
    newest = ModelFiles(Path(folder)).newest()[:AHEAD]
    if not newest:
        return
    for path in newest:
        _parse(path)
    gc.freeze()  # what is new stays in pages shared with the children


def _parse(path: Path) -> None:
    from learnflow.ranking.learned.champion import Refused, opened, parsed

    try:
        version = (path.name, path.stat().st_mtime_ns)
        if version in _refused or parsed(path.stem) is not None:
            return
        opened(path.stem, path.read_bytes())
    except OSError:  # removed, or not ours to read: whoever needs it fetches it
        return
    except Exception as error:  # whatever is in the file: the fork server goes on
        _refused.add(version)
        why = str(error) if isinstance(error, Refused) else type(error).__name__
        sys.stderr.write(f"{path} is no model to serve: {why}\n")
