# shellcheck shell=bash
# publish azure: `dotnet publish` of the app, with a check of the folder. The folder runs under a Functions host and by itself.
# publish cli: platform-cli with the runtime that it needs.

# What a Functions host needs to find besides the assemblies of the app, and the doc comments that describe the API.
PUBLISHED=(Functions.Api.dll Functions.Api.deps.json Functions.Api.runtimeconfig.json worker.config.json functions.metadata extensions.json .azurefunctions host.json
  Functions.Api.xml Infrastructure.xml Domain.xml)

publish_dir() { printf '%s/publish/azure' "$PLATFORM_DIR"; }

run_publish() { # azure [--output DIR] [--check] | cli [RID] [--output DIR]
  local target=${1:-} output='' check=0
  (($# == 0)) || shift
  if [[ $target == cli ]]; then run_publish_cli "$@"; return; fi
  [[ $target == azure ]] || die "publish: name what to publish: ./platform publish azure [--output DIR] [--check], or ./platform publish cli [RID] [--output DIR]" 2
  while (($#)); do
    case $1 in
      --output) [[ -n ${2:-} ]] || die 'publish: --output needs a folder' 2; output=$2; shift ;;
      --check) check=1 ;;
      *) die "publish: unknown option $1" 2 ;;
    esac
    shift
  done
  use_dir "$PLATFORM_DIR"
  output=$(realpath -m "${output:-$(publish_dir)}")
  if ((check == 0)); then
    ensure_dotnet
    lock
    publish_azure "$output" || exit
  fi
  check_published "$output" || die "$output is not what a Functions host needs"
  say "  publish: on a Consumption plan the app starts only with the setting AzureFunctionsJobHost__functionTimeout=00:10:00 (host.json has 30 minutes)"
  printf '%s\n' "$output"
}

# run_publish_cli [RID] [--output DIR]: platform-cli for machines without dotnet, in a folder to copy there.
run_publish_cli() {
  local rid='' output=''
  while (($#)); do
    case $1 in
      --output) [[ -n ${2:-} ]] || die 'publish: --output needs a folder' 2; output=$2; shift ;;
      -*) die "publish: unknown option $1" 2 ;;
      *) [[ -z $rid ]] || die "publish: one RID at a time, not also $1" 2; rid=$1 ;;
    esac
    shift
  done
  rid=${rid:-linux-x64}
  case $rid in
    linux-x64 | linux-arm64 | win-x64 | osx-arm64) ;;
    *) die "publish: platform-cli is published for linux-x64, linux-arm64, win-x64 and osx-arm64, not for $rid" 2 ;;
  esac
  use_dir "$PLATFORM_DIR"
  output=$(realpath -m "${output:-$PLATFORM_DIR/publish/cli-$rid}")
  ensure_dotnet
  lock
  publish_cli "$rid" "$output" || exit
  printf '%s\n' "$output"
}

# publish_cli RID OUTPUT: replaces the folder.
publish_cli() (
  rid=$1 output=$2 started=$(now_ms) log=$LOG_DIR/publish-cli.log
  [[ ! -e $output || -f $output/platform-cli.dll ]] || [[ -d $output && -z $(ls -A "$output") ]] ||
    die "publish: $output has something else in it: name a new folder, or one that was published before" 2
  exec 7<"$ROOT"
  flock -w 900 7 || die "another build has held this checkout for 15 minutes"
  step publish "publishing platform-cli for $rid with its runtime (Release)"
  rm -rf "${output:?}"
  if ! MSBUILDDISABLENODEREUSE=1 dotnet publish "$ROOT/src/Cli/Cli.csproj" -c Release -r "$rid" --self-contained true -o "$output" -nologo -v q \
    -p:DebugType=none "$(shared_compiler)" -p:RunAnalyzers=false </dev/null >"$log" 2>&1 7>&- 8>&- 9>&-; then
    grep -E ' error |: error' "$log" | sed -E 's/ \[[^]]*\]$//' | sort -u | head -n 10 | sed 's/^/    | /' >&2
    die "platform-cli could not be published (log: $log)"
  fi
  step publish "done ($(seconds_since "$started"))"
)

