"""Every setting of every LearnFlow process, and the only place that reads the environment.

A pydantic model with its own ten-line reader: pydantic-settings would add 85 ms of imports to each
function's cold start and does nothing more that is needed here.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

PREFIX: Final = "LEARNFLOW_"
_FOREIGN: Final = {
    "function_target": "FUNCTION_TARGET",
    "port": "PORT",
    "dapr_http_port": "DAPR_HTTP_PORT",
    "kubernetes_service_host": "KUBERNETES_SERVICE_HOST",
    "kubernetes_service_port": "KUBERNETES_SERVICE_PORT",
    "state_home": "XDG_STATE_HOME",
    "home": "HOME",
    "ci": "CI",
}
"""Variables that others named: the functions framework, Knative, Kubernetes, the desktop, CI."""


class SettingsError(Exception):
    """A setting is missing or wrong; the text names the variable and never its value."""


def _split(value: Any) -> Any:
    return (
        tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value
    )


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Several names in one variable, separated by commas."""
Dsn = Annotated[str | None, Field(repr=False, min_length=1)]
"""A database address; it may hold a password, so it is never shown."""
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(BaseModel):
    """One process's settings; a field `x` is the variable `LEARNFLOW_X` unless said otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    function_target: str | None = None
    """Which function this process serves: a folder of `functions` (FUNCTION_TARGET)."""
    port: Port = 8080
    """The port a container listens on (PORT, set by Knative)."""
    functions: Path = Path(__file__).parents[1] / "functions"
    """The folder that holds one folder per function."""

    students_database_url: Dsn = None
    tutors_database_url: Dsn = None
    matching_database_url: Dsn = None
    """Where each database is; a function has only the one it needs."""

    pool_size: Annotated[int, Field(ge=1, le=100)] | None = None
    """Database connections of one instance; by kind when unset (command 16, others 8)."""
    concurrency: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Requests served at once; by kind when unset, as the manifests' containerConcurrency."""
    overload_factor: Annotated[int, Field(ge=1, le=1000)] = 10
    """Commands and queries beyond this multiple of the concurrency are shed (queue-proxy: 10)."""
    cors_origins: Names = (
        "http://localhost:3000",
        "http://localhost:8080",
        "http://127.0.0.1:8080",
    )
    """Browser origins that may call: the web app and the local gateway."""
    drain_seconds: Seconds = 30.0
    """How long in-flight requests may take after SIGTERM."""

    stream_seconds: Seconds = 540.0
    """A stream is closed by us after this time, give or take 10 %; Knative cuts at 600."""
    stream_heartbeat_seconds: Seconds = 15.0
    stream_poll_seconds: Seconds = 3.0
    """A stream looks for news this often even when no signal came."""

    ranker_look_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """How old a process's knowledge of the champion may be: a roll-back is obeyed within this."""
    ranker_wait_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2.0
    """How long decisions wait for a model that is being loaded; then rules decide until it is."""
    model_cache: Path | None = None
    """A folder where models are kept as files for the processes to come; unset: none is kept."""
    exploration: bool = True
    """Whether a little chance decides among nearly equal tutors, so that the log can teach."""
    shadow_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    """The share of decisions whose candidates the challenger scores too."""

    dapr_http_port: Port | None = None
    """daprd's port on this machine (DAPR_HTTP_PORT, set by Dapr's injector): what the relay
    publishes through, and match_student asks through; without it there is no Dapr."""

    relay_stuck_seconds: Seconds = 60.0
    """A story that has stopped for so long is published again by the relay (protocol R6)."""
    relay_look_seconds: Seconds = 5.0
    """How often the relay looks for such stories."""

    kubernetes_service_host: str | None = None
    """Where a pod finds the API server (KUBERNETES_SERVICE_HOST, set by Kubernetes)."""
    kubernetes_service_port: Port = 443

    state_home: Path | None = None
    """Where programs keep state (XDG_STATE_HOME)."""
    home: Path | None = None
    """The user's home (HOME); a service account may have none."""
    ci: bool = False
    """True in continuous integration (CI)."""

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Settings from the environment; empty counts as unset. Raises SettingsError."""
        source = os.environ if environ is None else environ
        found = {name: value for name in cls.model_fields if (value := source.get(variable(name)))}
        if "ci" in found:
            found["ci"] = str(found["ci"].lower() not in ("0", "false", "no"))
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            wrong = (f"{variable(str(e['loc'][0]))}: {e['msg']}" for e in error.errors())
            raise SettingsError("; ".join(wrong)) from None

    def database_url(self, database: str) -> str:
        """The address of `students`, `tutors` or `matching`. Raises SettingsError."""
        field = f"{database}_database_url"
        url: str | None = getattr(self, field)
        if url is None:
            raise SettingsError(f"{variable(field)} is not set")
        return url

    def kubernetes_url(self) -> str:
        """The API server of the cluster that this process runs on. Raises SettingsError."""
        host = self.kubernetes_service_host
        if host is None:
            name = variable("kubernetes_service_host")
            raise SettingsError(f"{name} is not set: this runs in a pod of a Kubernetes cluster")
        shown = f"[{host}]" if ":" in host else host
        return f"https://{shown}:{self.kubernetes_service_port}"


def variable(field: str) -> str:
    """The environment variable behind a field."""
    return _FOREIGN.get(field, PREFIX + field.upper())
