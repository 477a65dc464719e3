# Two images: `service` (the default) answers requests, `mlflow` keeps runs and models.
#   docker build --tag curescore .
#   docker build --tag curescore-mlflow --target mlflow .
# Both hold only what their lock names, and run as a user without rights.

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build


FROM build AS build-service
COPY requirements/build.txt requirements/serve.txt requirements/
RUN pip install --require-hashes --requirement requirements/build.txt \
    && python -m venv --without-pip /opt/curescore \
    && pip --python /opt/curescore/bin/python install \
        --require-hashes --requirement requirements/serve.txt
COPY LICENSE README.md pyproject.toml ./
COPY curescore curescore
COPY features features
COPY models models
COPY service service
COPY training training
RUN pip wheel --no-deps --no-build-isolation --no-index --wheel-dir wheels . \
    && pip --python /opt/curescore/bin/python install --no-deps --no-index wheels/*.whl


FROM build AS build-mlflow
COPY requirements/mlflow.txt requirements/
RUN python -m venv --without-pip /opt/mlflow \
    && pip --python /opt/mlflow/bin/python install \
        --require-hashes --requirement requirements/mlflow.txt


FROM python:3.11.14-slim-bookworm AS runtime
ENV PYTHONUNBUFFERED=1 \
    GIT_PYTHON_REFRESH=quiet \
    MLFLOW_DISABLE_TELEMETRY=true
# LightGBM and scikit-learn compute with OpenMP. Debian keeps no older version of a package,
# so that pinning one would break the build some weeks later.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin curescore


FROM runtime AS mlflow
COPY --from=build-mlflow /opt/mlflow /opt/mlflow
ENV PATH=/opt/mlflow/bin:$PATH HOME=/var/lib/mlflow
RUN install --directory --owner=10001 --group=10001 /var/lib/mlflow
WORKDIR /var/lib/mlflow
USER 10001:10001
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:5000/health', timeout=4)"]
CMD ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000", "--workers", "1", \
    "--backend-store-uri", "sqlite:////var/lib/mlflow/mlflow.db", \
    "--serve-artifacts", "--artifacts-destination", "/var/lib/mlflow/artifacts", \
    "--allowed-hosts", "mlflow:5000,127.0.0.1:*,localhost:*"]


FROM runtime AS service
COPY --from=build-service /opt/curescore /opt/curescore
# Compiled for any processor of the architecture, or the cache would be of no use on another
# machine than the one that built the image.
ENV PATH=/opt/curescore/bin:$PATH \
    HOME=/var/lib/curescore \
    CURESCORE_HOME=/var/lib/curescore \
    NUMBA_CPU_NAME=generic \
    NUMBA_CACHE_DIR=/var/cache/curescore
RUN install --directory --owner=10001 --group=10001 /var/lib/curescore /var/cache/curescore
WORKDIR /var/lib/curescore
USER 10001:10001
RUN curescore features --warm
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["curescore", "serve", "--host", "0.0.0.0", "--port", "8000"]
