#!/usr/bin/env bash
# Tests of ./platform and infra/local against real PostgreSQL and Ceph, in temporary folders. Prints a line for each test
# and at the end `N passed, N failed`. With an argument, only the tests whose name has it.
# shellcheck disable=SC1091,SC2013,SC2016  # code for in_parts is quoted; ports are words
set -u -o pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
WORK=$(mktemp -d)
chmod 755 "$WORK"
PASSED=0 FAILED=0 ONLY=${1:-}
unset DATABASE_URL USER_DATABASE_URL TEST_DATABASE_URL EXTERNAL_STORAGE_ENDPOINT "${!TRAINER_@}" PORT PLATFORM_DIR

cleanup() {
  local dir
  for dir in "$WORK"/*/; do [[ ! -d $dir/run ]] || "$ROOT/platform" services --stop --dir "$dir" 2>/dev/null; done
  rm -rf "$WORK"
}
trap cleanup EXIT

# check NAME COMMAND…: runs the command in a subshell and shows its output when it fails.
check() {
  local name=$1 output status began
  shift
  [[ $name == *"$ONLY"* ]] || return 0
  began=$(now_ms)
  output=$( (set -e; "$@") 2>&1 ) # not in a condition, because bash ignores -e there
  status=$?
  if ((status == 0)); then
    PASSED=$((PASSED + 1))
    printf 'ok   %s (%s)\n' "$name" "$(seconds_since "$began")"
  else
    FAILED=$((FAILED + 1))
    printf 'FAIL %s (%s)\n%s\n' "$name" "$(seconds_since "$began")" "${output//$'\n'/$'\n'     }"
  fi
}

fail() { echo "$*"; exit 1; }
same() { [[ $1 == "$2" ]] || fail "expected '$2', got '$1'"; }
contains() { [[ $1 == *"$2"* ]] || fail "'$2' is not in: $1"; }

# services DIR [OPTION…]: only the two that start quickly.
services() { local dir=$1; shift; "$ROOT/platform" services --fast --only postgres,s3 --dir "$dir" "$@"; }
stop() { "$ROOT/platform" services --stop --dir "$1"; }
value() { sed -n "s/^$2=//p" "$1/env"; }
port_of() { sed -n "s/^$2=//p" "$1/ports"; }

# processes DIR: prints the pids of everything that runs for a folder; the command line contains its path.
processes() {
  local file
  for file in /proc/[0-9]*/cmdline; do
    if tr '\0' ' ' <"$file" 2>/dev/null | grep -E "(supervise.sh $1/|ceph.conf|-D) ?$1/|-c $1/|-D $1/|supervise.sh $1/" >/dev/null; then basename "$(dirname "$file")"; fi
  done | sort -n
}
nothing_runs() { [[ -z $(processes "$1") ]] || fail "still running: $(ps -o pid,args -p "$(processes "$1" | paste -sd,)")"; }

sql() { "$PG_BIN/psql" -qAtX "$(value "$1" TEST_DATABASE_URL)" -c "$2"; }
s3_answers() { [[ $(http_status 127.0.0.1 "$(port_of "$1" s3)" /) == 200 ]]; }

# in_parts CODE [DIR]: runs CODE with the functions of infra/local, on a folder of its own.
in_parts() {
  ROOT=$ROOT bash -u -o pipefail -c '
    for part in common packages postgres ceph trainers modelserver azurite services console app publish func test doctor; do . "$ROOT/infra/local/$part.sh"; done
    use_dir "$0"
    eval "$1"' "${2:-$WORK/parts}" "$1"
}
# shellcheck source=/dev/null
. "$ROOT/infra/local/common.sh"
# shellcheck source=/dev/null
. "$ROOT/infra/local/packages.sh"
PG_BIN=$(postgres_bin) || PG_BIN=''

# ---- services ---------------------------------------------------------------------------------
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

