using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Projects;

/// <summary>Training jobs of a framework that no trainer offers, so that a started job stays queued.</summary>
internal static class PendingJobs
{
    public static async Task<IReadOnlyList<Guid>> AddAsync(AppDatabases databases, Guid projectId, Guid userId, int count)
    {
        var now = DateTimeOffset.UtcNow;
        var dataset = new Dataset
        {
            ProjectId = projectId, Name = $"Plates {Guid.CreateVersion7():n}", TaskType = TaskType.ImageClassification, Split = SplitSettings.Default, CreatedBy = userId, CreatedAt = now, UpdatedAt = now,
        };
        var version = new DatasetVersion { DatasetId = dataset.Id, Number = 1, Hash = new string('0', 64), ImageCount = 0, SizeBytes = 0, ClassCounts = [], SplitCounts = new SplitCounts(0, 0, 0), CreatedBy = userId, CreatedAt = now };
        var jobs = Enumerable.Range(0, count).Select(i => new TrainingJob
        {
            ProjectId = projectId, DatasetVersionId = version.Id, Name = $"Job {i}", Framework = "none", Model = "none", TaskType = TaskType.ImageClassification, Config = [], CreatedBy = userId, CreatedAt = now,
        }).ToList();
        await using var database = databases.OpenPlatform();
        database.AddRange(dataset, version);
        database.AddRange(jobs);
        await database.SaveChangesAsync();
        return [.. jobs.Select(job => job.Id)];
    }

    /// <summary>Gives a job a completed attempt that ran from one time to another.</summary>
    public static async Task FinishAsync(AppDatabases databases, Guid jobId, DateTimeOffset from, DateTimeOffset to)
    {
        await using var database = databases.OpenPlatform();
        var attempt = new Attempt { Kind = AttemptKind.Train, SubjectId = jobId, Number = 1, Trainer = "none", CreatedAt = from };
        database.Attempts.Add(attempt);
        await database.SaveChangesAsync();
        await database.Database.ExecuteSqlAsync($"UPDATE attempts SET state = 'completed', started_at = {from}, ended_at = {to} WHERE id = {attempt.Id}");
        await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET state = 'completed', started_at = {from}, completed_at = {to} WHERE id = {jobId}");
    }
}
