# shellcheck shell=bash
# What the machine must have, how to see whether it is there, and how to install it (Debian and Ubuntu).

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

# The PATH of a service user may lack the sbin folders, which hold some of these.
have_command() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null; }

# missing_modules PYTHON NEED…: those that this Python cannot find. A need is `module:package` (the Debian package
# with it) or `module`. Run from /, because Python takes a folder in the current one for a module.
missing_modules() (
  python=$1
  shift
  [[ -x $python ]] || { printf '%s\n' "$@"; return; }
  cd / && PYTHONPATH='' "$python" -c '
import importlib.util, sys
for need in sys.argv[1:]:
    if importlib.util.find_spec(need.partition(":")[0]) is None:
        print(need)' "$@"
)

DIGITS_MODULES=(sklearn:python3-sklearn numpy:python3-numpy PIL:python3-pil)
TEST_MODULES=(pytest:python3-pytest jsonschema:python3-jsonschema yaml:python3-yaml)


# missing_packages NEED…: prints the packages to install for postgres, s3, trainer-NAME, digits, rclone, chromium, promtool, tests.
missing_packages() {
  local need
  for need in "$@"; do
    case $need in
      postgres) postgres_bin >/dev/null || echo postgresql ;;
      s3)
        have_command radosgw && have_command radosgw-admin || echo radosgw
        have_command ceph-mon || echo ceph-mon
        have_command ceph-osd || echo ceph-osd
        have_command ceph && have_command ceph-authtool || echo ceph-common ;;
      trainer-*) trainer_packages "${need#trainer-}" ;;
      rclone) have_command rclone || echo rclone ;;
      chromium) have_command "${CHROMIUM:-chromium}" || echo chromium ;;
      promtool) have_command promtool || echo prometheus ;;
      digits) missing_modules "$PYTHON" "${DIGITS_MODULES[@]}" | sed 's/.*://' ;;
      tests)
        missing_modules "$PYTHON" "${TEST_MODULES[@]}" | sed 's/.*://'
        have_command curl || echo curl
        have_command jq || echo jq ;;
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
    # Keeps the package from creating and starting a cluster of its own on port 5432.
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

# ensure_dotnet: the SDK is the only program that people install themselves.
ensure_dotnet() {
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
  # A runner of continuous integration may have no home folder, but dotnet and NuGet need one.
  if [[ ! -w ${HOME:-/nowhere} ]]; then
    export HOME=$ROOT/.platform/home
    mkdir -p "$HOME"
  fi
  command -v dotnet >/dev/null || die "the .NET SDK 10 is missing: install it (https://dotnet.microsoft.com/download) and put 'dotnet' on the PATH" 3
  dotnet --list-sdks 2>/dev/null | grep -E >/dev/null '^[1-9][0-9]\.' ||
    die "the .NET SDK 10 is needed; found only: $(dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | tr '\n' ' ')" 3
}

# run_npm ARGUMENTS…: npm with an end. Where its registry cannot be reached it asks again for an hour.
run_npm() {
  local status=0
  timeout --foreground --kill-after=10 "${NPM_SECONDS:-900}" npm "$@" || status=$?
  ((status != 124)) || echo "npm did not end within ${NPM_SECONDS:-900} seconds"
  return "$status"
}

# ensure_npm_tool NAME PACKAGE VERSION FILE: a program from npm, installed once for the checkout in .platform/tools/NAME; FILE is then there.
# Several at once wait for each other.
ensure_npm_tool() (
  dir=$ROOT/.platform/tools/$1
  if ! have_command node || ! have_command npm; then die "$1 needs Node.js with npm (20 or later): install it and see that 'node' is on the PATH" 3; fi
  mkdir -p "$dir"
  exec 7<"$dir"
  flock -w 300 7 || die "another installation of $1 has held $dir for 5 minutes"
  [[ $(sed -n 's/^ *"version": "\(.*\)",*$/\1/p' "$dir/node_modules/$2/package.json" 2>/dev/null | head -n 1) != "$3" ]] || return 0
  started=$(now_ms)
  step "$1" "installing $2 $3 (npm)"
  if ! run_npm install --prefix "$dir" --no-save --no-audit --no-fund --ignore-scripts "$2@$3" </dev/null >"$LOG_DIR/$1-install.log" 2>&1 7>&- 8>&- 9>&-; then
    last_lines "$LOG_DIR/$1-install.log"
    die "$2 $3 could not be installed (log: $LOG_DIR/$1-install.log)" 3
  fi
  [[ -f $4 ]] || die "$2 was installed, but $4 is not there" 3
  step "$1" "installed ($(seconds_since "$started"))"
)
