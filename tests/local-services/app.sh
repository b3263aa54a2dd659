# shellcheck shell=bash disable=SC2013,SC2016  # code for in_parts is quoted; ports are words
# Sourced by run.sh: tests of demo, up, bench and of the pages that show their commands.

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

# get DIR PATH: what the API of an installation answers to the administrator of the README.
get() {
  local api token
  api=http://127.0.0.1:$(port_of "$1" api)/api/v1
  token=$(curl -fsS "$api/auth/login" -H 'Content-Type: application/json' -d '{"email":"admin@example.com","password":"the blue lamp is on"}' | jq -r .accessToken)
  curl -fsS "$api/$2" -H "Authorization: Bearer $token"
}

# The installation of the README is production; another folder is the laptop.
a_laptop_starts_from_the_backup_of_production() {
  local h=$WORK/r laptop=$WORK/laptop store key project list expected dataset image
  [[ -e $WORK/readme.out ]] || the_commands_of_the_readme_call_the_api
  PLATFORM_DIR=$h "$ROOT/platform" up >/dev/null 2>&1
  store=$(value "$h" EXTERNAL_STORAGE_ENDPOINT) key=$(openssl rand -base64 32)
  PLATFORM_DIR=$h EXTERNAL_BUCKET_DATASETS=backups "$ROOT/platform" ops storage init >/dev/null
  PLATFORM_DIR=$h BACKUP_BUCKET=backups BACKUP_ENCRYPTION_KEY=$key "$ROOT/platform" ops backup run >"$WORK/backup.out" 2>&1 || fail "$(tail -n 20 "$WORK/backup.out")"
  (
    export PLATFORM_DIR=$laptop FROM_BACKUP_ENCRYPTION_KEY=$key
    FROM_BACKUP_ACCESS_KEY=$(value "$h" EXTERNAL_STORAGE_ACCESS_KEY) FROM_BACKUP_SECRET_KEY=$(value "$h" EXTERNAL_STORAGE_SECRET_KEY)
    export FROM_BACKUP_ACCESS_KEY FROM_BACKUP_SECRET_KEY
    "$ROOT/platform" up --from-backup "$store/backups" --datasets "$store/vision-platform-datasets" --internal "$store/vision-platform-internal"
  ) >"$WORK/laptop.out" 2>&1 || fail "$(tail -n 30 "$WORK/laptop.out")"
  project=$(get "$laptop" projects | jq -r '.items[0].id')
  for list in datasets training/jobs models deployments; do
    expected=$(get "$h" "$list?projectId=$project" | jq -c '[.items[] | [.id, .name, .createdAt]]')
    [[ $expected == *-* ]] || fail "production has no $list: $expected"
    same "$(get "$laptop" "$list?projectId=$project" | jq -c '[.items[] | [.id, .name, .createdAt]]')" "$expected"
  done
  dataset=$(get "$laptop" "datasets?projectId=$project" | jq -r '.items[0].id')
  image=$(get "$laptop" "datasets/$dataset/images" | jq -r '.items[0].url')
  contains "$image" "$(value "$laptop" EXTERNAL_STORAGE_ENDPOINT)"
  curl -fsS "$image" -o "$WORK/image.png"
  same "$(head -c 4 "$WORK/image.png" | tail -c 3)" PNG
  PLATFORM_DIR=$h "$ROOT/platform" down 2>/dev/null
  PLATFORM_DIR=$laptop "$ROOT/platform" down 2>/dev/null
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

bench_web_measures_the_console() {
  local status=0
  "$ROOT/platform" bench web --tiny >"$WORK/bench.out" 2>"$WORK/bench.err" || status=$?
  ((status == 0)) || fail "exit code $status: $(tail -n 20 "$WORK/bench.err")"
  "$PYTHON" - "$WORK/bench.out" <<'PY'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert [line["scenario"] for line in lines] == ["first-load", "grid", "job-page"], lines
wanted = [("fcpMs", "interactiveMs", "gzipKb", "peerFcpMs"), *[("framesPerSecond", "peerFramesPerSecond")] * 2]
for line, names in zip(lines, wanted):
    for name in names:
        assert line[name] > 0, line
PY
  [[ ! -e $ROOT/.platform/bench-web/postgres ]] || fail 'its database is left'
}

bench_refuses_what_it_does_not_know() {
  local output status=0
  output=$("$ROOT/platform" bench dance 2>&1) || status=$?
  same "$status" 2
  contains "$output" engine
}
