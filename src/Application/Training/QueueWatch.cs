using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>Says how long jobs wait for a trainer, in a log line that alerts read (infra/bicep/modules/alerts.bicep).</summary>
public sealed partial class QueueWatch(PlatformDatabase database, TimeProvider time, ILogger<QueueWatch> logger)
{
    /// <summary>Logs how long the oldest queued job has waited; nothing when none is queued.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        var queue = await database.TrainingJobs.Where(job => job.State == JobState.Queued).GroupBy(_ => 1)
            .Select(jobs => new { Count = jobs.Count(), Oldest = jobs.Min(job => job.QueuedAt) }).SingleOrDefaultAsync(cancellation);
        if (queue?.Oldest is { } oldest)
            Waits(queue.Count, (time.GetUtcNow() - oldest).TotalMinutes.ToString("0.0", CultureInfo.InvariantCulture));
    }

    [LoggerMessage(4201, LogLevel.Information, "The oldest of {Jobs} queued jobs has waited {Minutes} minutes")]
    private partial void Waits(int jobs, string minutes);
}