# ---- trainers ---------------------------------------------------------------------------------
# A copy of the scripts with two tiny trainers: `stub` answers health, and `lame` needs a module that does not exist.
COPY=$WORK/copy
mkdir -p "$COPY/trainers/"{stub,lame}
cp -r "$ROOT/platform" "$ROOT/infra" "$COPY/"
cat >"$COPY/trainers/stub/trainer.conf" <<'CONF'
# A comment.
title = Stub
module = stub_trainer
modules = json:python3
slots = 3
health = /alive
dockerfile = Dockerfile
port = 7399
CONF
sed 's/^modules.*/modules = module_that_does_not_exist/' "$COPY/trainers/stub/trainer.conf" >"$COPY/trainers/lame/trainer.conf"
cat >"$COPY/trainers/stub/stub_trainer.py" <<'PY'
import argparse, http.server, os

class Stub(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/alive" else 404)
        self.end_headers()

options = argparse.ArgumentParser()
options.add_argument("--host")
options.add_argument("--port", type=int)
chosen = options.parse_args()
print("the stub has", os.environ["TRAINER_SLOTS"], "slots and a key of", len(os.environ["TRAINER_API_KEY"]), "characters", flush=True)
http.server.HTTPServer((chosen.host, chosen.port), Stub).serve_forever()
PY
cp "$COPY/trainers/stub/stub_trainer.py" "$COPY/trainers/lame/"
T=$WORK/t
stub_services() { "$COPY/platform" services --dir "$T" "$@"; }

a_trainer_is_a_folder() {
  local output doctor
  output=$(stub_services --only trainer 2>"$WORK/t.progress")
  contains "$output" "TRAINER_STUB_URL=http://127.0.0.1:$(port_of "$T" trainer-stub)"
  contains "$output" "TRAINER_API_KEY=$(cat "$T/secrets/trainer-api-key")"
  same "$(http_status 127.0.0.1 "$(port_of "$T" trainer-stub)" /alive)" 200
  contains "$(PLATFORM_DIR=$T "$COPY/platform" logs stub)" 'the stub has 3 slots and a key of 48 characters'
  contains "$(PLATFORM_DIR=$T "$COPY/platform" logs trainer)" 'the stub has 3 slots'
  doctor=$(PLATFORM_DIR=$T "$COPY/platform" doctor || true) # this machine may lack other things
  grep -E '^  ok +stub ' <<<"$doctor"
  grep -E '^  ok +trainer-stub +127.0.0.1:[0-9]+ healthy' <<<"$doctor"
}

a_trainer_that_cannot_run_here_stops_nothing() {
  ! grep LAME "$T/env" || fail 'it is in the settings'
  contains "$(cat "$WORK/t.progress")" 'lame        cannot run here'
  grep -E '^  - +lame +unavailable: .*module_that_does_not_exist.*pip install' <<<"$(PLATFORM_DIR=$T "$COPY/platform" doctor || true)"
}

a_trainer_asked_for_by_name_must_be_able_to_run() {
  local status=0 output
  output=$(stub_services --only lame 2>&1) || status=$?
  same "$status" 3
  contains "$output" module_that_does_not_exist
}

a_service_that_does_not_exist_is_refused() {
  local status=0 output
  output=$(stub_services --only postgres,nobody 2>&1) || status=$?
  same "$status" 2
  contains "$output" "'nobody'"
  contains "$output" 'lame stub'
}

the_url_of_the_own_trainer_is_not_a_given_one() {
  local output
  output=$(set -a; . "$T/env"; stub_services --only stub 2>&1 >/dev/null)
  contains "$output" 'stub        already runs'
}

doctor_says_the_same_to_scripts() {
  local text json
  text=$(PLATFORM_DIR=$T "$COPY/platform" doctor || true)
  json=$(PLATFORM_DIR=$T "$COPY/platform" doctor --json || true)
  same "$("$PYTHON" -c '
import json, sys
marks = {"ok": "ok", "missing": "no", "warning": "!", "info": "-"}
for check in json.loads(sys.argv[1])["checks"]:
    print("  %-4s %-20s %s" % (marks[check["status"]], check["name"], check["detail"]))' "$json" | sed 's/[0-9]* GiB free.*//')" "$(grep -E '^  (ok|no|!|-) ' <<<"$text" | sed 's/[0-9]* GiB free.*//')"
  contains "$json" '"name":"trainer-stub","status":"ok"'
  contains "$(EXTERNAL_STORAGE_ENDPOINT='http://127.0.0.1:1/"\' PLATFORM_DIR=$T "$COPY/platform" doctor --json |
    "$PYTHON" -c 'import json, sys; said = json.load(sys.stdin); print(said["ok"], *[c["status"] for c in said["checks"] if c["name"] == "EXTERNAL_STORAGE_ENDPOINT"])')" 'False missing'
}

