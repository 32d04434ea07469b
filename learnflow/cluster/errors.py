"""What an operator has to know: one exception for the whole package."""


class ClusterError(Exception):
    """The cluster, or this machine, does not allow it: what, where, and the next step."""

    def __init__(self, what: str, fix: str = "", where: str = "") -> None:
        super().__init__(what)
        self.what, self.fix, self.where = what, fix, where


class NoRoom(ClusterError):
    """A pod that no node takes: others may make room by going to zero."""
