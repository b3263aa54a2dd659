using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Infrastructure.DatabaseCopy;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Backups;

/// <summary>Which backup is restored, and where to.</summary>
/// <param name="Database">Whose backup.</param>
/// <param name="Backup">Its id.</param>
/// <param name="Target">Name of the database that is filled (<see cref="DataLocations"/>).</param>
/// <param name="Replace">Name of the target database on its server, if everything in it may be removed first.</param>
/// <param name="Swap">Restore into a new database beside the target, which takes the target's name at the end; the former one stays under another name.</param>
public sealed record RestoreRequest(string Database, string Backup, string Target, string? Replace, bool Swap);

/// <summary>A backup in few words.</summary>
/// <param name="StoredBytes">Bytes in the store.</param>
public sealed record BackupSummary(string Database, string Id, DateTimeOffset Taken, string Position, int Tables, long Rows, long StoredBytes, bool IsEncrypted, string? SchemaVersion);

/// <summary>Takes, checks, restores and removes backups. Each method can be repeated.</summary>
public sealed class BackupRuns(DataLocations locations, BackupSettings settings, OperationMeter meter, TimeProvider time) : IDisposable
{
    /// <summary>Tables that are read or written at once. Each needs up to 40 MB of memory.</summary>
    private const int Parallel = 2;

    private readonly ObjectStore? _bucket = settings.Bucket is null ? null : new ObjectStore(settings.Bucket, time);

    /// <exception cref="OperationException">No bucket is configured.</exception>
    public BackupStore Store => new(_bucket ?? throw new OperationException("BACKUP_BUCKET is not set: there is nowhere to put backups"), settings.Key);

    public bool IsConfigured => _bucket is not null;

    public async Task<BackupSummary> TakeAsync(string database, string id, CancellationToken cancellation)
    {
        meter.Begin($"back up {database}");
        await _bucket!.CreateBucketAsync(cancellation);
        return Summary(await new BackupWriter(Store, locations.Database(database), Parallel, meter.Add, time).TakeAsync(database, id, cancellation).ExplainedAsync());
    }

    /// <summary>Reads a whole backup and compares every part and every table with its manifest.</summary>
    public async Task<BackupSummary> VerifyAsync(string database, string id, CancellationToken cancellation)
    {
        var manifest = await Store.GetAsync(database, id, cancellation);
        meter.Begin($"verify {manifest.Id}", manifest.Tables.Sum(table => table.Bytes));
        await new BackupReader(Store, manifest, meter.Add).VerifyAsync(cancellation);
        return Summary(manifest);
    }

    /// <summary>Removes backups that retention no longer keeps, and incomplete ones older than two days.</summary>
    /// <returns>The ids removed.</returns>
    public async Task<IReadOnlyList<string>> PruneAsync(string database, bool dryRun, CancellationToken cancellation)
    {
        var all = await Store.ListAsync(database, cancellation);
        var expired = settings.Retention.Expired(all.Where(backup => backup.Manifest is not null), backup => backup.Manifest!.Taken).Select(backup => backup.Id);
        // An incomplete backup may be one that is being taken. One that only lacks the key is not ours to remove.
        var before = BackupStore.NewId(time.GetUtcNow().UtcDateTime.AddDays(-2), Guid.Empty);
        var incomplete = all.Where(backup => backup is { Manifest: null, IsIncomplete: true } && string.CompareOrdinal(backup.Id, before) < 0).Select(backup => backup.Id);
        string[] ids = [.. expired, .. incomplete];
        if (!dryRun)
            foreach (var id in ids)
                await Store.DeleteAsync(database, id, cancellation);
        return ids;
    }

    /// <summary>Resolves <c>latest</c>, and says what would not survive the restore.</summary>
    /// <exception cref="OperationException">The backup cannot be used, or the target cannot take it.</exception>
    public async Task<RestorePlan> PlanRestoreAsync(RestoreRequest request, string operation, CancellationToken cancellation)
    {
        meter.Enter("compare backup and target");
        var manifest = await Store.GetAsync(request.Database, request.Backup, cancellation);
        if (request.Swap)
            await SideDatabases.CreateAsync(locations.Database(request.Target), SideName(request, operation), cancellation);
        var target = TargetOf(request, operation);
        // A repeated restore finds the rows that it loaded itself.
        var findings = await Target(target).IsPreparedAsync(operation, cancellation)
            ? []
            : await new BackupReader(Store, manifest, meter.Add).PreflightAsync(target, request.Replace, cancellation);
        if (findings.FirstOrDefault(finding => finding.IsBlocking) is { } blocking)
            throw new OperationException(blocking.Message);
        return new RestorePlan(
            manifest.Id, [.. manifest.Tables.OrderByDescending(table => table.Bytes).Select(table => table.Name)], manifest.Rows, manifest.Tables.Sum(table => table.Bytes),
            [.. findings.Select(finding => finding.Message)]);
    }

