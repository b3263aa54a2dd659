using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Models;

namespace VisionPlatform.Orchestrations.Tests;

/// <summary>A trained model in the database, as a completed job leaves it.</summary>
internal static class ModelRows
{
    public static async Task<List<Export>> NewExportsAsync(this Servers servers, params string[] formats)
    {
        var (job, _) = await servers.Training.QueueAsync(trainer: "other");
        var model = new Model { ProjectId = job.ProjectId, Name = $"model {job.Id}", TaskType = TaskType.ImageClassification, LatestVersion = 1 };
        var version = new ModelVersion
        {
            ModelId = model.Id, ProjectId = job.ProjectId, Number = 1, JobId = job.Id, DatasetVersionId = job.DatasetVersionId, Framework = "torchvision",
            Architecture = "small_cnn", TaskType = model.TaskType, Classes = ["0", "1"], Metrics = [], ConfusionMatrix = [], PerClass = [],
            CheckpointKey = $"models/{model.Id}/1/checkpoint.pt", CheckpointSize = 7, CheckpointSha256 = "ab",
        };
        List<Export> exports = [.. formats.Select(format => new Export
        {
            ProjectId = job.ProjectId, ModelVersionId = version.Id, Format = format, Options = [], CreatedBy = job.CreatedBy, CreatedAt = DateTimeOffset.UtcNow,
        })];
        await using var database = servers.Training.Open();
        database.AddRange(model, version);
        database.AddRange(exports);
        await database.SaveChangesAsync();
        return exports;
    }
}
