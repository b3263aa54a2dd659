using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Orchestrations.Datasets;

namespace VisionPlatform.Api.Datasets;

/// <summary>Tidies up after uploads and publishes that were left half done.</summary>
public sealed class DatasetTimers(PlatformDatabase database, ImageRemoval removal, TimeProvider time, ILogger<DatasetTimers> log)
{
    /// <summary>Removes uploads nobody completed, each with its object.</summary>
    [Function(nameof(ExpireDatasetUploads))]
    public async Task ExpireDatasetUploads([TimerTrigger("0 */15 * * * *")] TimerInfo timer, CancellationToken cancellation)
    {
        var removed = await removal.ExpireUploadsAsync(cancellation);
        if (removed > 0)
            log.LogInformation("Removed {Count} uploads that were never completed", removed);
    }

    /// <summary>A version is frozen in the database first and its orchestration scheduled after; this schedules those whose host died in between.</summary>
    [Function(nameof(RecoverPublishing))]
    public async Task RecoverPublishing([TimerTrigger("30 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var before = time.GetUtcNow().AddMinutes(-1);
        var waiting = await database.DatasetVersions.AsNoTracking().Where(version => version.State == DatasetVersionState.Publishing && version.CreatedAt < before)
            .OrderBy(version => version.Id).Select(version => version.Id).Take(100).ToListAsync(cancellation);
        foreach (var id in waiting)
            await durable.SchedulePublishAsync(id, cancellation);
    }
}
