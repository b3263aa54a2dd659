using System.Text.Json.Nodes;
using Npgsql;

namespace VisionPlatform.Bench.Data;

/// <summary>
/// <c>database copy</c> beside <c>pg_dump -Fc</c> and <c>pg_restore -j2</c>, and <c>backup run</c> beside <c>pg_dump | gzip</c> piped to the store by rclone. Ours
/// compares every row at the end of a copy; the peer does not.
/// </summary>
internal static class DatabaseScenarios
{
    private const int Tables = 20;

    /// <summary>About 50 MB a table with its indexes.</summary>
    private const int RowsInTable = 250_000;

    private static readonly string Cli = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../src/Cli/bin/Release/net10.0/platform-cli.dll"));

    public static async Task CopyAsync(CancellationToken cancellation)
    {
        var server = Server.FromEnvironment();
        var source = await SourceAsync(server, cancellation);
        var (target, peersTarget) = (UrlOf(await server.NewDatabaseAsync("copy_target", cancellation)), UrlOf(await server.NewDatabaseAsync("peer_target", cancellation)));
        var dump = Path.Combine(Path.GetTempPath(), $"bench-{Environment.ProcessId}.dump");
        var environment = new Dictionary<string, string?> { ["SOURCE"] = source, ["TARGET"] = target, ["OPERATIONS_DIR"] = Path.Combine(Path.GetTempPath(), "bench-operations") };
        try
        {
            var peer = await MeasuredProcess.RunAsync(
                "bash", ["-euo", "pipefail", "-c", $"'{server.Programs}/pg_dump' -Fc '{source}' > '{dump}' && '{server.Programs}/pg_restore' -j2 -d '{peersTarget}' '{dump}'"], environment, cancellation);
            var ours = await MeasuredProcess.RunAsync("dotnet", [Cli, "database", "copy", "env:SOURCE", "env:TARGET"], environment, cancellation);
            Report.Comparison("database-copy", Tables * RowsInTable, ours.Seconds, peer.Seconds, ours.PeakMb, new JsonObject { ["megabytes"] = await MegabytesAsync(source, cancellation) });
        }
        finally
        {
            File.Delete(dump);
        }
    }

    public static async Task BackupAsync(CancellationToken cancellation)
    {
        var server = Server.FromEnvironment();
        var source = await SourceAsync(server, cancellation);
        await using var bucket = await BenchBucket.CreateAsync("BACKUPS", "127.0.0.1", cancellation);
        var environment = BenchBucket.Environment(bucket);
        foreach (var (name, value) in new[] { ("ENDPOINT", "BACKUPS_ENDPOINT"), ("ACCESS_KEY", "BACKUPS_ACCESS_KEY"), ("SECRET_KEY", "BACKUPS_SECRET_KEY") })
            environment[$"EXTERNAL_STORAGE_{name}"] = environment[value];
        environment["BACKUP_BUCKET"] = environment["BACKUPS_BUCKET"];
        (environment["DATABASE_URL"], environment["USER_DATABASE_URL"]) = (source, source);
        var peer = await MeasuredProcess.RunAsync(
            "bash", ["-euo", "pipefail", "-c", $"'{server.Programs}/pg_dump' '{source}' | gzip | rclone --config /dev/null rcat --s3-chunk-size 16M '{bucket.Rclone}/peer.sql.gz'"], environment, cancellation);
        var ours = await MeasuredProcess.RunAsync("dotnet", [Cli, "backup", "run", "platform"], environment, cancellation);
        Report.Comparison("backup", Tables * RowsInTable, ours.Seconds, peer.Seconds, ours.PeakMb, new JsonObject { ["megabytes"] = await MegabytesAsync(source, cancellation) });
    }

    /// <summary>A database of 20 tables like those of metrics and images, with a primary key and an index each.</summary>
    private static async Task<string> SourceAsync(Server server, CancellationToken cancellation)
    {
        var connectionString = await server.NewDatabaseAsync("copy_source", cancellation);
        Report.Progress($"making {Tables} tables of {RowsInTable} rows");
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0 }.ConnectionString);
        for (var n = 1; n <= Tables; n++)
        {
            await using var create = database.CreateCommand($"""
                CREATE TABLE records_{n} (id bigint GENERATED ALWAYS AS IDENTITY, subject uuid NOT NULL, at timestamptz NOT NULL, value double precision, path text NOT NULL, detail jsonb);
                INSERT INTO records_{n} (subject, at, value, path, detail)
                SELECT gen_random_uuid(), now() - n * interval '1 second', random(), 'train/class_' || n % 100 || '/image_' || md5(n::text) || '.png', jsonb_build_object('width', n % 4000, 'split', 'train')
                  FROM generate_series(1, {RowsInTable}) n;
                ALTER TABLE records_{n} ADD PRIMARY KEY (id);
                CREATE INDEX ON records_{n} (subject);
                """);
            await create.ExecuteNonQueryAsync(cancellation);
        }
        return UrlOf(connectionString);
    }

    private static async Task<double> MegabytesAsync(string url, CancellationToken cancellation)
    {
        var uri = new Uri(url);
        await using var database = NpgsqlDataSource.Create(Server.FromEnvironment().ConnectionStringTo(uri.AbsolutePath.Trim('/')));
        await using var size = database.CreateCommand("SELECT pg_database_size(current_database())");
        return Report.Rounded((long)(await size.ExecuteScalarAsync(cancellation))! / 1e6);
    }

    private static string UrlOf(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        return $"postgresql://{builder.Username}:{Uri.EscapeDataString(builder.Password ?? "")}@{builder.Host}:{builder.Port}/{builder.Database}";
    }
}
