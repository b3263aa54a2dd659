# shellcheck shell=bash disable=SC2013,SC2016  # code for in_parts is quoted; ports are words
# Sourced by run.sh: tests of the trainers that `./platform` starts, and of doctor.

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
