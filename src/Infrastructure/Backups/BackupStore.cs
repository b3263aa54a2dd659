using System.Net;
using System.Text.Json;
using Amazon.S3;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.Backups;

/// <summary>A backup in the store.</summary>
/// <param name="Database">Name of the database.</param>
/// <param name="Id">Name of the backup below its database.</param>
/// <param name="Manifest">Null when it has none that can be read: it is incomplete or damaged, and no backup.</param>
/// <param name="Problem">Why it has none.</param>
/// <param name="IsIncomplete">Whether it was never completed; false for one that is damaged or needs another key.</param>
public sealed record StoredBackup(string Database, string Id, BackupManifest? Manifest, string? Problem, bool IsIncomplete = false);

/// <summary>A restore that was tried with success.</summary>
/// <param name="Backup">Id of the backup.</param>
/// <param name="At">When, UTC.</param>
/// <param name="Tables">Tables compared.</param>
/// <param name="Rows">Rows compared.</param>
public sealed record DrillRecord(string Backup, DateTimeOffset At, int Tables, long Rows);

/// <summary>The backups in a bucket: <c>backups/DATABASE/ID/</c>, each with its manifest and its objects.</summary>
public sealed class BackupStore(ObjectStore store, byte[]? key)
{
    private const string Root = "backups/";
    private const string ManifestName = "manifest.json";
    private const int LargestManifest = 256 << 20;

    /// <summary>An id that sorts by time.</summary>
    public static string NewId(DateTime utc, Guid random) => $"{utc:yyyyMMdd'T'HHmmss'Z'}-{random.ToString("n")[..8]}";

    internal BackupObjects Objects(string database, string id) => new(store, PrefixOf(database, id), key);

    internal bool IsEncrypted => key is not null;

    /// <summary>All backups of a database, newest first, also those that are not complete.</summary>
    public async Task<List<StoredBackup>> ListAsync(string database, CancellationToken cancellation)
    {
        var ids = await IdsAsync(database, cancellation);
        var backups = new List<StoredBackup>();
        foreach (var id in ids)
            backups.Add(await ReadAsync(database, id, cancellation));
        return backups;
    }

    /// <summary>The newest complete backup of a database; null if there is none.</summary>
    public async Task<BackupManifest?> NewestAsync(string database, CancellationToken cancellation)
    {
        foreach (var id in await IdsAsync(database, cancellation))
            if ((await ReadAsync(database, id, cancellation)).Manifest is { } manifest)
                return manifest;
        return null;
    }

    /// <summary>When a restore of a backup was last tried with success; null if never.</summary>
    public async Task<DrillRecord?> LastDrillAsync(string database, CancellationToken cancellation) =>
        (await store.GetBytesAsync(DrillKey(database), 1 << 20, cancellation))?.Bytes is { } bytes ? JsonSerializer.Deserialize<DrillRecord>(bytes, JsonSerializerOptions.Web) : null;

    public Task PutDrillAsync(string database, DrillRecord drill, CancellationToken cancellation) =>
        store.PutAsync(DrillKey(database), JsonSerializer.SerializeToUtf8Bytes(drill, JsonSerializerOptions.Web), "application/json", cancellation);

    /// <summary>One backup by its id, or the newest complete one for <c>latest</c>.</summary>
    /// <exception cref="OperationException">There is no complete one.</exception>
    public async Task<BackupManifest> GetAsync(string database, string id, CancellationToken cancellation)
    {
        if (id == "latest")
            return await NewestAsync(database, cancellation) ?? throw new OperationException($"there is no complete backup of {database}");
        var backup = await ReadAsync(database, id, cancellation);
        return backup.Manifest ?? throw new OperationException($"backup {id} of {database} cannot be used: {backup.Problem}");
    }

    internal Task PutManifestAsync(BackupManifest manifest, CancellationToken cancellation) =>
        store.PutAsync(PrefixOf(manifest.Database, manifest.Id) + ManifestName, manifest.ToBytes(key), "application/json", cancellation);

    /// <summary>Removes a backup: first its manifest, so that it never looks complete, then its objects.</summary>
    public async Task DeleteAsync(string database, string id, CancellationToken cancellation)
    {
        var prefix = PrefixOf(database, id);
        await store.DeleteAsync(prefix + ManifestName, cancellation);
        await RemoveObjectsAsync(prefix, cancellation);
    }

    /// <summary>Removes what an earlier attempt at this backup left.</summary>
    internal Task ClearAsync(string database, string id, CancellationToken cancellation) => DeleteAsync(database, id, cancellation);

    private async Task RemoveObjectsAsync(string prefix, CancellationToken cancellation)
    {
        await foreach (var upload in store.ListMultipartsAsync(prefix, cancellation))
            await store.AbortMultipartAsync(upload.Key, upload.UploadId, cancellation);
        var keys = new List<string>();
        await foreach (var stored in store.ListAsync(prefix, cancellation))
            keys.Add(stored.Key);
        await store.DeleteAsync(keys, cancellation);
    }

    /// <summary>Newest first. A bucket that does not exist holds none: the first backup makes it.</summary>
    private async Task<List<string>> IdsAsync(string database, CancellationToken cancellation)
    {
        var ids = new List<string>();
        try
        {
            await foreach (var id in store.ListFoldersAsync($"{Root}{database}/", cancellation))
                ids.Add(id);
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            return [];
        }
        ids.Sort((one, other) => string.CompareOrdinal(other, one));
        return ids;
    }

    private async Task<StoredBackup> ReadAsync(string database, string id, CancellationToken cancellation)
    {
        var stored = await store.GetBytesAsync(PrefixOf(database, id) + ManifestName, LargestManifest, cancellation);
        if (stored?.Bytes is not { } bytes)
            return new StoredBackup(database, id, null, "it has no manifest: it was never completed", IsIncomplete: true);
        try
        {
            return new StoredBackup(database, id, BackupManifest.Parse(bytes, key), null);
        }
        catch (OperationException unusable)
        {
            return new StoredBackup(database, id, null, unusable.Message);
        }
    }

    private static string DrillKey(string database) => $"{Root}{database}/last-drill.json";

    private static string PrefixOf(string database, string id) => $"{Root}{database}/{id}/";
}
