#!/usr/bin/env bash
# supervise.sh LOG COMMAND…: runs COMMAND and restarts it whenever it ends by itself: after 1 s, then 2, 4 … 30 s.
# At TERM it ends: the command gets TERM, and KILL after STOP_SECONDS (default 60). It also gives up after 10 restarts
# in 10 minutes.
set -u
log=$1
shift
restarts=()
backoff=1
child=''
note() { printf '%s supervisor: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" >>"$log"; }

end() {
  trap '' TERM INT
  if [[ -n $child ]]; then
    kill -TERM "$child" 2>/dev/null
    deadline=$((SECONDS + ${STOP_SECONDS:-60}))
    while kill -0 "$child" 2>/dev/null && ((SECONDS < deadline)); do sleep 0.1; done
    kill -KILL "$child" 2>/dev/null && note "$child did not end in time: killed"
  fi
  note stopped
  exit 0
}
trap end TERM INT

while :; do
  started=$SECONDS
  "$@" </dev/null >>"$log" 2>&1 &
  child=$!
  note "started $1 (pid $child)"
  wait "$child"
  status=$?
  child=''
  ((SECONDS - started < 60)) || backoff=1
  recent=()
  for moment in "${restarts[@]}"; do ((SECONDS - moment < 600)) && recent+=("$moment"); done
  restarts=("${recent[@]}")
  if ((${#restarts[@]} >= 10)); then
    note "ended with status $status, the 11th time in 10 minutes: giving up"
    exit 1
  fi
  note "ended with status $status: again in $backoff s"
  restarts+=("$SECONDS")
  sleep "$backoff" & # in the background, because bash handles TERM only between foreground commands
  wait $!
  backoff=$((backoff < 16 ? backoff * 2 : 30))
done
