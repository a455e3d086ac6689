# Stands in for postgres:16: PostgreSQL 16 with the variables of the official image that we use.
FROM ven-daemon-standin-base
RUN groupadd --gid 999 postgres \
    && useradd --uid 999 --gid 999 --no-create-home postgres \
    && install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data
COPY pginstall /opt/postgres/pgserver/pginstall
COPY pgserver.libs /opt/postgres/pgserver.libs
COPY postgres.sh /usr/local/bin/docker-entrypoint.sh
ENV PATH=/opt/postgres/pgserver/pginstall/bin:/usr/local/bin:/usr/bin:/bin \
    PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
USER 999:999
ENTRYPOINT ["sh", "/usr/local/bin/docker-entrypoint.sh"]
