using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

/// <summary>
/// Writes the events that readers of a job's stream see. Call it while holding the row lock of the job: then ids become visible in their
/// order, and a reader that continues after an id misses no event.
/// </summary>
public static class JobJournal
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static void Append(this PlatformDatabase database, Guid jobId, string type, object data, DateTimeOffset time) =>
        database.JobEvents.Add(new JobEvent { JobId = jobId, Type = type, Data = JsonSerializer.SerializeToElement(data, Json), Time = time });

    public static void AppendState(this PlatformDatabase database, TrainingJob job, DateTimeOffset time) =>
        database.Append(job.Id, "state", new { job.State, Error = Describe(job.Error) }, time);

    public static void AppendAttempt(this PlatformDatabase database, Attempt attempt, DateTimeOffset time) =>
        database.Append(attempt.SubjectId, "attempt", new { attempt.Number, attempt.State, attempt.ResumedFromEpoch, Error = Describe(attempt.Error) }, time);

    /// <summary>Wakes the readers of a job when the current transaction commits.</summary>
    public static Task NotifyJobReadersAsync(this PlatformDatabase database, Guid jobId, CancellationToken cancellation) =>
        database.Database.ExecuteSqlAsync($"SELECT pg_notify({JobEventFeed.Channel}, {jobId.ToString()})", cancellation);

    private static object? Describe(Failure? error) =>
        error is null ? null : new { error.Code, error.Category, error.Message, error.SuggestedAction };
}