    public async Task PrepareRestoreAsync(RestoreRequest request, string operation, CancellationToken cancellation)
    {
        meter.Enter("make tables");
        await (await ReaderAsync(request, cancellation)).PrepareAsync(Target(TargetOf(request, operation)), operation, cancellation).ExplainedAsync();
    }

    public async Task LoadTableAsync(RestoreRequest request, string operation, string table, CancellationToken cancellation)
    {
        var manifest = await Store.GetAsync(request.Database, request.Backup, cancellation);
        meter.Enter("load rows", manifest.Tables.Sum(stored => stored.Bytes));
        await new BackupReader(Store, manifest, meter.Add).LoadTableAsync(TargetOf(request, operation), table, cancellation).ExplainedAsync();
    }

    public async Task FinishRestoreAsync(RestoreRequest request, string operation, CancellationToken cancellation)
    {
        var manifest = await Store.GetAsync(request.Database, request.Backup, cancellation);
        meter.Enter("make indexes and the rest, compare the rows");
        var (connection, target) = (TargetOf(request, operation), Target(TargetOf(request, operation)));
        await new BackupReader(Store, manifest, meter.Add).LoadLargeObjectsAsync(connection, cancellation);
        await target.BuildIndexesAsync(cancellation).ExplainedAsync();
        await target.FinishAsync(manifest.Sequences, cancellation).ExplainedAsync();
        // What was loaded was compared while it was loaded; this is what the database says it has.
        var differences = await target.VerifyAsync(cancellation);
        if (differences.Count > 0)
            throw new OperationException($"the restored database differs from the backup: {string.Join("; ", differences.Take(10))}");
        await target.CloseAsync(cancellation);
    }

    /// <summary>Gives the restored database the target's name.</summary>
    /// <returns>The name under which the former database stays.</returns>
    public async Task<string> SwapAsync(RestoreRequest request, string operation, CancellationToken cancellation)
    {
        var connection = locations.Database(request.Target);
        var former = $"{SideDatabases.NameOf(connection)}_before_{Suffix(operation)}";
        await SideDatabases.SwapAsync(connection, SideName(request, operation), former, cancellation);
        return former;
    }

    /// <summary>Removes the database of a drill, and notes a success.</summary>
    /// <param name="request">The restore.</param>
    /// <param name="operation">Its id.</param>
    /// <param name="restored">What was restored; null when the drill failed.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<DrillRecord?> EndDrillAsync(RestoreRequest request, string operation, RestorePlan? restored, CancellationToken cancellation)
    {
        await SideDatabases.DropAsync(locations.Database(request.Target), SideName(request, operation), cancellation);
        if (restored is null)
            return null;
        var success = new DrillRecord(restored.Backup, time.GetUtcNow(), restored.Tables.Count, restored.Rows);
        await Store.PutDrillAsync(request.Database, success, cancellation);
        return success;
    }

    public static BackupSummary Summary(BackupManifest manifest) => new(
        manifest.Database, manifest.Id, manifest.Taken, manifest.Position, manifest.Tables.Count, manifest.Rows, manifest.StoredBytes, manifest.IsEncrypted, manifest.SchemaVersion);

    public void Dispose() => _bucket?.Dispose();

    private async Task<BackupReader> ReaderAsync(RestoreRequest request, CancellationToken cancellation) =>
        new(Store, await Store.GetAsync(request.Database, request.Backup, cancellation), meter.Add);

    private CopyTarget Target(string connectionString) => new(connectionString, Parallel, meter.Add);

    private string TargetOf(RestoreRequest request, string operation)
    {
        var connection = locations.Database(request.Target);
        return request.Swap ? SideDatabases.Beside(connection, SideName(request, operation)) : connection;
    }

    private string SideName(RestoreRequest request, string operation) => $"{SideDatabases.NameOf(locations.Database(request.Target))}_restore_{Suffix(operation)}";

    private static string Suffix(string operation) => operation.Length <= 12 ? operation : operation[^12..];
}

/// <summary>What a restore is going to do.</summary>
/// <param name="Backup">The backup's id.</param>
/// <param name="Tables">The tables, largest first.</param>
/// <param name="Warnings">What will not survive.</param>
public sealed record RestorePlan(string Backup, IReadOnlyList<string> Tables, long Rows, long Bytes, IReadOnlyList<string> Warnings);
