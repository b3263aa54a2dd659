# shellcheck shell=bash
# Functions that every part of the local installation uses: progress lines, locks, ports, processes, secrets.
# Sourced by ./platform, which sets ROOT (the checkout). Progress goes to stderr; stdout belongs to results.

PLATFORM_DIR=${PLATFORM_DIR:-$ROOT/.platform}

# use_dir DIR: from here on, all state (data, logs, pids, ports, secrets) is kept in DIR.
use_dir() {
  mkdir -p "$1" || die "cannot create $1"
  PLATFORM_DIR=$(cd "$1" && pwd -P)
  [[ $PLATFORM_DIR != *[[:space:]]* ]] || die "the data folder must not have spaces in its path (Ceph's settings cannot hold them): $PLATFORM_DIR"
  RUN_DIR=$PLATFORM_DIR/run LOG_DIR=$PLATFORM_DIR/logs SECRETS_DIR=$PLATFORM_DIR/secrets
  mkdir -p "$RUN_DIR" "$LOG_DIR" "$SECRETS_DIR"
  chmod 700 "$SECRETS_DIR"
  # After a reboot the pid in a file may belong to any process.
  local boot
  boot=$(</proc/sys/kernel/random/boot_id)
  if [[ $(cat "$RUN_DIR/boot" 2>/dev/null) != "$boot" ]]; then
    rm -f "$RUN_DIR"/*.pid
    printf '%s\n' "$boot" >"$RUN_DIR/boot"
  fi
}

# ---- progress ---------------------------------------------------------------------------------
say() { printf '%s\n' "$*" >&2; }
step() { printf '  %-11s %s\n' "$1" "$2" >&2; }

# die MESSAGE [EXIT]: prints one line and exits, with 1 by default; 3 means that the machine lacks something.
die() { printf 'platform: %s\n' "$1" >&2; exit "${2:-1}"; }

now_ms() { local t=${EPOCHREALTIME/[^0-9]/}; printf '%s' "$((t / 1000))"; }

# seconds_since MS: "1.3 s"
seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# wait_until SECONDS COMMAND…: repeats COMMAND until it succeeds; fails when the time is over.
wait_until() {
  local deadline=$(($(now_ms) + $1 * 1000))
  shift
  until "$@"; do
    (($(now_ms) < deadline)) || return 1
    sleep 0.1
  done
}

# last_lines FILE [COUNT]: prints the end of a log, indented, to stderr.
last_lines() { [[ -f $1 ]] && tail -n "${2:-15}" "$1" | sed 's/^/    | /' >&2; }

# ---- one at a time ----------------------------------------------------------------------------
# Two invocations on one folder take turns. The lock belongs to a file descriptor, so it ends when the process ends,
# even when that is killed. Start everything that keeps running in the background with 8>&- 9>&-.
lock() {
  exec 9>"$PLATFORM_DIR/lock"
  flock -n 9 && return
  say "waiting for another ./platform that works in $PLATFORM_DIR"
  flock -w 900 9 || die "another ./platform has held $PLATFORM_DIR/lock for 15 minutes"
}
unlock() { exec 9>&-; }

# ---- ports ------------------------------------------------------------------------------------
port_answers() { (exec 3<>"/dev/tcp/${2:-127.0.0.1}/$1") 2>/dev/null; }

# remembered NAME: prints the port that NAME used last, or nothing.
remembered() { [[ ! -f $PLATFORM_DIR/ports ]] || sed -n "s/^$1=//p" "$PLATFORM_DIR/ports"; }

remember() {
  touch "$PLATFORM_DIR/ports"
  { grep -v "^$1=" "$PLATFORM_DIR/ports"; printf '%s=%s\n' "$1" "$2"; } >"$PLATFORM_DIR/ports.$BASHPID"
  mv "$PLATFORM_DIR/ports.$BASHPID" "$PLATFORM_DIR/ports"
}

# block_is_free FIRST COUNT
block_is_free() {
  local port
  for ((port = $1; port < $1 + $2; port++)); do ! port_answers "$port" || return 1; done
}

# choose_port NAME [COUNT]: prints the remembered port of a service that is not running, or a new one when another
# program has taken it. COUNT ports (at most 10) from there on are free. Ports are below the ephemeral range; the search
# starts at a number that depends on the folder, so that two folders rarely compete. Services start at the same time:
# the lock keeps them from choosing the same port.
choose_port() (
  flock 8
  name=$1 count=${2:-1}
  port=$(remembered "$name")
  if [[ -n $port ]] && block_is_free "$port" "$count"; then printf '%s' "$port"; return; fi
  seed=$(printf '%s' "$PLATFORM_DIR/$name" | cksum | cut -d' ' -f1)
  for ((try = 0; try < 200; try++)); do
    port=$((20000 + (seed / 10 + try) % 1200 * 10))
    if ! grep -qs "=$port\$" "$PLATFORM_DIR/ports" && block_is_free "$port" "$count"; then
      remember "$name" "$port"
      printf '%s' "$port"
      return
    fi
  done
  die "no free port for $name between 20000 and 32000"
) 8>"$PLATFORM_DIR/ports.lock"

# http_status HOST PORT PATH: prints the status code of a GET, or nothing. It needs no curl, which a new machine may lack.
http_status() (
  exec 3<>"/dev/tcp/$1/$2" || exit 1
  printf 'GET %s HTTP/1.0\r\nHost: %s:%s\r\nConnection: close\r\n\r\n' "$3" "$1" "$2" >&3
  read -r -t 5 _ status _ <&3 && printf '%s' "$status"
) 2>/dev/null

# http_body HOST PORT PATH: prints the body of the answer to a GET, whatever its status.
http_body() (
  exec 3<>"/dev/tcp/$1/$2" || exit 1
  printf 'GET %s HTTP/1.0\r\nHost: %s:%s\r\nConnection: close\r\n\r\n' "$3" "$1" "$2" >&3
  timeout 10 sed '1,/^\r*$/d' <&3
) 2>/dev/null

http_ok() { [[ $(http_status "$1" "$2" "$3") == 2?? ]]; }

# ---- processes --------------------------------------------------------------------------------
# pid_of NAME WORD: prints the pid of a process that we started. The pid file counts only when the command line of
# that process in /proc contains WORD, a path under our folder.
pid_of() {
  local pid
  [[ -f $RUN_DIR/$1.pid ]] && read -r pid <"$RUN_DIR/$1.pid" && [[ -n $pid ]] || return 1
  process_is "$pid" "$2" && printf '%s' "$pid"
}

process_is() { # PID WORD
  local command
  [[ -r /proc/$1/cmdline ]] && command=$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null) && [[ $command == *"$2"* ]]
}

is_gone() { ! [[ -d /proc/$1 ]] || grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }

# start_daemon NAME LOG COMMAND…: starts COMMAND in a session of its own and without our descriptors, so that it
# outlives the shell and keeps no pipe of the caller open. Its pid is in run/NAME.pid.
start_daemon() {
  local name=$1 log=$2
  shift 2
  rotate "$log"
  rm -f "$RUN_DIR/$name.pid"
  # bash writes its own pid and then becomes the daemon, so the file is right from the start.
  # shellcheck disable=SC2016
  setsid bash -c 'printf "%s\n" "$$" >"$0"; exec "$@"' "$RUN_DIR/$name.pid" "$@" \
    </dev/null >>"$log" 2>&1 8>&- 9>&- &
  disown
  wait_until 60 test -s "$RUN_DIR/$name.pid" || die "could not start $name"
}

rotate() { if [[ -f $1 ]] && (($(stat -c %s "$1") > 20000000)); then mv -f "$1" "$1.1"; fi; }

# ---- supervised processes ---------------------------------------------------------------------
# start_supervised NAME COMMAND…: runs COMMAND under supervise.sh. The command line of that loop contains the path of
# the log, and pid_of recognizes it by that.
start_supervised() {
  local name=$1
  shift
  rotate "$LOG_DIR/$name.log"
  touch "$LOG_DIR/$name.log"
  stat -c %s "$LOG_DIR/$name.log" >"$RUN_DIR/$name.log-start"
  start_daemon "$name" "$LOG_DIR/$name.log" bash "$ROOT/infra/local/supervise.sh" "$LOG_DIR/$name.log" "$@"
}

supervised_pid() { pid_of "$1" "$LOG_DIR/$1.log"; }

# keeps_crashing NAME: succeeds when it ended three times since its start here, or when the loop gave up.
keeps_crashing() {
  supervised_pid "$1" >/dev/null || return 0
  (($(tail -c +"$(($(<"$RUN_DIR/$1.log-start") + 1))" "$LOG_DIR/$1.log" | grep -c '^[^ ]* supervisor: ended with') >= 3))
}

# wait_healthy NAME SECONDS CHECK…: waits until the check succeeds; fails early when NAME keeps crashing.
wait_healthy() {
  local name=$1 deadline=$(($(now_ms) + $2 * 1000))
  shift 2
  until "$@"; do
    (($(now_ms) < deadline)) && ! keeps_crashing "$name" || return 1
    sleep 0.1
  done
}

# stop_supervised NAME [quiet]: gives the command 60 s to end, then kills everything that is left in its session.
# When the loop itself was killed, the command may still run in that session. The system does not reuse the number of a
# session that has processes, so all of them are ours.
stop_supervised() {
  local pid='' started
  started=$(now_ms)
  [[ ! -f $RUN_DIR/$1.pid ]] || read -r pid <"$RUN_DIR/$1.pid"
  if [[ -n $pid ]] && { process_is "$pid" "$LOG_DIR/$1.log" || is_gone "$pid"; } && kill -0 -- "-$pid" 2>/dev/null; then
    if process_is "$pid" "$LOG_DIR/$1.log"; then kill -TERM "$pid" 2>/dev/null; else kill -TERM -- "-$pid" 2>/dev/null; fi
    # A process that was stopped by a signal would not see the end until it goes on.
    kill -CONT -- "-$pid" 2>/dev/null
    if ! wait_until 65 session_is_gone "$pid"; then
      say "  $1 did not end within 65 s: killed"
      kill -KILL -- "-$pid" 2>/dev/null
      wait_until 60 session_is_gone "$pid"
    fi
    [[ ${2:-} == quiet ]] || step "$1" "stopped ($(seconds_since "$started"))"
  fi
  rm -f "$RUN_DIR/$1.pid"
}

# session_is_gone PID: succeeds when the process group has no processes, or only zombies that nobody reaps.
session_is_gone() {
  local stat fields
  is_gone "$1" || return 1
  kill -0 -- "-$1" 2>/dev/null || return 0
  for stat in /proc/[0-9]*/stat; do
    fields=$(sed 's/.*) //' "$stat" 2>/dev/null) || continue
    # shellcheck disable=SC2086  # state, parent, group, …
    set -- "$1" $fields
    [[ ${4:-} != "$1" || ${2:-} == Z ]] || return 1
  done
}

# ---- secrets and settings ---------------------------------------------------------------------
random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# put_secret NAME VALUE: writes a file of mode 0600, whole or not at all.
put_secret() {
  (umask 077; printf '%s\n' "$2" >"$SECRETS_DIR/.$1.$BASHPID" && mv -f "$SECRETS_DIR/.$1.$BASHPID" "$SECRETS_DIR/$1")
}

# secret NAME [BYTES]: prints a random secret; it is made at first use and then stays the same. The lock is for services
# that start at the same time and share one.
secret() {
  [[ -s $SECRETS_DIR/$1 ]] || (
    flock 6
    [[ -s $SECRETS_DIR/$1 ]] || put_secret "$1" "$(random_hex "${2:-24}")"
  ) 6>"$PLATFORM_DIR/secrets.lock"
  cat "$SECRETS_DIR/$1"
}

# setting NAME VALUE: prints a KEY=VALUE line that a shell can source, with quotes only where it needs them.
setting() {
  if [[ $2 =~ ^[A-Za-z0-9_.:/@%+,=?~-]*$ ]]; then printf '%s=%s\n' "$1" "$2"; else printf "%s='%s'\n" "$1" "${2//\'/\'\\\'\'}"; fi
}
