# shellcheck shell=bash disable=SC2013,SC2016  # code for in_parts is quoted; ports are words
# Sourced by run.sh: tests of `./platform services`, of PostgreSQL and of the store.

A=$WORK/a

services_start_and_print_their_settings() {
  local output
  output=$(services "$A" 2>"$WORK/a.progress" | cat)
  same "$output" "$(cat "$A/env")"
  contains "$output" TEST_DATABASE_URL=postgresql://
  contains "$output" EXTERNAL_STORAGE_SECRET_KEY=
  contains "$output" EXTERNAL_STORAGE_UPLOAD_SECRET_KEY=
  contains "$(cat "$WORK/a.progress")" ' s)'
  sql "$A" 'CREATE DATABASE made_by_a_test'
  same "$(sql "$A" "SELECT count(*) FROM pg_database WHERE datname IN ('users', 'platform')")" 2
  s3_answers "$A"
}

secrets_and_settings_are_for_the_owner_only() {
  same "$(stat -c %a "$A/env")" 600
  same "$(stat -c %a "$A/secrets")" 700
  same "$(find "$A/secrets" -type f ! -perm 600)" ''
}

a_wrong_database_password_is_refused() {
  local url
  url=$(value "$A" TEST_DATABASE_URL)
  ! "$PG_BIN/psql" -qAtX "${url/$(cat "$A/secrets/postgres-password")/wrong}" -c 'SELECT 1' || fail 'let in with a wrong password'
}

all_ports_are_on_the_loopback_address_only() {
  local listening
  listening=$(awk '$4 == "0A" { print $2 }' /proc/net/tcp /proc/net/tcp6)
  local port
  for port in $(cut -d= -f2 "$A/ports") $(seq $(($(port_of "$A" ceph) + 1)) $(($(port_of "$A" ceph) + 9))); do
    same "$(grep -i "$(printf ':%04X$' "$port")" <<<"$listening" | grep -v '^0100007F:')" ''
  done
}

a_second_start_starts_nothing() {
  local before
  before=$(processes "$A")
  services "$A" >/dev/null
  same "$(processes "$A")" "$before"
}

sourced_settings_are_not_taken_for_given_endpoints() {
  local output
  output=$(set -a; . "$A/env"; services "$A" 2>&1 >/dev/null)
  contains "$output" 'already runs'
  ! grep 'is given' <<<"$output" || fail 'its own endpoint taken for a given one'
}

stop_leaves_no_process_and_keeps_data() {
  local access
  access=$(value "$A" EXTERNAL_STORAGE_ACCESS_KEY)
  stop "$A"
  nothing_runs "$A"
  services "$A" >/dev/null
  same "$(sql "$A" "SELECT count(*) FROM pg_database WHERE datname = 'made_by_a_test'")" 1
  contains "$(PATH=$PATH:/usr/sbin radosgw-admin -c "$A/ceph/ceph.conf" -n client.rgw --keyring "$A/ceph/keyring" user info --uid=platform)" "$access"
}

killed_services_are_started_again() {
  # Kill only the supervising loops and the database, so that the commands of the loops run on without them.
  kill -KILL "$(cat "$A/run/ceph-rgw.pid")" "$(cat "$A/run/ceph-osd.pid")" "$(head -n 1 "$A/postgres/data/postmaster.pid")"
  wait_until 120 database_is_gone
  services "$A" >/dev/null
  s3_answers "$A"
  sql "$A" 'SELECT 1'
  same "$(processes "$A" | while read -r pid; do tr '\0' ' ' <"/proc/$pid/cmdline" | grep -o '^radosgw'; done | wc -l)" 1
}
database_is_gone() { ! port_answers "$(port_of "$A" postgres)"; }

a_crashed_daemon_comes_back_by_itself() {
  local loop daemon
  loop=$(cat "$A/run/ceph-rgw.pid")
  daemon=$(cat "/proc/$loop/task/$loop/children")
  kill -KILL "${daemon%% *}"
  wait_until 120 another_daemon "$loop" "${daemon%% *}"
  wait_until 120 s3_answers "$A"
}
another_daemon() { local now; now=$(cat "/proc/$1/task/$1/children") && [[ -n $now && ${now%% *} != "$2" ]] && tr '\0' ' ' <"/proc/${now%% *}/cmdline" | grep '^radosgw' >/dev/null; }

