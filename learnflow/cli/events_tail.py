"""`learnflow events tail`: events and deliveries as they happen, until Ctrl-C."""

from learnflow.cli.options import Function, Json, Key, Type


def tail_events(
    type: Type = None, key: Key = None, function: Function = None, json: Json = False
) -> None:
    """Show each event when it is said, and each attempt to deliver it, until Ctrl-C."""
    from learnflow.cli.event_lines import delivery_line, event_line
    from learnflow.cli.output import console, print_json
    from learnflow.cli.place import control
    from learnflow.cli.types import event_class

    query = {
        "topic": event_class(type).topic if type else None,
        "key": key,
        "function": function.replace("_", "-") if function else None,
    }
    printer = console()
    for news in control().lines("events", "tail", **query):
        if json:
            print_json(news)
        elif "event" in news:
            printer.print(event_line(news["event"], printer.width), soft_wrap=True)
        elif "delivery" in news:
            printer.print(delivery_line(news["delivery"], printer.width), soft_wrap=True)
        else:
            printer.print(f"  {news['missed']} lines were not shown: too many at once")
