using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;

namespace VisionPlatform.Bench;

/// <summary>The limit of the machine: pgbench clients that insert a row and commit, on the measured server with its settings.</summary>
internal static class PgBench
{
    private const int Clients = 8;

    /// <summary>Prints the line <c>pgbench</c>. With eight clients: <c>p50Ms</c>, <c>p95Ms</c>, <c>perSecond</c>; with one, whose every commit is a sync of its own: <c>oneClient…</c>.</summary>
    public static async Task RunAsync(Server server, int seconds, CancellationToken cancellation)
    {
        string folder = Directory.CreateTempSubdirectory("pgbench-").FullName;
        try
        {
            await using NpgsqlDataSource database = NpgsqlDataSource.Create(await server.NewDatabaseAsync("pgbench", cancellation));
            await using (NpgsqlCommand create = database.CreateCommand("CREATE TABLE commits (id bigserial PRIMARY KEY, client integer, payload text)"))
                await create.ExecuteNonQueryAsync(cancellation);
            string script = Path.Combine(folder, "commit.sql");
            await File.WriteAllTextAsync(script, "INSERT INTO commits (client, payload) VALUES (:client_id, repeat('x', 200));\n", cancellation);

            Report.Progress($"pgbench: the machine's own limit, {seconds} s with one client, {seconds} s with {Clients}");
            List<double> alone = await TimesAsync(server, script, folder, "one", 1, seconds, cancellation);
            List<double> together = await TimesAsync(server, script, folder, "many", Clients, seconds, cancellation);
            var extra = new JsonObject
            {
                ["clients"] = Clients,
                ["oneClientP50Ms"] = Report.Rounded(Report.Percentile(alone, 50)),
                ["oneClientP95Ms"] = Report.Rounded(Report.Percentile(alone, 95)),
                ["oneClientPerSecond"] = Report.Rounded(alone.Count / (double)seconds),
                ["cores"] = Environment.ProcessorCount,
            };
            foreach (string setting in (string[])["server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method"])
            {
                await using NpgsqlCommand show = database.CreateCommand($"SHOW {setting}");
                extra[setting] = (string?)await show.ExecuteScalarAsync(cancellation);
            }

            Report.Result("pgbench", together.Count, together, together.Count / (double)seconds, extra);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Milliseconds of each transaction, from pgbench's log.</summary>
    private static async Task<List<double>> TimesAsync(
        Server server, string script, string folder, string name, int clients, int seconds, CancellationToken cancellation)
    {
        var connection = new NpgsqlConnectionStringBuilder(server.ConnectionStringTo("pgbench"));
        string log = Path.Combine(folder, name);
        var start = new ProcessStartInfo(Path.Combine(server.Programs, "pgbench"),
        [
            "-n", "-M", "prepared", "-c", $"{clients}", "-j", "1", "-T", $"{seconds}", "-f", script, "-l", "--log-prefix", log,
            "-h", connection.Host!, "-p", $"{connection.Port}", "-U", connection.Username!, connection.Database!,
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PGPASSWORD"] = connection.Password },
        };
        using Process pgbench = Process.Start(start)!;
        Task<string> output = pgbench.StandardOutput.ReadToEndAsync(cancellation);
        string errors = await pgbench.StandardError.ReadToEndAsync(cancellation);
        await output;
        await pgbench.WaitForExitAsync(cancellation);
        if (pgbench.ExitCode != 0)
            throw new InvalidOperationException($"pgbench ended with {pgbench.ExitCode}: {errors}");

        List<double> milliseconds = [];
        foreach (string file in Directory.EnumerateFiles(folder, name + ".*"))
        {
            // client, transaction, microseconds, script, second, microsecond
            foreach (string line in await File.ReadAllLinesAsync(file, cancellation))
                milliseconds.Add(double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture) / 1000);
        }

        return milliseconds;
    }
}