doctor_asks_for_nothing_that_up_does_not_need() {
  local text
  text=$(EXTERNAL_STORAGE_ENDPOINT=http://127.0.0.1:1 EXTERNAL_STORAGE_ACCESS_KEY=a EXTERNAL_STORAGE_SECRET_KEY=b PLATFORM_DIR=$T "$COPY/platform" doctor || true)
  grep -E '^  - +radosgw +not needed here: EXTERNAL_STORAGE_ENDPOINT is given' <<<"$text"
  grep -E '^  no +EXTERNAL_STORAGE_ENDPOINT +127.0.0.1:1 does not answer' <<<"$text"
}

doctor_mends_what_it_can() {
  local pid pids
  pids=$(pgrep -f "$COPY/trainers/stub|stub_trainer --host" | while read -r pid; do if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- "-m stub_trainer.* --port $(port_of "$T" trainer-stub)"; then echo "$pid"; fi; done)
  [[ -n $pids ]] || fail 'the stub does not run'
  chmod 644 "$T/secrets/trainer-api-key"
  # shellcheck disable=SC2086  # a list of pids
  kill -STOP $pids
  (PLATFORM_DIR=$T "$COPY/platform" doctor --fix 2>&1 || true) | grep 'stopped trainer-stub, which did not answer'
  # One that has ended may be left for a moment until its parent looks.
  for pid in $pids; do wait_until 60 is_gone "$pid" || fail 'it still runs'; done
  same "$(stat -c %a "$T/secrets/trainer-api-key")" 600
  stub_services --only stub 2>&1 >/dev/null | grep 'stub        started'
}

a_given_trainer_is_not_started() {
  local output
  output=$(TRAINER_STUB_URL=http://stub.example "$COPY/platform" services --dir "$WORK/g" --only trainer 2>"$WORK/g.progress")
  contains "$output" TRAINER_STUB_URL=http://stub.example
  contains "$(cat "$WORK/g.progress")" 'TRAINER_STUB_URL is given: using http://stub.example'
  contains "$(TRAINER_STUB_URL=http://stub.example PLATFORM_DIR=$WORK/g "$COPY/platform" doctor || true)" 'not needed here: TRAINER_STUB_URL is given'
  nothing_runs "$WORK/g"
}

a_trainer_stops_although_its_folder_is_gone() {
  mv "$COPY/trainers/stub" "$WORK/moved"
  stop "$T"
  mv "$WORK/moved" "$COPY/trainers/stub"
  nothing_runs "$T"
}

a_trainer_runs_with_its_own_virtual_environment() {
  local venv=$COPY/trainers/lame/.venv output
  "$PYTHON" -m venv --without-pip "$venv"
  touch "$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/module_that_does_not_exist.py"
  output=$(stub_services --only lame 2>/dev/null)
  contains "$output" TRAINER_LAME_URL=
  stop "$T"
}

the_compose_file_comes_from_trainer_conf() {
  local file=$COPY/trainers/stub/compose.yaml
  "$COPY/platform" compose
  grep -qF 'TRAINER_STUB_URL: http://127.0.0.1:7399' "$file"
  grep -qF 'command: [python, -m, stub_trainer, --host, 127.0.0.1, --port, "7399"]' "$file"
  grep -qF 'dockerfile: stub/Dockerfile' "$file"
  ! grep -E '(^|[^$])\{[a-z]+\}' "$file" || fail 'a placeholder is left'
}

committed_compose_files_are_current() {
  local name
  for name in $(in_parts trainer_names); do
    same "$(cat "$ROOT/trainers/$name/compose.yaml")" "$(in_parts "trainer_compose $name")"
  done
}

# last_number JSON KEY: prints the number of a key in one line of JSON.
last_number() { sed -nE "s/.*\"$2\":([0-9.]+).*/\1/p" <<<"$1"; }

the_demo_goes_from_images_to_predictions() {
  local h=$WORK/h line status=0
  PLATFORM_DIR=$h "$ROOT/platform" demo >"$WORK/demo.out" 2>"$WORK/demo.err" || status=$?
  ((status == 0)) || fail "exit code $status: $(tail -n 20 "$WORK/demo.err" "$WORK/demo.out")"
  line=$(tail -n 1 "$WORK/demo.out")
  awk -v accuracy="$(last_number "$line" accuracy)" 'BEGIN { exit !(accuracy >= 0.95) }' || fail "accuracy: $line"
  contains "$line" '"format":"onnx","passed":true'
  contains "$line" '"format":"torchscript","passed":true'
  contains "$(cat "$WORK/demo.out")" 'epoch 8/8'
  nothing_runs "$h"
  same "$(stat -c %a "$h/secrets/admin.json")" 600
}

up_twice_is_one_installation() {
  local h=$WORK/h first second
  first=$(PLATFORM_DIR=$h "$ROOT/platform" up 2>/dev/null | sed -n 's|.*health: \([^)]*\)).*|\1|p')
  second=$(PLATFORM_DIR=$h "$ROOT/platform" up 2>/dev/null | sed -n 's|.*health: \([^)]*\)).*|\1|p')
  [[ -n $first ]] || fail 'no address was printed'
  same "$first" "$second"
  same "$(http_status 127.0.0.1 "$(port_of "$h" api)" /health/ready)" 200
  PLATFORM_DIR=$h "$ROOT/platform" down 2>/dev/null
  nothing_runs "$h"
}

# commands_of PAGE HEADING: prints the first block of shell commands below a heading.
commands_of() { sed -n "/^## $2\$/,/^## /p" "$ROOT/$1" | sed -n '/^```bash$/,/^```$/p' | sed '1d;/^```$/,$d'; }

the_commands_of_the_readme_call_the_api() {
  local h=$WORK/r shown password
  shown=$(PLATFORM_DIR=$h "$ROOT/platform" up 2>/dev/null)
  password=$(sed -n 's/.*one-time password: //p' <<<"$shown")
  [[ -n $password ]] || fail "no password was printed: $shown"
  {
    echo 'set -e'
    commands_of README.md 'Call the API' |
      sed "s|http://127.0.0.1:7071|http://127.0.0.1:$(port_of "$h" api)|; s|ONE-TIME|$password|g; s|MY OWN LONG PASSWORD|the blue lamp is on|; s|/tmp/|$WORK/|g"
  } >"$WORK/readme.sh"
  (cd "$ROOT" && bash -o pipefail "$WORK/readme.sh") >"$WORK/readme.out" 2>&1 || fail "$(tail -n 20 "$WORK/readme.out")"
  contains "$(tail -n 1 "$WORK/readme.out")" '{"class":"'
  PLATFORM_DIR=$h "$ROOT/platform" down 2>/dev/null
}

# Each ./platform COMMAND that a page shows exists.
the_pages_name_only_commands_that_exist() {
  local usage command
  usage=$("$ROOT/platform" help 2>&1 || true)
  for command in $(cat "$ROOT"/README.md "$ROOT"/docs/*.md "$ROOT"/trainers/*.md | grep -oE '\./platform [a-z]+' | sort -u | cut -d' ' -f2); do
    grep -qE "(^| )(\./platform )?$command( |\$|,)" <<<"$usage" || fail "$command is not in: $usage"
  done
}

bench_prints_json_lines() { # TOPIC SCENARIO…
  local topic=$1 status=0
  shift
  "$ROOT/platform" bench "$topic" --tiny >"$WORK/bench.out" 2>"$WORK/bench.err" || status=$?
  ((status == 0)) || fail "exit code $status: $(tail -n 20 "$WORK/bench.err")"
  "$PYTHON" - "$WORK/bench.out" "$@" <<'PY'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
names = [line["scenario"] for line in lines]
# If this machine has a Functions host, it is measured after the embedded one.
assert names == sys.argv[2:] or (sys.argv[2] == "cold-start" and names == 2 * sys.argv[2:]), lines
for line in lines:
    for key in ("n", "p50Ms", "p95Ms", "perSecond"):
        assert line[key] > 0, line
    for key in ("fsync", "synchronous_commit", "full_page_writes"):
        assert line.get(key, "on") == "on", line
PY
  [[ ! -e $ROOT/.platform/bench/postgres ]] || fail 'its database is left'
}

bench_engine_prints_json_lines() {
  bench_prints_json_lines engine pgbench chain chains-500 fanout-1000 event timers-1000 idle-10000 growth-finished-100000 growth-waiting-10000
}

bench_api_prints_each_figure_beside_the_bare_one() {
  bench_prints_json_lines api bare-get get bare-health-live health-live bare-projects-list projects-list bare-projects-create projects-create \
    bare-presign presign bare-presign-batch-1000 presign-batch-1000
}

bench_hosts_prints_json_lines() {
  bench_prints_json_lines hosts cold-start get schedule
}

bench_refuses_what_it_does_not_know() {
  local output status=0
  output=$("$ROOT/platform" bench dance 2>&1) || status=$?
  same "$status" 2
  contains "$output" engine
}

if [[ -n $PG_BIN ]] && have_command radosgw; then
  check 'services start and print their settings' services_start_and_print_their_settings
  check 'secrets and settings are for the owner only' secrets_and_settings_are_for_the_owner_only
  check 'a wrong database password is refused' a_wrong_database_password_is_refused
  check 'all ports are on the loopback address only' all_ports_are_on_the_loopback_address_only
  check 'a second start starts nothing' a_second_start_starts_nothing
  check 'sourced settings are not taken for given endpoints' sourced_settings_are_not_taken_for_given_endpoints
  check 'stop leaves no process and keeps data' stop_leaves_no_process_and_keeps_data
  check 'killed services are started again' killed_services_are_started_again
  check 'a crashed daemon comes back by itself' a_crashed_daemon_comes_back_by_itself
  check 'taken ports are replaced' taken_ports_are_replaced
  check 'an interrupted set-up is made again' interrupted_set_up_is_made_again
  check 'two at once make one installation' two_at_once_make_one_installation
  check 'lost test data is replaced' lost_test_data_is_replaced
  check 'the demo goes from images to predictions and leaves only data' the_demo_goes_from_images_to_predictions
  check 'the commands of the README call the API' the_commands_of_the_readme_call_the_api
  check 'bench engine prints JSON lines' bench_engine_prints_json_lines
  check 'bench api prints each figure beside the bare one' bench_api_prints_each_figure_beside_the_bare_one
  check 'bench hosts prints JSON lines' bench_hosts_prints_json_lines
  check 'up twice is one installation, and down ends it' up_twice_is_one_installation
else
  check 'PostgreSQL and Ceph are installed' false
fi
check 'the pages name only commands that exist' the_pages_name_only_commands_that_exist
check 'given endpoints are used instead' given_endpoints_are_used_instead
check 'a given store needs its keys' a_given_store_needs_its_keys
check 'a trainer is a folder: services, doctor, logs and settings have it' a_trainer_is_a_folder
check 'a trainer that cannot run here stops nothing, and doctor says why' a_trainer_that_cannot_run_here_stops_nothing
check 'a trainer asked for by name must be able to run' a_trainer_asked_for_by_name_must_be_able_to_run
check 'a service that does not exist is refused' a_service_that_does_not_exist_is_refused
check 'the URL of the own trainer is not a given one' the_url_of_the_own_trainer_is_not_a_given_one
check 'doctor says the same to scripts as to people' doctor_says_the_same_to_scripts
check 'doctor asks for nothing that up does not need' doctor_asks_for_nothing_that_up_does_not_need
check 'doctor --fix stops what does not answer and closes the secrets' doctor_mends_what_it_can
check 'a given trainer is not started' a_given_trainer_is_not_started
check 'a trainer stops although its folder is gone' a_trainer_stops_although_its_folder_is_gone
check 'a trainer runs with its own virtual environment' a_trainer_runs_with_its_own_virtual_environment
check 'the compose file of a trainer comes from its trainer.conf' the_compose_file_comes_from_trainer_conf
check 'the committed compose files are current' committed_compose_files_are_current

# ---- parts ------------------------------------------------------------------------------------
missing_packages_without_root_are_one_line() {
  local output status=0
  cp -r "$ROOT/infra" "$WORK/infra"
  output=$(${1:+runuser -u nobody --} bash -u -c 'ROOT=$0; . "$0/infra/local/common.sh"; . "$0/infra/local/packages.sh"
    missing_packages() { echo radosgw; }; ensure_packages s3' "$WORK" 2>&1) || status=$?
  same "$status" 3
  same "$(wc -l <<<"$output")" 1
  contains "$output" 'apt-get install'
  contains "$output" radosgw
}

a_missing_sdk_is_one_line() {
  local output status=0
  output=$(in_parts 'dotnet() { echo "6.0.100 [x]"; }; ensure_dotnet' 2>&1) || status=$?
  same "$status" 3
  same "$(wc -l <<<"$output")" 1
  contains "$output" 6.0.100
}

a_taken_explicit_port_is_an_error() {
  local output status=0
  output=$(PORT=9 in_parts 'port_answers() { return 0; }; choose_api_port' 2>&1) || status=$?
  same "$status" 1
  contains "$output" 'port 9 is taken'
}

a_taken_preferred_port_is_replaced() {
  local output
  output=$(in_parts 'port_answers() { [[ $1 == 7071 ]]; }; choose_api_port; remembered api' 2>"$WORK/said")
  [[ $output =~ ^[0-9]+$ && $output != 7071 ]] || fail "chose '$output'"
  contains "$(cat "$WORK/said")" "7071 is taken by another program: using $output"
}

supervised_commands_are_restarted_and_ended() {
  in_parts 'start_supervised crashing bash -c "exit 7"
    wait_until 120 keeps_crashing crashing || die "not seen as crashing"
    stop_supervised crashing quiet
    grep -q "ended with status 7: again in 2 s" "$LOG_DIR/crashing.log" || die "not restarted: $(cat "$LOG_DIR/crashing.log")"
    start_supervised sleeping bash -c "sleep 1000 & wait"
    pid=$(cat "$RUN_DIR/sleeping.pid")
    stop_supervised sleeping quiet
    session_is_gone "$pid" || die "something is left"' "$WORK/supervised"
}

a_command_without_its_loop_is_stopped() {
  in_parts 'start_supervised orphan sleep 1000
    pid=$(cat "$RUN_DIR/orphan.pid")
    wait_until 120 grep -q started "$LOG_DIR/orphan.log"
    kill -KILL "$pid"
    wait_until 120 is_gone "$pid"
    stop_supervised orphan quiet
    session_is_gone "$pid" || die "the command is left"' "$WORK/orphan"
}

a_foreign_pid_is_left_alone() {
  local stranger
  sleep 1000 &
  stranger=$!
  in_parts "echo $stranger >\"\$RUN_DIR/app.pid\"; stop_supervised app quiet"
  kill -0 "$stranger" || fail 'killed a process of somebody else'
  kill "$stranger"
}

settings_survive_sourcing() {
  in_parts 'for value in plain "with space" "quote'"'"'s" "a&b;c|d" "\$HOME \`x\`" "postgresql://u:p@h:1/d?a=b"; do
      setting KEY "$value" >"$PLATFORM_DIR/one"
      [[ $(. "$PLATFORM_DIR/one"; printf %s "$KEY") == "$value" ]] || die "lost: $value"
    done'
}

a_secret_is_the_same_for_all_who_start_at_once() {
  in_parts 'for ((round = 0; round < 10; round++)); do
      for ((number = 0; number < 10; number++)); do secret "key-$round" >"$PLATFORM_DIR/key-$number" & done
      wait
      [[ $(cat "$PLATFORM_DIR"/key-? | sort -u | wc -l) == 1 ]] || die "there are several keys"
    done'
}

databases_of_the_caller_are_not_handed_to_tests() {
  local output
  output=$(DATABASE_URL=postgresql://production/x in_parts 'read_given_endpoints; LOCAL_SERVICES=(); test_settings')
  ! grep production <<<"$output" || fail 'a test would get it'
}

counters_are_summed() {
  in_parts 'cat >"$PLATFORM_DIR/a.trx" <<X
<TestRun><ResultSummary outcome="Failed"><Counters total="10" executed="9" passed="7" failed="2" error="0" timeout="0" aborted="0" notExecuted="0" /></ResultSummary></TestRun>
X
    cat >"$PLATFORM_DIR/b.xml" <<X
<?xml version="1.0"?><testsuites><testsuite name="pytest" errors="1" failures="0" skipped="2" tests="8" time="1.5"><testcase name="x"/></testsuite></testsuites>
X
    count_trx "$PLATFORM_DIR/a.trx" 1 a
    count_junit "$PLATFORM_DIR/b.xml" 1 b
    print_counts >"$PLATFORM_DIR/counts" && die "success in spite of failures"
    [[ $(cat "$PLATFORM_DIR/counts") == "12 passed, 3 failed, 3 skipped" ]] || die "$(cat "$PLATFORM_DIR/counts")"'
}

# A mutant names a text of the source. It is brought up to date together with it.
every_mutant_can_be_made() {
  "$PYTHON" "$ROOT/tests/mutants/run.py" check || return 1
}

a_crashed_runner_counts_as_a_failure() {
  same "$(in_parts 'count 3 0 0; count_trx /nowhere.trx 134 crashed; print_counts' 2>/dev/null)" '3 passed, 1 failed'
}

every_suite_is_run_once_and_a_crashed_one_is_a_failure() {
  same "$(in_parts 'run_dotnet_test() { echo "$2" >>"$1/ran"; [[ $2 != B ]]; }
    SUITES=(A B C D) LONGEST=(Z D)
    run_suites "$PLATFORM_DIR" ""
    sort "$PLATFORM_DIR/ran" | tr "\n" " "
    print_counts' "$WORK/suites" 2>/dev/null)" 'A B C D 0 passed, 1 failed'
}

an_interrupted_run_leaves_nothing() {
  in_parts 'run_dotnet_test() { sleep 1000 & echo $! >"$1/$2.pid"; wait; }
    stop_compiler() { :; }
    (
      trap "exit 130" INT TERM
      trap end_tests EXIT
      SUITES=(A B)
      run_suites "$PLATFORM_DIR" ""
    ) &
    run=$!
    wait_until 60 test -s "$PLATFORM_DIR/A.pid" && wait_until 60 test -s "$PLATFORM_DIR/B.pid" || die "not started"
    kill -TERM "$run"
    wait "$run"
    for suite in A B; do wait_until 60 is_gone "$(cat "$PLATFORM_DIR/$suite.pid")" || die "$suite runs on"; done' "$WORK/interrupted"
}

a_run_ends_with_its_slowest_and_its_failed_tests() {
  local said
  said=$(in_parts 'cat >"$PLATFORM_DIR/A.Tests.trx" <<X
<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results><UnitTestResult testName="VisionPlatform.A.Tests.Of.It" duration="00:01:02.5000000" outcome="Passed"/><UnitTestResult testName="VisionPlatform.A.Tests.Of.That" duration="00:00:01" outcome="Failed"><Output><ErrorInfo><Message>not 3</Message></ErrorInfo></Output></UnitTestResult></Results></TestRun>
X
    echo "<testsuites><testsuite><testcase classname=\"x.test_y\" name=\"test_z\" time=\"3.5\"><failure>not 4</failure></testcase></testsuite></testsuites>" >"$PLATFORM_DIR/trainers.xml"
    printf "ok   a demo (7.5 s)\nFAIL a start (0.1 s)\nnot 5\n" >"$PLATFORM_DIR/local-services.log"
    echo "killed" >"$PLATFORM_DIR/B.Tests.log"
    for suite in A.Tests B.Tests trainers local-services; do echo 1 65400 >"$PLATFORM_DIR/$suite.end"; touch "$PLATFORM_DIR/$suite.log"; done
    "$PYTHON" "$ROOT/infra/local/durations.py" "$PLATFORM_DIR"' "$WORK/durations")
  contains "$said" '     65      2  local-services'
  same "$(grep -A1 'slowest' <<<"$said" | tail -n 1)" '   62.5  A.Tests: Of.It'
  contains "$said" '    7.5  local-services: a demo'
  contains "$said" '    3.5  trainers: test_y.test_z'
  contains "$said" $'failed: A.Tests: A.Tests.Of.That\n    not 3'
  contains "$said" $'failed: B.Tests: no failed test; its output ends\n    killed'
  contains "$said" $'failed: trainers: x.test_y.test_z\n    not 4'
  contains "$said" $'failed: local-services: a start\n    not 5'
}

no_test_at_all_is_a_failure() {
  same "$(in_parts print_counts 2>/dev/null)" '0 passed, 1 failed'
}

addresses_are_read_from_urls() {
  same "$(in_parts 'host_and_port postgresql://u:p%40x@db.example:6000/x')" 'db.example 6000'
  same "$(in_parts 'host_and_port postgresql://u:p@db.example/x')" 'db.example 5432'
  same "$(in_parts 'host_and_port https://s3.example')" 's3.example 443'
  same "$(in_parts 'host_and_port http://[::1]:90/a')" '::1 90'
}

a_backup_to_start_from_needs_an_address_and_keys() {
  local said
  said=$(PLATFORM_DIR=$WORK/from-backup "$ROOT/platform" up --from-backup s3://backups 2>&1) && fail 'took an address without an endpoint'
  contains "$said" 'https://ENDPOINT/BUCKET'
  said=$(PLATFORM_DIR=$WORK/from-backup "$ROOT/platform" up --from-backup https://s3.example.com/backups 2>&1) && fail 'took no keys'
  contains "$said" FROM_BACKUP_ACCESS_KEY
  said=$(FROM_BACKUP_ACCESS_KEY=a FROM_BACKUP_SECRET_KEY=b PLATFORM_DIR=$WORK/from-backup "$ROOT/platform" up --from-backup https://s3.example.com/backups --replace other 2>&1) && fail 'took another name'
  contains "$said" 'from-backup, as a confirmation'
  nothing_runs "$WORK/from-backup"
}

unknown_commands_show_the_usage() {
  local status=0
  "$ROOT/platform" dance >/dev/null 2>"$WORK/usage" || status=$?
  same "$status" 2
  contains "$(cat "$WORK/usage")" 'usage: ./platform'
}

if ((EUID == 0)); then
  check 'missing packages without root are one line' missing_packages_without_root_are_one_line nobody
else
  check 'missing packages without root are one line' missing_packages_without_root_are_one_line
fi
check 'a missing SDK is one line' a_missing_sdk_is_one_line
check 'a taken explicit port is an error' a_taken_explicit_port_is_an_error
check 'a taken preferred port is replaced' a_taken_preferred_port_is_replaced
check 'supervised commands are restarted, and ended with all they started' supervised_commands_are_restarted_and_ended
check 'a command without its loop is stopped' a_command_without_its_loop_is_stopped
check 'a foreign pid is left alone' a_foreign_pid_is_left_alone
check 'settings survive sourcing' settings_survive_sourcing
check 'a secret is the same for all who start at once' a_secret_is_the_same_for_all_who_start_at_once
check 'databases of the caller are not handed to tests' databases_of_the_caller_are_not_handed_to_tests
check 'counters of runners are summed' counters_are_summed
check 'every mutant can be made' every_mutant_can_be_made
check 'a crashed runner counts as a failure' a_crashed_runner_counts_as_a_failure
check 'every suite is run once, and a crashed one is a failure' every_suite_is_run_once_and_a_crashed_one_is_a_failure
check 'an interrupted run leaves nothing' an_interrupted_run_leaves_nothing
check 'a run ends with its slowest and its failed tests' a_run_ends_with_its_slowest_and_its_failed_tests
check 'no test at all is a failure' no_test_at_all_is_a_failure
check 'addresses are read from URLs' addresses_are_read_from_urls
check 'bench refuses what it does not know' bench_refuses_what_it_does_not_know
check 'a backup to start from needs an address and keys' a_backup_to_start_from_needs_an_address_and_keys
check 'unknown commands show the usage' unknown_commands_show_the_usage

printf '%s passed, %s failed\n' "$PASSED" "$FAILED"
((FAILED == 0))