taken_ports_are_replaced() {
  local ports blockers=() port
  stop "$A"
  ports=$(cat "$A/ports")
  for port in $(cut -d= -f2 <<<"$ports"); do
    "$PYTHON" -m http.server --bind 127.0.0.1 "$port" >/dev/null 2>&1 &
    blockers+=($!)
    wait_until 120 port_answers "$port"
  done
  services "$A" >/dev/null
  kill "${blockers[@]}"
  for port in $(cut -d= -f2 <<<"$ports"); do ! grep "=$port\$" "$A/ports" || fail "port $port was kept"; done
  s3_answers "$A"
  sql "$A" 'SELECT 1'
}

interrupted_set_up_is_made_again() {
  local b=$WORK/b
  mkdir -p "$b/ceph/mon" "$b/postgres/data.new/base"
  echo leftover >"$b/postgres/data.new/PG_VERSION"
  services "$b" >/dev/null 2>"$b/progress"
  contains "$(cat "$b/progress")" 'interrupted'
  s3_answers "$b"
  sql "$b" 'SELECT 1'
  stop "$b"
}

two_at_once_make_one_installation() {
  local c=$WORK/c first second
  services "$c" >"$WORK/c1" 2>"$WORK/c1.err" &
  first=$!
  services "$c" >"$WORK/c2" 2>"$WORK/c2.err" &
  second=$!
  wait "$first"
  wait "$second"
  same "$(cat "$WORK/c1")" "$(cat "$WORK/c2")"
  same "$(cat "$WORK/c1.err" "$WORK/c2.err" | grep -c 'already runs')" 2
  stop "$c"
  nothing_runs "$c"
}

lost_test_data_is_replaced() {
  local d=$WORK/d
  services "$d" >/dev/null
  kill -KILL "$(head -n 1 "$d/postgres/data/postmaster.pid")"
  stop "$d"
  rm -rf "$d/ceph/mon/store.db"
  services "$d" >/dev/null 2>"$d/progress"
  contains "$(cat "$d/progress")" 'empty databases'
  contains "$(cat "$d/progress")" 'empty store'
  s3_answers "$d"
  stop "$d"
}

given_endpoints_are_used_instead() {
  local e=$WORK/e output
  output=$(TEST_DATABASE_URL=postgresql://u:p@db.example:5432/postgres EXTERNAL_STORAGE_ENDPOINT=https://s3.example EXTERNAL_STORAGE_ACCESS_KEY=ak \
    EXTERNAL_STORAGE_SECRET_KEY="s'k&1" TRAINER_STUB_URL=http://stub.example TRAINER_ELSEWHERE_URL=http://elsewhere.example TRAINER_API_KEY=given \
    MODEL_SERVER_URLS=http://models.example "$COPY/platform" services --dir "$e" 2>/dev/null)
  contains "$output" TEST_DATABASE_URL=postgresql://u:p@db.example:5432/postgres
  contains "$output" EXTERNAL_STORAGE_ENDPOINT=https://s3.example
  contains "$output" TRAINER_STUB_URL=http://stub.example
  contains "$output" TRAINER_ELSEWHERE_URL=http://elsewhere.example
  contains "$output" TRAINER_API_KEY=given
  contains "$output" MODEL_SERVER_URLS=http://models.example
  same "$(. "$e/env"; echo "$EXTERNAL_STORAGE_SECRET_KEY")" "s'k&1"
  nothing_runs "$e"
  [[ ! -e $e/ceph && ! -e $e/postgres ]] || fail 'a service was set up although its endpoint is given'
}

a_given_store_needs_its_keys() {
  local output
  output=$(EXTERNAL_STORAGE_ENDPOINT=https://s3.example services "$WORK/f" 2>&1) && fail 'accepted'
  contains "$output" EXTERNAL_STORAGE_ACCESS_KEY
}
