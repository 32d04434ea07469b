"""What LearnFlow promises to others, generated from what it is: OpenAPI, AsyncAPI, schemas, types.

`operations` finds the public functions, `openapi` describes their URLs, `asyncapi` and
`event_schemas` the events, `compatibility` says whether a newer schema breaks an older one.
Nothing here runs while a request is served.
"""
