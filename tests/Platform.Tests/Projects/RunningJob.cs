using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Platform.Tests.Projects;

/// <summary>A running training job without a trainer; tests use it for what a running job makes impossible.</summary>
internal static class RunningJob
{
    public static async Task AddAsync(PlatformDatabase database, Guid projectId, Guid userId)
    {
        var now = DateTimeOffset.UtcNow;
        var dataset = new Dataset
        {
            ProjectId = projectId, Name = "Plates", TaskType = TaskType.ImageClassification, Split = SplitSettings.Default, CreatedBy = userId, CreatedAt = now, UpdatedAt = now,
        };
        var version = new DatasetVersion { DatasetId = dataset.Id, Number = 1, Hash = new string('0', 64), ImageCount = 0, SizeBytes = 0, ClassCounts = [], SplitCounts = new SplitCounts(0, 0, 0), CreatedBy = userId, CreatedAt = now };
        var job = new TrainingJob
        {
            ProjectId = projectId, DatasetVersionId = version.Id, Name = "Job", Framework = "none", Model = "none", TaskType = TaskType.ImageClassification, Config = [], CreatedBy = userId, CreatedAt = now,
        };
        database.AddRange(dataset, version, job);
        await database.SaveChangesAsync();
        await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET state = 'running' WHERE id = {job.Id}");
    }
}
