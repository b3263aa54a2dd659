using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Infrastructure.Backups;

/// <summary>Reads a backup: checks it, or fills a database from it. Every part is compared with its SHA-256, every table with the hash of its rows.</summary>
public sealed class BackupReader(BackupStore store, BackupManifest manifest, Action<long, long> moved)
{
    private BackupObjects Objects => store.Objects(manifest.Database, manifest.Id);

    /// <summary>Reads the whole backup and compares it with its manifest.</summary>
    /// <exception cref="OperationException">Something is missing or damaged.</exception>
    public async Task VerifyAsync(CancellationToken cancellation)
    {
        await StatementsAsync(cancellation);
        if (manifest.LargeObjects is { } large)
            await using (var input = Objects.OpenRead(large, manifest.PartBytes))
                await ReadAllAsync(large, () => LargeObjects.ReadAsync(input, null, bytes => moved(0, bytes), cancellation));
        foreach (var table in manifest.Tables)
            await VerifyTableAsync(table, cancellation);
    }

    /// <summary>Reads one table and compares it with its manifest.</summary>
    public async Task VerifyTableAsync(BackupTable table, CancellationToken cancellation)
    {
        var hash = default(ContentHash);
        foreach (var stored in table.Objects)
            hash += await PipeAsync(stored, table.IsText, null, cancellation);
        Compare(table, hash);
        moved(1, 0);
    }

    /// <summary>What would not survive a restore, or prevents it.</summary>
    /// <param name="target">Connection string.</param>
    /// <param name="replace">The target database's name, if its rows may be lost.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<IReadOnlyList<PreflightFinding>> PreflightAsync(string target, string? replace, CancellationToken cancellation)
    {
        await using var to = await DatabaseCopier.OpenAsync(target, "target", cancellation);
        var facts = await DatabaseFacts.ReadAsync(to, cancellation);
        var findings = new List<PreflightFinding>();
        if (facts.Version / 10000 < manifest.ServerVersion / 10000)
            findings.Add(new PreflightFinding(true, $"the backup was taken from PostgreSQL {DatabaseFacts.Release(manifest.ServerVersion)}, the target has {DatabaseFacts.Release(facts.Version)}"));
        if (facts.Encoding != manifest.Encoding)
            findings.Add(new PreflightFinding(true, $"the backup's encoding is {manifest.Encoding}, the target's {facts.Encoding}"));
        if (facts.IsReadOnly)
            findings.Add(new PreflightFinding(true, "the target is read-only"));
        if (!facts.MayCreate)
            findings.Add(new PreflightFinding(true, $"the user may not create schemas in the target database {facts.Name}"));
        if (facts.Collation != manifest.Collation)
            findings.Add(new PreflightFinding(false, $"text was sorted by {manifest.Collation} and is sorted by {facts.Collation} at the target"));
        await Preflight.CheckTargetRowsAsync(to, facts, replace, findings, cancellation);
        var statements = await StatementsAsync(cancellation);
        var extensions = (await Catalog.RowsAsync(to, "SELECT quote_ident(name) FROM pg_available_extensions", row => row.GetString(0), cancellation)).ToHashSet(StringComparer.Ordinal);
        foreach (var statement in statements.Where(statement => statement.Kind == "extension" && !extensions.Contains(statement.Name)))
            findings.Add(new PreflightFinding(true, $"the target's server does not have extension {statement.Name}"));
        var roles = (await Catalog.RowsAsync(to, "SELECT rolname::text FROM pg_roles", row => row.GetString(0), cancellation)).ToHashSet(StringComparer.Ordinal);
        foreach (var role in statements.SelectMany(statement => statement.Roles).Distinct().Where(role => !roles.Contains(role)))
            findings.Add(new PreflightFinding(false, $"role {role} does not exist at the target: what it owned will belong to the target's user, what it was granted is not granted"));
        return [.. findings.OrderByDescending(finding => finding.IsBlocking)];
    }

    /// <summary>Makes the tables at the target, empty and without indexes.</summary>
    public async Task PrepareAsync(CopyTarget target, string operation, CancellationToken cancellation)
    {
        if (!await target.IsPreparedAsync(operation, cancellation))
            await target.PrepareAsync(operation, await StatementsAsync(cancellation), cancellation);
    }

    /// <summary>Objects of one table that are loaded at once. Each needs up to 40 MB of memory.</summary>
    private const int ParallelObjects = 2;

