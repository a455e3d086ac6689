# The daemon's image: locked dependencies, a user of its own, and one folder that it
# writes to, so that the root file system may be read-only (docs/deployment.md).
ARG DEBIAN=bookworm

FROM debian:${DEBIAN}-slim AS builder
# hadolint ignore=DL3008 -- Debian's security updates are wanted, whatever their number
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.lock ./
RUN python3 -m venv /opt/ven-daemon \
    && /opt/ven-daemon/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY alembic alembic
COPY ven_daemon ven_daemon
RUN /opt/ven-daemon/bin/pip install --no-cache-dir --no-deps . \
    && /opt/ven-daemon/bin/pip uninstall -y pip setuptools
COPY deploy/docker/probe.py /opt/ven-daemon/bin/probe
RUN chmod 0755 /opt/ven-daemon/bin/probe

FROM debian:${DEBIAN}-slim
# hadolint ignore=DL3008 -- as above
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 ven-daemon \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/ven-daemon \
        --shell /usr/sbin/nologin ven-daemon \
    && install -d -o 10001 -g 10001 -m 0750 /var/lib/ven-daemon
COPY --from=builder /opt/ven-daemon /opt/ven-daemon
ENV PATH=/opt/ven-daemon/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VEN_INVENTORY_URL=sqlite:////var/lib/ven-daemon/resources.db \
    VEN_STATE_URL=sqlite:////var/lib/ven-daemon/state.db
USER 10001:10001
WORKDIR /var/lib/ven-daemon
VOLUME /var/lib/ven-daemon
EXPOSE 8081
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 CMD ["probe", "/livez"]
ENTRYPOINT ["ven-daemon"]
CMD ["run"]
