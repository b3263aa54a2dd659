using System.Text.Json;
using Amazon.S3;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.DatabaseCopy;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.Backups;

/// <summary>Takes a backup: all tables as they are at one point in time, streamed to the store by several connections, without a temporary file.</summary>
/// <param name="store">Where it goes.</param>
/// <param name="connectionString">The database. It is only read.</param>
/// <param name="parallel">Tables or parts of tables that are read at once; each needs up to 30 MB of memory.</param>
/// <param name="moved">Told of finished tables and of bytes that were read.</param>
/// <param name="time">Clock.</param>
/// <param name="objectBytes">A table is stored in several objects of about this much of it, so that they can be read at once.</param>
public sealed class BackupWriter(BackupStore store, string connectionString, int parallel, Action<long, long> moved, TimeProvider time, long objectBytes = BackupWriter.ObjectBytes)
{
    private const long ObjectBytes = 256L << 20;

    private const int BlockBytes = 8192;

    /// <summary>Takes the backup. What an interrupted attempt under the same id left is removed first.</summary>
    /// <returns>Its manifest, which is stored last.</returns>
    /// <exception cref="OperationException">The store is full, or the database refuses. A backup that does not fit leaves nothing behind.</exception>
    public async Task<BackupManifest> TakeAsync(string database, string id, CancellationToken cancellation)
    {
        await store.ClearAsync(database, id, cancellation);
        try
        {
            return await TakeIntoEmptyAsync(database, id, cancellation);
        }
        catch (ProblemException away) when (away.InnerException is AmazonS3Exception refusal && StorageFailures.IsFull(refusal))
        {
            await store.ClearAsync(database, id, cancellation);
            throw new OperationException($"there is no room for the backup in the bucket: the store is full ({refusal.ErrorCode})", away);
        }
    }

    private async Task<BackupManifest> TakeIntoEmptyAsync(string database, string id, CancellationToken cancellation)
    {
        await using var snapshot = await TakeSnapshotAsync(cancellation);
        var taken = time.GetUtcNow();
        var schema = await SchemaReader.ReadAsync(snapshot.Main, cancellation);
        var facts = await DatabaseFacts.ReadAsync(snapshot.Main, cancellation);
        if (await DatabaseFacts.UnreadableAsync(snapshot.Main, facts, cancellation) is { } hidden)
            throw new OperationException(hidden);
        var objects = store.Objects(database, id);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var tables = await DatabaseCopier.AllAsync(
            [.. schema.Relations.Select((relation, n) => TakeTableAsync(snapshot, objects, relation, $"tables/{n + 1:00000}", stop.Token))], stop);
        var largeObjects = facts.LargeObjects == 0 ? null : await snapshot.ReadAsync(
            reader => objects.WriteAsync("large-objects.zst", output => LargeObjects.WriteAsync(reader, output, bytes => moved(0, bytes), cancellation), cancellation), cancellation);
        var statements = await objects.WriteAsync(
            "schema.zst", output => JsonSerializer.SerializeAsync(output, schema.Statements, cancellationToken: cancellation), cancellation);
        var manifest = new BackupManifest(
            1, id, database, taken, snapshot.Position, facts.Version, facts.Encoding, facts.Collation, await SchemaVersionAsync(snapshot, cancellation), store.IsEncrypted,
            BackupObjects.PartBytes, statements, largeObjects, await SchemaReader.SequenceStatementsAsync(snapshot.Main, cancellation), tables);
        await store.PutManifestAsync(manifest, cancellation);
        return manifest;
    }

    private async Task<SourceSnapshot> TakeSnapshotAsync(CancellationToken cancellation)
    {
        try
        {
            return await SourceSnapshot.TakeAsync(connectionString, parallel, cancellation);
        }
        catch (Npgsql.PostgresException refused) when (!refused.IsTransient)
        {
            throw new OperationException($"the database refuses the connection: {refused.MessageText}", refused);
        }
    }

    private async Task<BackupTable> TakeTableAsync(SourceSnapshot snapshot, BackupObjects objects, Relation relation, string name, CancellationToken cancellation)
    {
        var count = relation.Columns.Count == 0 ? 1 : (int)Math.Clamp(relation.HeapBytes / objectBytes, 1, 10_000);
        var blocks = relation.HeapBytes / BlockBytes;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var parts = await DatabaseCopier.AllAsync([.. Enumerable.Range(0, count).Select(part => snapshot.ReadAsync(
            relation, async reader =>
            {
                var hash = default(ContentHash);
                var copyOut = count == 1 ? relation.CopyOut : relation.CopyOutBlocks(blocks * part / count, part == count - 1 ? null : blocks * (part + 1) / count);
                var stored = await objects.WriteAsync(
                    count == 1 ? $"{name}.zst" : $"{name}-{part + 1:00000}.zst",
                    async output => hash = await CopyStreams.ReadAsync(reader, copyOut, relation.IsText, output.WriteAsync, bytes => moved(0, bytes), stop.Token), stop.Token);
                return (stored, hash);
            },
            stop.Token))], stop);
        moved(1, 0);
        var total = parts.Select(part => part.hash).Aggregate((left, right) => left + right);
        return new BackupTable(relation.Name, total.Rows, total.Hex, relation.IsText, relation.Columns, relation.Bytes, [.. parts.Select(part => part.stored)]);
    }

    /// <summary>The last migration of the app's own databases.</summary>
    private static async Task<string?> SchemaVersionAsync(SourceSnapshot snapshot, CancellationToken cancellation)
    {
        const string table = "SELECT to_regclass('public.\"__EFMigrationsHistory\"') IS NOT NULL";
        return await Catalog.ScalarAsync<bool>(snapshot.Main, table, cancellation)
            ? await Catalog.ScalarAsync<string>(snapshot.Main, "SELECT max(\"MigrationId\") FROM public.\"__EFMigrationsHistory\"", cancellation)
            : null;
    }
}
