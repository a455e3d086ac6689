# What the stand-ins have in common.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends busybox libssl3 \
    && busybox --install -s /usr/local/bin \
    && rm -rf /var/lib/apt/lists/*
