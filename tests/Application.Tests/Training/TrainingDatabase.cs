using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Domain.Training;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Tests.Training;

/// <summary>A migrated platform database with a project, a published dataset version, and training jobs.</summary>
public sealed class TrainingDatabase(PostgresServer postgres) : IAsyncLifetime
{
    private NpgsqlDataSource _source = null!;
    private Guid _projectId;
    private Guid _versionId;

    public DateTimeOffset Now { get; } = DateTimeOffset.Parse("2026-01-01T12:00:00Z");

    public PlatformDatabase Open() => new(new DbContextOptionsBuilder<PlatformDatabase>().UseNpgsql(_source).Options);

    public async ValueTask InitializeAsync()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("DATABASE_URL", await postgres.NewDatabaseAsync())]).Build();
        _source = NpgsqlDataSource.Create(DatabaseSettings.ConnectionString(settings, "DATABASE_URL"));
        await using var database = Open();
        await database.Database.MigrateAsync();
        var project = new Project { Name = "digits", OwnerId = Guid.NewGuid(), CreatedAt = Now };
        var dataset = new Dataset { ProjectId = project.Id, Name = "digits", TaskType = TaskType.ImageClassification, Split = SplitSettings.Default, CreatedBy = project.OwnerId, CreatedAt = Now };
        var version = new DatasetVersion
        {
            DatasetId = dataset.Id, Number = 1, Hash = "ab", State = DatasetVersionState.Ready, ManifestKey = "manifest.jsonl.gz", ImageCount = 2, SizeBytes = 10,
            ClassCounts = new() { ["0"] = 1, ["1"] = 1 }, SplitCounts = new(2, 0, 0), CreatedBy = project.OwnerId, CreatedAt = Now,
        };
        database.AddRange(project, dataset, version);
        await database.SaveChangesAsync();
        (_projectId, _versionId) = (project.Id, version.Id);
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>A queued job with its first attempt.</summary>
    public async Task<(TrainingJob Job, Attempt Attempt)> QueueAsync(
        string trainer = "torchvision", TimeSpan after = default, Guid? projectId = null, Guid? by = null, JobPriority priority = JobPriority.Normal)
    {
        await using var database = Open();
        var job = new TrainingJob
        {
            ProjectId = projectId ?? _projectId, DatasetVersionId = _versionId, Name = "job", Framework = trainer, Model = "small_cnn",
            TaskType = TaskType.ImageClassification, Config = [], Priority = priority, CreatedBy = by ?? Guid.NewGuid(), CreatedAt = Now,
        };
        job.MoveTo(JobState.Queued, Now);
        var attempt = new Attempt { Kind = AttemptKind.Train, SubjectId = job.Id, Number = 1, Trainer = trainer, CreatedAt = Now + after };
        database.AddRange(job, attempt);
        await database.SaveChangesAsync();
        return (job, attempt);
    }

    /// <summary>A further project.</summary>
    public async Task<Guid> NewProjectAsync()
    {
        await using var database = Open();
        var project = new Project { Name = $"project {Guid.NewGuid():n}", OwnerId = Guid.NewGuid(), CreatedAt = Now };
        database.Add(project);
        await database.SaveChangesAsync();
        return project.Id;
    }

    /// <summary>A pending export with its first attempt.</summary>
    public async Task<Attempt> QueueExportAsync(string trainer, TimeSpan after = default, Guid? projectId = null, Guid? by = null)
    {
        var (job, _) = await QueueAsync(trainer: "other", projectId: projectId, by: by);
        var attempt = new Attempt { Kind = AttemptKind.Export, SubjectId = await AddExportAsync(job, trainer, after), Number = 1, Trainer = trainer, CreatedAt = Now + after };
        await using var database = Open();
        database.Add(attempt);
        await database.SaveChangesAsync();
        return attempt;
    }

    /// <summary>An export of a model that the job has made.</summary>
    public async Task<Guid> AddExportAsync(TrainingJob job, string trainer = "torchvision", TimeSpan after = default)
    {
        await using var database = Open();
        var model = new Model { ProjectId = job.ProjectId, Name = $"model {job.Id}", TaskType = TaskType.ImageClassification, LatestVersion = 1 };
        var version = new ModelVersion
        {
            ModelId = model.Id, ProjectId = job.ProjectId, Number = 1, JobId = job.Id, DatasetVersionId = job.DatasetVersionId, Framework = trainer, Architecture = "small_cnn", TaskType = model.TaskType, Classes = [],
            Metrics = [], ConfusionMatrix = [], PerClass = [], CheckpointKey = "none", CheckpointSize = 1, CheckpointSha256 = "ab",
        };
        var export = new Export { ProjectId = job.ProjectId, ModelVersionId = version.Id, Format = "onnx", Options = [], CreatedBy = job.CreatedBy, CreatedAt = Now + after };
        database.AddRange(model, version, export);
        await database.SaveChangesAsync();
        return export.Id;
    }

    public async Task<IngestedEvents> ReportAsync(Guid attemptId, params AttemptEvent[] events)
    {
        await using var database = Open();
        return await new EventIngest(database, TimeProvider.System).TakeAsync(attemptId, [.. events.Select(ReportedEvent.Of)], TestContext.Current.CancellationToken);
    }

    public async Task<(TrainingJob Job, Attempt Attempt)> ReadAsync(Guid attemptId)
    {
        await using var database = Open();
        var attempt = await database.Attempts.AsNoTracking().SingleAsync(a => a.Id == attemptId);
        return (await database.TrainingJobs.AsNoTracking().SingleAsync(j => j.Id == attempt.SubjectId), attempt);
    }

    public async Task<List<string>> EventTypesAsync(Guid jobId)
    {
        await using var database = Open();
        return await database.JobEvents.Where(e => e.JobId == jobId).OrderBy(e => e.Id).Select(e => e.Type).ToListAsync();
    }
}
