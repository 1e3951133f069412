#!/bin/sh
# Makes the files that compose.yaml names under secrets/, once: the relay's sealing key and the
# database's password. Their owners are the users within the containers (node 1000, postgres 999).
# Keep a copy of relay_key apart from the backups of the database: without it they do not open.
set -eu
cd "$(dirname "$0")"
umask 077
if [ -e secrets ]; then
  echo "secrets/ is there already; nothing was changed" >&2
  exit 1
fi
mkdir -p secrets
random() { od -An -tx1 -N32 /dev/urandom | tr -d ' \n'; }
password=$(random)
printf '%s\n' "$(random)" >secrets/relay_key
printf '%s\n' "$password" >secrets/db_password
printf '%s\n' "$password" >secrets/relay_db_password
chmod 0400 secrets/*
chown 1000:1000 secrets/relay_key secrets/relay_db_password
chown 999:999 secrets/db_password
# The containers' users must reach the files; only their owners may read them.
chmod 0711 secrets
