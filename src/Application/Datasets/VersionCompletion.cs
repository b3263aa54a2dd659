using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets;

/// <summary>How publishing a version ended.</summary>
public sealed record PublishEnd(Guid VersionId, DatasetVersionState State, string? Error);

/// <summary>Second half of publishing: writes the files of a version that <see cref="VersionPublisher"/> has frozen. Each step may run more than once.</summary>
public sealed class VersionCompletion(PlatformDatabase database, VersionFiles files, TimeProvider time)
{
    /// <summary>
    /// Writes the files and marks the version ready. A version that is not publishing any more keeps its state. Rows that no longer match the
    /// version's hash end as <see cref="DatasetVersionState.Failed"/>, which is for <see cref="FailAsync"/> to record.
    /// </summary>
    public async Task<PublishEnd> WriteAsync(Guid versionId, CancellationToken cancellation)
    {
        var version = await database.DatasetVersions.SingleAsync(row => row.Id == versionId, cancellation);
        if (version.State != DatasetVersionState.Publishing)
            return new PublishEnd(versionId, version.State, version.Error);
        try
        {
            version.ManifestKey = await files.WriteAsync(version, cancellation);
        }
        catch (InvalidDataException damaged)
        {
            return new PublishEnd(versionId, DatasetVersionState.Failed, damaged.Message);
        }
        (version.State, version.ReadyAt) = (DatasetVersionState.Ready, time.GetUtcNow());
        await database.SaveChangesAsync(cancellation);
        return new PublishEnd(versionId, DatasetVersionState.Ready, null);
    }

    /// <summary>Records why publishing failed, unless the version has left publishing meanwhile.</summary>
    public Task FailAsync(Guid versionId, string? error, CancellationToken cancellation) =>
        database.DatasetVersions.Where(version => version.Id == versionId && version.State == DatasetVersionState.Publishing)
            .ExecuteUpdateAsync(set => set.SetProperty(version => version.State, DatasetVersionState.Failed).SetProperty(version => version.Error, error), cancellation);
}
