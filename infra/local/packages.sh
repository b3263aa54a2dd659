# shellcheck shell=bash
# What the machine must have, how to see that it is there, and how to get it (Debian and Ubuntu).

PYTHON=/usr/bin/python3

postgres_bin() { # the folder of the newest server (14 or later) on this machine
  local dir best='' best_version=0 version
  for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin "$(pg_config --bindir 2>/dev/null)"; do
    [[ -x $dir/initdb && -x $dir/pg_ctl && -x $dir/psql ]] || continue
    version=$("$dir/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
    ((version >= 14 && version > best_version)) && best=$dir best_version=$version
  done
  [[ -n $best ]] && printf '%s' "$best"
}

# PATH of a service user may lack the sbin folders where some of these live.
have_command() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null; }

# A module counts when this very Python can find it, wherever it came from.
have_python_module() { [[ -x $PYTHON ]] && "$PYTHON" -c "import importlib.util as u, sys; sys.exit(u.find_spec('$1') is None)" 2>/dev/null; }

# missing_packages NEED…: prints the packages to install for postgres, s3, trainer, digits, tests.
missing_packages() {
  local need module
  for need in "$@"; do
    case $need in
      postgres) postgres_bin >/dev/null || echo postgresql ;;
      s3)
        have_command radosgw && have_command radosgw-admin || echo radosgw
        have_command ceph-mon || echo ceph-mon
        have_command ceph-osd || echo ceph-osd
        have_command ceph && have_command ceph-authtool || echo ceph-common ;;
      trainer)
        [[ -x $PYTHON ]] || echo python3
        for module in torch:torch torchvision:torchvision onnx:onnx cv2:opencv sklearn:sklearn numpy:numpy PIL:pil; do
          have_python_module "${module%:*}" || echo "python3-${module#*:}"
        done ;;
      digits)
        for module in sklearn:sklearn numpy:numpy PIL:pil; do have_python_module "${module%:*}" || echo "python3-${module#*:}"; done ;;
      tests)
        for module in pytest:pytest jsonschema:jsonschema; do have_python_module "${module%:*}" || echo "python3-${module#*:}"; done ;;
    esac
  done | sort -u
}

# ensure_packages NEED…: installs what is missing when root; otherwise says in one line what to run.
ensure_packages() {
  local packages started
  packages=$(missing_packages "$@" | tr '\n' ' ')
  packages=${packages% }
  [[ -n $packages ]] || return 0
  local install="apt-get install -y --no-install-recommends $packages"
  have_command apt-get || die "missing on this machine (and there is no apt-get to install them): $packages" 3
  ((EUID == 0)) || die "missing packages; run: sudo sh -c 'apt-get update && $install'" 3
  step packages "installing $packages"
  started=$(now_ms)
  if [[ " $packages " == *" postgresql "* && ! -e /etc/postgresql-common/createcluster.d ]]; then
    # The package would make and start a cluster of its own on 5432; nobody asked for that one.
    mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/vision-platform.conf
  fi
  # shellcheck disable=SC2086  # a list of words
  if ! (
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -o DPkg::Lock::Timeout=300 update &&
      apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold install --no-install-recommends $packages
  ) </dev/null >"$LOG_DIR/packages.log" 2>&1 8>&- 9>&-; then
    last_lines "$LOG_DIR/packages.log"
    die "could not install the packages (the whole log: $LOG_DIR/packages.log)" 3
  fi
  packages=$(missing_packages "$@" | tr '\n' ' ')
  [[ -z $packages ]] || die "installed, but still not usable: $packages" 3
  step packages "installed ($(seconds_since "$started"))"
}

# ensure_dotnet: the SDK is the one thing that is asked for, not installed.
ensure_dotnet() {
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
  # A runner of continuous integration may have no home, which dotnet and NuGet cannot do without.
  if [[ ! -w ${HOME:-/nowhere} ]]; then
    export HOME=$ROOT/.platform/home
    mkdir -p "$HOME"
  fi
  command -v dotnet >/dev/null || die "the .NET SDK 10 is missing: install it (https://dotnet.microsoft.com/download) and see that 'dotnet' is on the PATH" 3
  dotnet --list-sdks 2>/dev/null | grep -E >/dev/null '^[1-9][0-9]\.' ||
    die "the .NET SDK 10 is needed; found only: $(dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | tr '\n' ' ')" 3
}
