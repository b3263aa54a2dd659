# shellcheck shell=bash
# A PostgreSQL cluster of our own, on 127.0.0.1 only, with scram passwords and two databases (users, platform).
# Postgres refuses to run as root, so root runs it as the user `postgres`.

POSTGRES_ROLE=platform

# postgres_home: prints the folder of the cluster. The user that runs it must be able to enter all folders above, and
# cannot enter /root, for example.
postgres_home() {
  local home=$PLATFORM_DIR/postgres
  if ((EUID == 0)) && ! id postgres >/dev/null 2>&1; then die "PostgreSQL cannot run as root, and there is no user 'postgres'" 3; fi
  if ((EUID == 0)) && ! runuser -u postgres -- test -x "$PLATFORM_DIR"; then
    home=/var/lib/vision-platform/$(printf '%s' "$PLATFORM_DIR" | cksum | tr ' ' '-')
  fi
  printf '%s' "$home"
}

as_postgres() { if ((EUID == 0)); then (cd / && exec runuser -u postgres -- "$@"); else "$@"; fi; }

# The first line of postmaster.pid is the server's pid. It counts only when its command line names this data folder.
postgres_pid() {
  local pid data
  data=$(postgres_home)/data
  [[ -f $data/postmaster.pid ]] && read -r pid <"$data/postmaster.pid" && [[ $pid =~ ^[0-9]+$ ]] &&
    process_is "$pid" "$data" && printf '%s' "$pid"
}

postgres_running() { postgres_pid >/dev/null && port_answers "$(remembered postgres)"; }

postgres_url() { printf 'postgresql://%s:%s@127.0.0.1:%s/%s' "$POSTGRES_ROLE" "$(secret postgres-password)" "$(remembered postgres)" "$1"; }

# start_postgres [fast]: fast gives up durability for speed; use it only for data that may be lost, such as a test's.
start_postgres() {
  local mode=${1:-durable} started home bin port options
  started=$(now_ms)
  if postgres_running; then step postgres "already runs on 127.0.0.1:$(remembered postgres)"; return; fi
  home=$(postgres_home)
  bin=$(postgres_bin) || die "no PostgreSQL server (14 or later) on this machine" 3
  [[ $home == "$PLATFORM_DIR"/* ]] || step postgres "the user postgres cannot enter $PLATFORM_DIR: the data is in $home"
  if [[ $mode == fast && -f $home/data/PG_VERSION ]] && ! "$bin/pg_controldata" "$home/data" 2>/dev/null | grep >/dev/null 'state: *shut down$'; then
    step postgres "was not stopped cleanly, and ran without fsync: starting with empty databases"
    rm -rf "$home/data"
  fi
  postgres_init "$bin" "$home" "$mode"
  if [[ $(<"$home/data/PG_VERSION") != "$("$bin/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')" ]]; then
    bin=/usr/lib/postgresql/$(<"$home/data/PG_VERSION")/bin
    [[ -x $bin/postgres ]] || die "the data in $home was written by PostgreSQL $(<"$home/data/PG_VERSION"), which is no longer installed" 3
  fi
  rm -f "$home/data/postmaster.pid" # the server does not run, so the pid is stale
  port=$(choose_port postgres) || exit 1
  options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 ${POSTGRES_OPTIONS:-}"
  # Two suites of tests run at a time, and each starts many apps.
  [[ $mode != fast ]] || options+=" -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=500"
  # The log belongs to the server's user, so our log folder has a link to it.
  ln -sf "$home/postgres.log" "$LOG_DIR/postgres.log"
  rotate "$home/postgres.log"
  if ! as_postgres "$bin/pg_ctl" -D "$home/data" -w -t 300 -l "$home/postgres.log" -o "$options" start </dev/null >"$LOG_DIR/pg_ctl.log" 2>&1 8>&- 9>&-; then
    last_lines "$home/postgres.log"
    die "PostgreSQL did not start (log: $home/postgres.log)"
  fi
  postgres_databases "$bin" "$port"
  step postgres "started on 127.0.0.1:$port, version $(<"$home/data/PG_VERSION") ($(seconds_since "$started"))"
}

# Creates the cluster beside its place and renames it when it is complete, so that a killed initdb leaves no half of one.
postgres_init() { # BIN HOME MODE
  local bin=$1 home=$2 sync=()
  [[ ! -f $home/data/PG_VERSION ]] || return 0
  [[ $3 != fast ]] || sync=(--no-sync)
  mkdir -p "$home"
  rm -rf "$home/data.new" "$home/data"
  secret postgres-password >/dev/null
  install -m 600 "$SECRETS_DIR/postgres-password" "$home/password"
  ((EUID != 0)) || chown postgres: "$home" "$home/password"
  if ! as_postgres "$bin/initdb" -D "$home/data.new" -A scram-sha-256 -U "$POSTGRES_ROLE" --pwfile="$home/password" \
    "${sync[@]}" -E UTF8 --locale=C.UTF-8 >"$LOG_DIR/initdb.log" 2>&1; then
    last_lines "$LOG_DIR/initdb.log"
    die "initdb failed (log: $LOG_DIR/initdb.log)"
  fi
  rm -f "$home/password"
  mv "$home/data.new" "$home/data"
}

postgres_databases() { # BIN PORT
  local name
  for name in users platform; do
    printf "SELECT 'CREATE DATABASE %s' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '%s') \\\\gexec\n" "$name" "$name"
  done | PGPASSWORD=$(secret postgres-password) "$1/psql" -qAtX -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$2" -U "$POSTGRES_ROLE" -d postgres >"$LOG_DIR/psql.log" 2>&1 || {
    last_lines "$LOG_DIR/psql.log"
    die "PostgreSQL on 127.0.0.1:$2 refuses our password: its data was made with other secrets than those in $SECRETS_DIR"
  }
}

stop_postgres() {
  local pid bin home started
  started=$(now_ms)
  pid=$(postgres_pid) || return 0
  home=$(postgres_home)
  bin=$(dirname "$(readlink "/proc/$pid/exe")")
  if ! as_postgres "$bin/pg_ctl" -D "$home/data" -m fast -w -t 30 stop >"$LOG_DIR/pg_ctl.log" 2>&1; then
    as_postgres "$bin/pg_ctl" -D "$home/data" -m immediate -w -t 10 stop >>"$LOG_DIR/pg_ctl.log" 2>&1 || die "PostgreSQL (pid $pid) does not stop"
  fi
  step postgres "stopped ($(seconds_since "$started"))"
}

wipe_postgres() { rm -rf "${PLATFORM_DIR:?}/postgres"; local home; home=$(postgres_home); rm -rf "${home:?}"; }
