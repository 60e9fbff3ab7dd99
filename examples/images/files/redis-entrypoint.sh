#!/bin/sh
# Runs redis-server as the user redis, open to the container's networks; anything else as it is.
set -e
case "${1:-}" in
    -* | *.conf) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ]; then
    set -- "$@" --protected-mode no
    if [ "$(id -u)" = 0 ]; then
        find /data \! -user redis -exec chown redis:redis {} +
        set -- setpriv --reuid=redis --regid=redis --clear-groups "$@"
    fi
fi
exec "$@"
