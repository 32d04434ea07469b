"""A function's bounds on this one machine."""

import os
from dataclasses import replace

from learnflow.manifests import Function


def here(function: Function) -> Function:
    """The function with the scale it can have here.

    On the cluster a revision starts once when it is deployed, not at each `up`. And more instances
    than processors would only cost their starts: a third of the time of a burst, measured.
    """
    scale = function.scale
    most = max(2, scale.min, os.cpu_count() or 1)
    bounded = replace(scale, initial=max(scale.min, 0), max=min(scale.max or most, most))
    return replace(function, scale=bounded)
