"""LearnFlow on a Kubernetes cluster: brought up, looked at, replayed to, taken down.

Only `client.py` imports kr8s, the rest decides on plain mappings as the API server answers them.
"""
