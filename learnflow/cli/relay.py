"""`learnflow relay`: the relay as the cluster's Deployment runs it; `up` has its own."""


def relay() -> None:
    """Move facts from the outboxes through daprd to Kafka, until SIGTERM.

    Takes LEARNFLOW_STUDENTS_DATABASE_URL and the others (roles *_relay, past the pooler), PORT, and
    DAPR_HTTP_PORT, which Dapr's injector sets.
    """
    from learnflow.cli.problem import Problem
    from learnflow.relay import main
    from learnflow.settings import Settings, SettingsError

    try:
        main(Settings.read())
    except SettingsError as error:
        fix = "set it; in a pod without DAPR_HTTP_PORT the sidecar was not injected: recreate it"
        raise Problem(f"The relay cannot run: {error}.", fix) from None