    /// <summary>
    /// Loads the rows of one table, unless the target has them already. A table of one object is loaded in one transaction; the objects of a large one
    /// are loaded several at once, each in a transaction of its own, and all commit when the last one is loaded and the rows are those of the manifest.
    /// </summary>
    public async Task LoadTableAsync(string target, string name, CancellationToken cancellation)
    {
        var table = manifest.Tables.Single(table => table.Name == name);
        await using var to = await DatabaseCopier.OpenAsync(target, "target", cancellation);
        var expected = ContentHash.Parse(table.Rows, table.Hash);
        if ((await CopyLedger.FinishedAsync(to, cancellation)).TryGetValue(name, out var there) && there.Hash == expected)
            return;
        await Catalog.EndWritersAsync(to, name, cancellation);
        if (table.Objects.Count > 1)
        {
            await LoadInPartsAsync(to, target, table, cancellation);
            return;
        }
        await using var transaction = await to.BeginTransactionAsync(cancellation);
        await Catalog.ExecuteAsync(to, $"TRUNCATE ONLY {name}", cancellation);
        var relation = new Relation(table.Name, 0, table.Bytes, table.Columns, table.IsText);
        var hash = default(ContentHash);
        foreach (var stored in table.Objects)
            hash += await PipeAsync(stored, table.IsText, (to, relation.CopyIn(freeze: true)), cancellation);
        Compare(table, hash);
        await CopyLedger.FinishAsync(to, new FinishedTable(name, hash), cancellation);
        await transaction.CommitAsync(cancellation);
        moved(1, 0);
    }

    /// <summary>A crash between the commits leaves rows but no entry in the ledger, and the next run empties the table first.</summary>
    private async Task LoadInPartsAsync(NpgsqlConnection ledger, string target, BackupTable table, CancellationToken cancellation)
    {
        var relation = new Relation(table.Name, 0, table.Bytes, table.Columns, table.IsText);
        await CopyLedger.ReopenAsync(ledger, table.Name, cancellation);
        await Catalog.ExecuteAsync(ledger, $"TRUNCATE ONLY {table.Name}", cancellation);
        var open = new ConcurrentQueue<BackupObject>(table.Objects);
        var writers = new List<NpgsqlConnection>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            for (var n = 0; n < ParallelObjects; n++)
            {
                writers.Add(await DatabaseCopier.OpenAsync(target, "target", cancellation));
                await Catalog.ExecuteAsync(writers[n], "BEGIN", cancellation);
            }
            var parts = await DatabaseCopier.AllAsync([.. writers.Select(async writer =>
            {
                var hash = default(ContentHash);
                while (open.TryDequeue(out var stored))
                    hash += await PipeAsync(stored, table.IsText, (writer, relation.CopyIn(freeze: false)), stop.Token);
                return hash;
            })], stop);
            var total = parts.Aggregate((left, right) => left + right);
            Compare(table, total);
            foreach (var writer in writers)
                await Catalog.ExecuteAsync(writer, "COMMIT", cancellation);
            await CopyLedger.FinishAsync(ledger, new FinishedTable(table.Name, total), cancellation);
            moved(1, 0);
        }
        finally
        {
            foreach (var writer in writers)
                await writer.DisposeAsync();
        }
    }

    /// <summary>Makes the large objects at the target; they keep their ids.</summary>
    public async Task LoadLargeObjectsAsync(string target, CancellationToken cancellation)
    {
        if (manifest.LargeObjects is not { } large)
            return;
        await using var to = await DatabaseCopier.OpenAsync(target, "target", cancellation);
        await using var input = Objects.OpenRead(large, manifest.PartBytes);
        await ReadAllAsync(large, () => LargeObjects.ReadAsync(input, to, bytes => moved(0, bytes), cancellation));
    }

    private async Task<IReadOnlyList<SchemaStatement>> StatementsAsync(CancellationToken cancellation)
    {
        await using var input = Objects.OpenRead(manifest.Schema, manifest.PartBytes);
        return (await JsonSerializer.DeserializeAsync<List<SchemaStatement>>(input, cancellationToken: cancellation))!;
    }

    private async Task<ContentHash> PipeAsync(BackupObject stored, bool isText, (NpgsqlConnection Connection, string CopyIn)? target, CancellationToken cancellation)
    {
        await using var input = Objects.OpenRead(stored, manifest.PartBytes);
        var hash = default(ContentHash);
        await ReadAllAsync(stored, async () => hash = await CopyStreams.LoadAsync(input, isText, target?.Connection, target?.CopyIn, bytes => moved(0, bytes), cancellation));
        return hash;
    }

    private static async Task ReadAllAsync(BackupObject stored, Func<Task> read)
    {
        try
        {
            await read();
        }
        catch (Exception damaged) when (damaged is ZstdSharp.ZstdException or EndOfStreamException or InvalidDataException)
        {
            throw new OperationException($"{stored.Key} of the backup cannot be read: {damaged.Message}", damaged);
        }
    }

    private void Compare(BackupTable table, ContentHash hash)
    {
        if (hash != ContentHash.Parse(table.Rows, table.Hash))
            throw new OperationException($"{table.Name} in backup {manifest.Id} has {hash.Rows} rows with hash {hash.Hex}; the manifest says {table.Rows} rows with hash {table.Hash}");
    }
}
