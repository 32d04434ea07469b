"""From a kubeconfig to a connection; each way in which that fails has its own message."""

from typing import Any, Final

from learnflow.cluster.errors import ClusterError

ANSWER_SECONDS: Final = 40.0
"""Longer than a webhook may take (30 s)."""


async def connect(context: str | None) -> tuple[Any, str]:
    """kr8s's API object, and what the context is called. Raises ClusterError."""
    try:
        import httpx
        import kr8s.asyncio
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"The cluster commands need the package kr8s ({error.name} is not installed).",
            "uv sync --group cluster",
        ) from error
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # which versions work is for us to say
            # bound to no pod's own account: an operator's kubeconfig decides
            api = await kr8s.asyncio.api(context=context, serviceaccount="/nowhere")
    except (httpx.HTTPError, kr8s.APITimeoutError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise _no_kubeconfig(str(error)) from error
        raise ClusterError(
            f"The API server does not answer: {error or type(error).__name__}.",
            "start the cluster (minikube start -p learnflow --cpus=6 --memory=12g), or choose "
            "another context with --context",
            context or "the current context",
        ) from error
    except kr8s.ServerError as error:
        raise ClusterError(
            f"The API server refuses to say its version: {error}.",
            "log in anew, or choose another context with --context",
            context or "the current context",
        ) from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        if context and "context" in str(error):
            raise ClusterError(
                f"The kubeconfig has no context {context}.",
                "kubectl config get-contexts lists those it has",
            ) from error
        raise _no_kubeconfig(str(error)) from error
    api.timeout = ANSWER_SECONDS
    return api, str(api.auth.active_context or context or api.auth.server)


def _no_kubeconfig(why: str) -> ClusterError:
    return ClusterError(
        f"There is no kubeconfig to use: {why}.",
        "set KUBECONFIG to one, or make a cluster: minikube start -p learnflow --cpus=6 "
        "--memory=12g --kubernetes-version=v1.34.0",
    )
