# A machine that boots systemd, with the program where docs/deployment.md puts it.
FROM ven-daemon:latest AS ours
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates dbus procps python3 systemd \
    && rm -rf /var/lib/apt/lists/*
COPY --from=ours /opt/ven-daemon /opt/ven-daemon
COPY systemd /root/systemd
STOPSIGNAL SIGRTMIN+3
# Credentials are mounted by a child of systemd; in a container nobody else shares mounts.
CMD ["sh", "-c", "mount --make-rshared / && exec /lib/systemd/systemd"]
