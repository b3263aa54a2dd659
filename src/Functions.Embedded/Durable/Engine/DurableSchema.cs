using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Creates and upgrades the schema <c>durable</c>: the numbered .sql files of this assembly, each once, under an advisory lock. Processes of
/// an older program go on working while and after a newer one upgrades, so a file only adds; one that cannot says in its first line which
/// version the oldest program must know that works with it (<c>-- works from: N</c>), and older ones do not start on it.
/// </summary>
internal static class DurableSchema
{
    private const string WorksFrom = "-- works from: ";

    /// <summary>Chosen at random; whoever creates objects in the schema takes it, the host too.</summary>
    internal const long LockKey = 0x6475_7261_626c_6531;

    public static async Task UpgradeAsync(NpgsqlDataSource database, ILogger logger, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})", cancellation);
        await ExecuteAsync(
            connection,
            """
            CREATE SCHEMA IF NOT EXISTS durable;
            CREATE TABLE IF NOT EXISTS durable.schema_version (
                version    integer     PRIMARY KEY,
                name       text        NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            );
            -- The oldest program, by the newest version it knows, that works on what the file made.
            ALTER TABLE durable.schema_version ADD COLUMN IF NOT EXISTS works_from integer NOT NULL DEFAULT 1;
            """,
            cancellation);

        var applied = new HashSet<int>();
        int needed = 0;
        await using (var command = new NpgsqlCommand("SELECT version, works_from FROM durable.schema_version", connection))
        await using (NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
            {
                applied.Add(reader.GetInt32(0));
                needed = Math.Max(needed, reader.GetInt32(1));
            }
        }

        (int Version, string Name, string Sql)[] scripts = [.. Scripts().OrderBy(script => script.Version)];
        if (needed > scripts[^1].Version)
        {
            throw new InvalidOperationException(
                $"The durable schema is at version {applied.Max()} and needs a program that knows version {needed} or later; this one knows version {scripts[^1].Version}. Start a newer one.");
        }

        foreach ((int version, string name, string sql) in scripts.Where(script => !applied.Contains(script.Version)))
        {
            await ExecuteAsync(connection, sql, cancellation);
            int worksFrom = sql.StartsWith(WorksFrom, StringComparison.Ordinal)
                ? int.Parse(sql.AsSpan(WorksFrom.Length, sql.IndexOf('\n', StringComparison.Ordinal) - WorksFrom.Length), CultureInfo.InvariantCulture)
                : 1;
            await using var record = new NpgsqlCommand("INSERT INTO durable.schema_version (version, name, works_from) VALUES ($1, $2, $3)", connection)
            {
                Parameters = { new() { Value = version }, new() { Value = name }, new() { Value = worksFrom } },
            };
            await record.ExecuteNonQueryAsync(cancellation);
            logger.LogInformation("Durable schema upgraded to {Version} ({Name})", version, name);
        }

        await transaction.CommitAsync(cancellation);
    }

    private static IEnumerable<(int Version, string Name, string Sql)> Scripts()
    {
        const string Folder = "Durable.Engine.Sql.";
        Assembly assembly = typeof(DurableSchema).Assembly;
        foreach (string resource in assembly.GetManifestResourceNames())
        {
            // A folder's name that starts the resource's may carry the root namespace before it.
            int start = resource.IndexOf(Folder, StringComparison.Ordinal);
            if (start < 0)
                continue;
            string name = resource[(start + Folder.Length)..^".sql".Length];
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return (int.Parse(name[..4], CultureInfo.InvariantCulture), name, reader.ReadToEnd());
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
