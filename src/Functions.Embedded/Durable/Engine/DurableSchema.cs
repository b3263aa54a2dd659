using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Creates and upgrades the schema <c>durable</c>. Each numbered .sql file of this assembly runs once, under an advisory lock. Processes of an older
/// version of the program keep working while a newer one upgrades and afterwards, so a file only adds to the schema. A file that cannot do so names
/// in its first line the oldest version that works with it (<c>-- works from: N</c>), and older programs refuse to start.
/// </summary>
internal static class DurableSchema
{
    private const string WorksFrom = "-- works from: ";

    /// <summary>A random number.</summary>
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

    /// <summary>Waits for the lock that guards the creation of objects in the schema, by the engine and by the host. The transaction's end releases it.</summary>
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
