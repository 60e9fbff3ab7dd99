#!/bin/sh
# Makes a database in an empty data directory, then runs postgres as the user postgres; anything else runs as it is.
#
#   POSTGRES_PASSWORD   of the superuser; wanted, unless POSTGRES_HOST_AUTH_METHOD is trust
#   POSTGRES_USER       the superuser (default: postgres)
#   POSTGRES_DB         made at first (default: as the user)
#   PGDATA              the data directory (default: /var/lib/postgresql/data)
#   /docker-entrypoint-initdb.d/*.sql, *.sh   run once, in order, when the database is new
set -e
case "${1:-}" in
    -*) set -- postgres "$@" ;;
esac
[ "$1" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /run/postgresql
    chmod 700 "$PGDATA"
    chmod 2775 /run/postgresql
    find "$PGDATA" /run/postgresql \! -user postgres -exec chown postgres:postgres {} +
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    user=${POSTGRES_USER:-postgres}
    database=${POSTGRES_DB:-$user}
    method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
    if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
        echo >&2 "postgres: POSTGRES_PASSWORD is not set: give the superuser a password"
        exit 1
    fi
    printf '%s\n' "${POSTGRES_PASSWORD:-}" >/run/postgresql/password
    if [ -n "${POSTGRES_PASSWORD:-}" ]; then password=--pwfile=/run/postgresql/password; else password=; fi
    initdb --username="$user" $password --auth-local=trust --auth-host="$method" >/dev/null
    rm /run/postgresql/password
    echo "host all all all $method" >>"$PGDATA/pg_hba.conf"

    # A server for this container alone, while the database is set up.
    pg_ctl --silent --wait --log=/dev/stderr --options="-c listen_addresses=''" start
    run() { psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username="$user" "$@"; }
    [ "$database" = postgres ] || run --dbname=postgres --set=name="$database" <<-'SQL'
		CREATE DATABASE :"name";
	SQL
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
            *.sql) echo "postgres: running $file" && run --dbname="$database" --file="$file" ;;
            *.sh) echo "postgres: running $file" && . "$file" ;;
        esac
    done
    pg_ctl --silent --wait --mode=fast stop
    echo "postgres: the database $database is ready for the user $user"
fi
exec "$@"
