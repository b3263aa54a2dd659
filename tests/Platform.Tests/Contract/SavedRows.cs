using System.Text;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>
/// The rows of some tables, and of all tables that refer to these, as they were at one moment. They are put back with one statement that takes
/// milliseconds; TRUNCATE makes new files for every table and index and takes a hundred times as long.
/// </summary>
internal sealed class SavedRows
{
    /// <summary>Triggers write these when their sources are written.</summary>
    private static readonly string[] WrittenByTriggers = ["dataset_usage"];

    private readonly string _restore;

    private SavedRows(string restore) => _restore = restore;

    /// <summary>Empties the tables, lets <paramref name="fill"/> write the rows, and keeps these.</summary>
    public static async Task<SavedRows> TakeAsync(DbContext database, string[] tables, Func<Task> fill)
    {
        await database.Database.OpenConnectionAsync();
        var connection = (NpgsqlConnection)database.Database.GetDbConnection();
        await using (var empty = new NpgsqlCommand($"TRUNCATE {string.Join(", ", tables)} CASCADE", connection))
            await empty.ExecuteNonQueryAsync();
        await fill();
        var parentsFirst = ParentsFirst(tables, await ReferencesAsync(connection));
        // Like TRUNCATE: what the app still writes about the old rows ends before or fails after.
        var restore = new StringBuilder($"DO $restore$ BEGIN LOCK TABLE {string.Join(", ", parentsFirst)};\n");
        foreach (var table in parentsFirst.Reverse())
            restore.AppendLine($"DELETE FROM {table};");
        foreach (var table in parentsFirst.Except(WrittenByTriggers))
        {
            await using var read = new NpgsqlCommand($"SELECT json_agg(r)::text FROM {table} r", connection);
            if (await read.ExecuteScalarAsync() is string rows)
                restore.AppendLine($"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::{table}, $rows${rows}$rows$);");
        }
        await database.Database.CloseConnectionAsync();
        return new SavedRows(restore.Append("END $restore$").ToString());
    }

    public async Task RestoreAsync(DbContext database)
    {
        await database.Database.OpenConnectionAsync();
        for (var done = false; !done;)
        {
            await using var restore = new NpgsqlCommand(_restore, (NpgsqlConnection)database.Database.GetDbConnection());
            try
            {
                await restore.ExecuteNonQueryAsync();
                done = true;
            }
            catch (PostgresException deadlock) when (deadlock.SqlState == PostgresErrorCodes.DeadlockDetected)
            {
                // The app locks the same tables in another order. Nothing was restored.
            }
        }
        await database.Database.CloseConnectionAsync();
    }

    private static async Task<ILookup<string, string>> ReferencesAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT confrelid::regclass::text, conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confrelid <> conrelid", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var references = new List<(string Parent, string Child)>();
        while (await reader.ReadAsync())
            references.Add((reader.GetString(0), reader.GetString(1)));
        return references.ToLookup(reference => reference.Parent, reference => reference.Child);
    }

    /// <summary>The tables with all that refer to them, each after those that it refers to.</summary>
    private static IReadOnlyCollection<string> ParentsFirst(string[] tables, ILookup<string, string> children)
    {
        var seen = new HashSet<string>();
        var ordered = new LinkedList<string>();
        foreach (var table in tables)
            Visit(table);
        return ordered;

        void Visit(string table)
        {
            if (!seen.Add(table))
                return;
            foreach (var child in children[table])
                Visit(child);
            ordered.AddFirst(table);
        }
    }
}
