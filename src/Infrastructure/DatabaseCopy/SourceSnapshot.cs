using System.Threading.Channels;
using Npgsql;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>
/// Several connections that see a database at one point in time. PostgreSQL shares a snapshot by a name that is valid while the transaction that
/// exported it is open, so the snapshot lives as long as this object.
/// </summary>
internal sealed class SourceSnapshot : IAsyncDisposable
{
    private readonly List<NpgsqlConnection> _all = [];
    private readonly Channel<NpgsqlConnection> _free = Channel.CreateUnbounded<NpgsqlConnection>();

    private SourceSnapshot(string name, string position) => (Name, Position) = (name, position);

    /// <summary>The exported name.</summary>
    public string Name { get; }

    /// <summary>The position in the write-ahead log at the time of the snapshot, e.g. <c>0/15D5A88</c>.</summary>
    public string Position { get; }

    /// <summary>The connection that exported the snapshot, for the catalog.</summary>
    public NpgsqlConnection Main => _all[0];

    /// <summary>Takes a snapshot and opens <paramref name="readers"/> connections that see it.</summary>
    public static async Task<SourceSnapshot> TakeAsync(string connectionString, int readers, CancellationToken cancellation, TableSelection? only = null, TimeSpan? patience = null)
    {
        var main = await Catalog.OpenAsync(connectionString, cancellation, patience ?? CopyStreams.Patience);
        SourceSnapshot snapshot;
        try
        {
            // Rows that TRUNCATE or ALTER TABLE removes are gone for older snapshots too, so the tables are locked against both before the snapshot
            // is taken. NOWAIT: whoever changes a table goes first, and nobody waits for a copy in a circle; the copy is tried again.
            var tables = await SchemaReader.RelationsAsync(main, cancellation, only);
            await Catalog.ExecuteAsync(main, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", cancellation);
            if (tables.Count > 0)
                await Catalog.ExecuteAsync(main, $"LOCK TABLE ONLY {string.Join(", ONLY ", tables.Select(table => table.Name))} IN ACCESS SHARE MODE NOWAIT", cancellation);
            var name = await Catalog.ScalarAsync<string>(main, "SELECT pg_export_snapshot()", cancellation);
            var position = await Catalog.ScalarAsync<string>(
                main, "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text", cancellation);
            snapshot = new SourceSnapshot(name!, position ?? "");
            snapshot._all.Add(main);
        }
        catch
        {
            await main.DisposeAsync();
            throw;
        }
        try
        {
            for (var n = 0; n < readers; n++)
            {
                var reader = await Catalog.OpenAsync(connectionString, cancellation, patience ?? CopyStreams.Patience);
                snapshot._all.Add(reader);
                await Catalog.ExecuteAsync(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", cancellation);
                await Catalog.ExecuteAsync(reader, $"SET TRANSACTION SNAPSHOT {SchemaReader.Literal(snapshot.Name)}", cancellation);
                snapshot._free.Writer.TryWrite(reader);
            }
            return snapshot;
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads a table with one of the readers, when one is free.</summary>
    public Task<T> ReadAsync<T>(Relation relation, Func<NpgsqlConnection, Task<T>> read, CancellationToken cancellation) => ReadAsync(
        async reader =>
        {
            // Somebody who waits to change the table waits for the main connection, and the reader must not wait behind them.
            await Catalog.ExecuteAsync(reader, $"LOCK TABLE ONLY {relation.Name} IN ACCESS SHARE MODE NOWAIT", cancellation);
            return await read(reader);
        },
        cancellation);

    /// <summary>Uses one of the readers, when one is free.</summary>
    public async Task<T> ReadAsync<T>(Func<NpgsqlConnection, Task<T>> read, CancellationToken cancellation)
    {
        var reader = await _free.Reader.ReadAsync(cancellation);
        try
        {
            return await read(reader);
        }
        finally
        {
            _free.Writer.TryWrite(reader);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _all)
            await connection.DisposeAsync();
    }
}