# publish_azure OUTPUT: replaces the folder.
publish_azure() (
  output=$1 started=$(now_ms) log=$LOG_DIR/publish.log
  [[ ! -e $output || -f $output/Functions.Api.dll ]] || [[ -d $output && -z $(ls -A "$output") ]] ||
    die "publish: $output has something else in it: name a new folder, or one that was published before" 2
  # Without the slash the SDK leaves out functions.metadata and says nothing.
  [[ -z ${NUGET_PACKAGES:-} || $NUGET_PACKAGES == */ ]] || export NUGET_PACKAGES=$NUGET_PACKAGES/
  exec 7<"$ROOT"
  flock -w 900 7 || die "another build has held this checkout for 15 minutes"
  step publish "publishing the app (Release)"
  rm -rf "${output:?}"
  if ! MSBUILDDISABLENODEREUSE=1 dotnet publish "$ROOT/src/Functions.Api/Functions.Api.csproj" -c Release -o "$output" -nologo -v q \
    "$(shared_compiler)" -p:RunAnalyzers=false </dev/null >"$log" 2>&1 7>&- 8>&- 9>&-; then
    grep -E ' error |: error' "$log" | sed -E 's/ \[[^]]*\]$//' | sort -u | head -n 10 | sed 's/^/    | /' >&2
    die "the app could not be published (log: $log)"
  fi
  step publish "done ($(seconds_since "$started"))"
)

# check_published DIR: a line on stderr for everything that is missing or wrong.
check_published() {
  local wrong=0 name function
  complain() { say "  publish: $1"; wrong=1; }
  [[ -d $1 ]] || { say "  publish: there is no folder $1"; return 1; }
  for name in "${PUBLISHED[@]}"; do [[ -e $1/$name ]] || complain "$name is missing"; done
  for name in $(assemblies_in "$1/Functions.Api.deps.json"); do [[ -e $1/$name ]] || complain "$name is missing (Functions.Api.deps.json names it)"; done
  if [[ -d $1/.azurefunctions ]] && [[ -z $(find "$1/.azurefunctions" -name 'Microsoft.Azure.WebJobs.Extensions.DurableTask*.dll' -print -quit) ]]; then
    complain '.azurefunctions has no Durable Task extension'
  fi
  if [[ -f $1/extensions.json ]]; then grep >/dev/null DurableTask "$1/extensions.json" || complain 'extensions.json does not name the Durable Task extension'; fi
  if [[ -f $1/worker.config.json ]]; then grep >/dev/null 'Functions\.Api\.dll' "$1/worker.config.json" || complain 'worker.config.json does not start Functions.Api.dll'; fi
  if [[ -f $1/functions.metadata ]]; then
    for function in $(comm -23 <(functions_in_source) <(grep -oE '"name": *"[^"]+"' "$1/functions.metadata" | cut -d'"' -f4 | sort -u)); do
      complain "functions.metadata does not have the function $function"
    done
  fi
  [[ ! -f $1/host.json ]] || cmp -s "$1/host.json" "$ROOT/host.json" || complain "host.json is not the repository's"
  [[ ! -e $1/local.settings.json ]] || complain 'local.settings.json must not be published: it holds secrets'
  ((wrong == 0))
}

# assemblies_in DEPS_JSON: where in the folder each assembly and native library of the app has to be.
assemblies_in() {
  [[ ! -f $1 ]] || sed -nE 's/^ *"([^"]+\.(dll|so[.0-9]*))": *\{.*/\1/p' "$1" | sed -E '/^runtimes\//!s/.*\///' | sort -u
}

# functions_in_source: the name of every [Function] of the app.
functions_in_source() {
  grep -rhoE --include='*.cs' '\[Function\((nameof\([A-Za-z0-9_.]+\)|"[A-Za-z0-9_]+")\)?' "$ROOT/src/Functions.Api" "$ROOT/src/Functions.Orchestrations" |
    sed -E 's/.*nameof\(([A-Za-z0-9_]+\.)*([A-Za-z0-9_]+)\).*/\2/; s/.*"([^"]+)".*/\1/' | sort -u
}
