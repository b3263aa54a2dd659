using System.Globalization;
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

    /// <summary>Chosen at random.</summary>
    private const long LockKey = 0x6475_7261_626c_6531;

    public static async Task UpgradeAsync(NpgsqlDataSource database, ILogger logger, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        await LockAsync(connection, cancellation);
        await ExecuteAsync(connection, SchemaSql.CreateVersions, cancellation);

        var applied = new HashSet<int>();
        int needed = 0;
        await using (var command = new NpgsqlCommand(SchemaSql.ReadVersions, connection))
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
            await using var record = new NpgsqlCommand(SchemaSql.RecordVersion, connection)
            {
                Parameters = { new() { Value = version }, new() { Value = name }, new() { Value = worksFrom } },
            };
            await record.ExecuteNonQueryAsync(cancellation);
            logger.LogInformation("Durable schema upgraded to {Version} ({Name})", version, name);
        }

        await transaction.CommitAsync(cancellation);
    }

    private static IEnumerable<(int Version, string Name, string Sql)> Scripts() =>
        from path in SqlFiles.SchemaVersions
        let name = Path.GetFileNameWithoutExtension(path)
        select (int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name, SqlFiles.Text(path));

    /// <summary>Waits for the lock that whoever creates objects in the schema holds, the host too. It ends with the transaction.</summary>
    public static async Task LockAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(SchemaSql.Lock, connection) { Parameters = { new() { Value = LockKey } } };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
