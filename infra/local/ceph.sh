# shellcheck shell=bash
# The S3 store: Ceph's RADOS gateway with one monitor and one object daemon, all on 127.0.0.1. It is a real S3 server: it
# checks signatures, presigned URLs, conditional writes and CORS. Sizes are for one machine: one copy of everything, one
# placement group per pool.

CEPH_DAEMONS=(ceph-rgw ceph-osd ceph-mon) # in the order in which they are stopped

ceph_dir() { printf '%s/ceph' "$PLATFORM_DIR"; }
ceph_endpoint() { printf 'http://127.0.0.1:%s' "$(remembered s3)"; }

# The gateway answers an anonymous GET of / as soon as it serves.
ceph_answers() { [[ -n $(http_status 127.0.0.1 "$(remembered s3)" /) ]]; }

ceph_running() {
  local daemon
  for daemon in "${CEPH_DAEMONS[@]}"; do supervised_pid "$daemon" >/dev/null || return 1; done
  ceph_answers
}

# start_ceph [fast]: fast says that the data may be lost; then a store that does not start is replaced by an empty one.
start_ceph() {
  if [[ ${1:-} == fast && -f $(ceph_dir)/complete ]]; then
    (start_ceph durable) && return
    step s3 "the kept data cannot be used: starting with an empty store"
    stop_ceph quiet
    wipe_ceph
  fi
  local started dir monitor_port port daemon kind=kept
  started=$(now_ms)
  dir=$(ceph_dir)
  if ceph_running; then step s3 "already runs on $(ceph_endpoint)"; return; fi
  stop_ceph quiet # some of its daemons may still run
  if [[ ! -f $dir/complete && -d $dir ]]; then
    step s3 "the set-up was interrupted: starting it again"
    rm -rf "$dir"
  fi
  monitor_port=$(choose_port ceph 10) && port=$(choose_port s3) || exit 1
  if [[ ! -f $dir/complete ]]; then
    kind=new
    ceph_create "$dir" "$monitor_port"
  elif [[ $(<"$dir/monitor-port") != "$monitor_port" ]]; then
    ceph_move_monitor "$dir" "$monitor_port"
  fi
  ceph_configuration "$dir" "$monitor_port" "$port" >"$dir/ceph.conf"
  rm -f "$dir"/run/*.asok
  ceph_daemon ceph-mon -i a
  if [[ $kind == new ]]; then ceph_create_osd "$dir"; fi
  ceph_daemon ceph-osd -i 0
  if [[ $kind == new ]]; then
    ceph_create_user "$dir"
    touch "$dir/complete"
  fi
  ceph_upload_identity "$dir"
  ceph_daemon ceph-rgw -n client.rgw --keyring "$dir/keyring"
  if ! wait_until 180 ceph_answers_or_crashes || ! ceph_answers; then
    for daemon in "${CEPH_DAEMONS[@]}"; do last_lines "$LOG_DIR/$daemon.log" 5; done
    die "the S3 store did not start (logs: $LOG_DIR/ceph-*.log, $dir/*.log)"
  fi
  step s3 "started on http://127.0.0.1:$port, $kind data ($(seconds_since "$started"))"
}

ceph_answers_or_crashes() {
  local daemon
  ceph_answers && return
  for daemon in "${CEPH_DAEMONS[@]}"; do keeps_crashing "$daemon" && return; done
  return 1
}

ceph_daemon() { # NAME OPTIONS…
  local name=$1 program=$1
  local patience=60
  # The gateway stores nothing itself. At TERM it stops serving at once, but its lifecycle thread may sleep for 10 s
  # before the process ends, so it is killed after 2 s.
  if [[ $name == ceph-rgw ]]; then program=radosgw patience=2; fi
  PATH=$PATH:/usr/sbin:/sbin STOP_SECONDS=$patience start_supervised "$name" "$program" -c "$(ceph_dir)/ceph.conf" -f "${@:2}"
}

# ceph_try COMMAND…: runs a Ceph command on this store; its output goes to the log.
ceph_try() {
  PATH=$PATH:/usr/sbin:/sbin CEPH_CONF=$(ceph_dir)/ceph.conf timeout 60 "$@" </dev/null >>"$LOG_DIR/ceph-setup.log" 2>&1 8>&- 9>&-
}

# ceph_tool SECONDS COMMAND…: repeats the command until it works, because a monitor that is starting refuses commands.
ceph_tool() {
  wait_until "$1" ceph_try "${@:2}" && return
  last_lines "$LOG_DIR/ceph-setup.log"
  die "setting up the S3 store failed at: ${*:2:1} (log: $LOG_DIR/ceph-setup.log)"
}

ceph_create() { # DIR MONITOR_PORT
  local dir=$1 fsid
  mkdir -p "$dir"/{mon,osd,run,rgw}
  chmod 700 "$dir"
  fsid=$(</proc/sys/kernel/random/uuid)
  printf '%s\n' "$fsid" >"$dir/fsid"
  printf '%s\n' "$2" >"$dir/monitor-port"
  ceph_configuration "$dir" "$2" 0 >"$dir/ceph.conf"
  : >"$LOG_DIR/ceph-setup.log"
  ceph_tool 0 ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *'
  ceph_tool 0 ceph-authtool "$dir/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
  ceph_tool 0 ceph-authtool "$dir/keyring" --gen-key -n client.rgw --cap mon 'allow *' --cap osd 'allow *'
  ceph_tool 0 monmaptool --create --addv a "[v1:127.0.0.1:$2]" --fsid "$fsid" "$dir/monmap"
  ceph_tool 0 ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring"
}

ceph_create_osd() { # DIR
  local uuid
  uuid=$(</proc/sys/kernel/random/uuid)
  ceph_tool 60 ceph --connect-timeout 30 --keyring "$1/keyring" osd create "$uuid" 0
  ceph_tool 30 ceph --connect-timeout 30 --keyring "$1/keyring" osd crush add osd.0 1.0 root=default host=local
  ceph_tool 0 ceph-osd -i 0 --mkfs --osd-uuid "$uuid"
}

ceph_create_user() { # DIR
  local admin=(radosgw-admin -n client.rgw --keyring "$1/keyring")
  wait_until 120 ceph_create_user_once && return
  last_lines "$LOG_DIR/ceph-setup.log"
  last_lines "$LOG_DIR/ceph-osd.log"
  die "setting up the S3 store failed: no user could be created (log: $LOG_DIR/ceph-setup.log)"
}

# An earlier try may have created the user and then failed.
ceph_create_user_once() {
  ceph_try "${admin[@]}" user create --uid=platform --display-name=platform \
    --access-key="$(secret s3-access-key 10)" --secret-key="$(secret s3-secret-key)" ||
    ceph_try "${admin[@]}" user info --uid=platform
}

# The identity that signs upload URLs. It may write and not read, so no URL can copy an object to where its holder reads it.
# A store of an earlier release gets it at its next start.
ceph_upload_identity() { # DIR
  local admin=(radosgw-admin -n client.rgw --keyring "$1/keyring")
  [[ ! -f $1/upload-identity ]] || return 0
  wait_until 180 ceph_upload_identity_once && touch "$1/upload-identity" && return
  last_lines "$LOG_DIR/ceph-setup.log"
  die "setting up the S3 store failed: the identity for uploads could not be created (log: $LOG_DIR/ceph-setup.log)"
}

ceph_upload_identity_once() {
  ceph_try "${admin[@]}" subuser create --uid=platform --subuser=platform:upload --key-type=s3 --access=write \
    --access-key="$(secret s3-upload-access-key 10)" --secret-key="$(secret s3-upload-secret-key)" ||
    ceph_try "${admin[@]}" subuser modify --uid=platform --subuser=platform:upload --key-type=s3 --access=write \
      --access-key="$(secret s3-upload-access-key 10)" --secret-key="$(secret s3-upload-secret-key)"
}

# The monitor's data contains its address, so the data must change when another program has taken the port.
ceph_move_monitor() { # DIR MONITOR_PORT
  step s3 "port $(<"$1/monitor-port") is taken: moving the monitor to $2"
  rm -f "$1/monmap"
  ceph_tool 0 monmaptool --create --addv a "[v1:127.0.0.1:$2]" --fsid "$(<"$1/fsid")" "$1/monmap"
  ceph_tool 0 ceph-mon -i a --inject-monmap "$1/monmap"
  printf '%s\n' "$2" >"$1/monitor-port"
}

# Short paxos intervals: the gateway creates its pools by a chain of map changes, each of which waits for one interval;
# a new store is ready after about 1 s instead of 11 s. A short tick of the gateway: at a restart it repeats at the next
# tick what it asked before the object daemon ran; a restart takes under 1 s instead of 5 s.
# Keys of 1,024 bytes: the object daemon keeps a long name in an extended attribute, which ext4 limits to a block (4,096 bytes).
# No update of the object daemon's place at its start: ceph_create_osd sets it once. A monitor that is just starting
# refuses the update ('wrong fsid'), and the daemon would end.
ceph_configuration() { # DIR MONITOR_PORT PORT
  cat <<CONF
[global]
fsid = $(<"$1/fsid")
mon host = v1:127.0.0.1:$2
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 2
paxos propose interval = 0.05
paxos min wait = 0.01
ms bind msgr2 = false
run dir = $1/run
admin socket = $1/run/\$name.asok
log file = $1/\$name.log
log max recent = 500
mon data = $1/mon
osd data = $1/osd
osd objectstore = filestore
osd journal = $1/osd/journal
osd journal size = 100
journal dio = false
osd memory target = 939524096
osd max object name len = 2048
osd check max object name len on startup = false
filestore max xattr value size = 3000
osd max object namespace len = 64
[osd.0]
ms bind port min = $(($2 + 1))
ms bind port max = $(($2 + 9))
osd crush update on start = false
osd class update on start = false
[client.rgw]
rgw data = $1/rgw
# Without tcp_nodelay an answer of several segments waits 40 ms on a connection that is used again: for the acknowledgement that the client delays.
rgw frontends = beast endpoint=127.0.0.1:$3 tcp_nodelay=1
rgw thread pool size = 32
objecter tick interval = 0.2
CONF
}

# The gateway first, the monitor last.
stop_ceph() {
  local daemon started ran=0
  started=$(now_ms)
  for daemon in "${CEPH_DAEMONS[@]}"; do
    ! supervised_pid "$daemon" >/dev/null || ran=1
    stop_supervised "$daemon" quiet
  done
  if ((ran)) && [[ ${1:-} != quiet ]]; then step s3 "stopped ($(seconds_since "$started"))"; fi
}

wipe_ceph() { rm -rf "$(ceph_dir)"; }
