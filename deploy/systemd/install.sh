#!/bin/sh
# Install the service: its user, its folders, its unit. Safe to repeat; settings that are
# there stay. The program itself belongs into /opt/ven-daemon (docs/deployment.md).
set -eu
cd "$(dirname "$0")"

if [ ! -x /opt/ven-daemon/bin/ven-daemon ]; then
    echo "there is no /opt/ven-daemon/bin/ven-daemon: install the program first" >&2
    exit 1
fi
install -D -m 0644 ven-daemon.sysusers /usr/lib/sysusers.d/ven-daemon.conf
install -D -m 0644 ven-daemon.tmpfiles /usr/lib/tmpfiles.d/ven-daemon.conf
install -D -m 0644 ven-daemon.service /usr/lib/systemd/system/ven-daemon.service
systemd-sysusers ven-daemon.conf
systemd-tmpfiles --create ven-daemon.conf
if [ ! -e /etc/ven-daemon/ven-daemon.toml ]; then
    install -m 0644 ven-daemon.toml /etc/ven-daemon/ven-daemon.toml
fi
systemctl daemon-reload
echo "settings: /etc/ven-daemon/ven-daemon.toml; secrets: /etc/ven-daemon/secrets"
echo "then: systemctl enable --now ven-daemon"
