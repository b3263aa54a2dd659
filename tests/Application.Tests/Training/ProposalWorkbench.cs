using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Datasets.Annotations;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Tests.Datasets;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Application.Tests.Training;

/// <summary>A dataset, predictions of its versions, and what is done with their answers, each call with services of its own.</summary>
internal sealed class ProposalWorkbench(DatasetFixture fixture, DatasetWorkbench work)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public DatasetWorkbench Work { get; } = work;

    public Guid Person { get; } = Guid.CreateVersion7();

    public static async Task<ProposalWorkbench> NewAsync(DatasetFixture fixture, TaskType task = TaskType.ObjectDetection) =>
        new(fixture, await fixture.NewDatasetAsync(task: task, classes: task == TaskType.ImageClassification ? null : ["cat", "dog"]));

    /// <summary>Images as rows alone; nothing here reads their files.</summary>
    public async Task<IReadOnlyDictionary<string, Guid>> AddImagesAsync(params IReadOnlyList<(string Path, string? Class)> images)
    {
        await using var database = fixture.Database();
        List<DatasetImage> rows = [.. images.Select(image => NewImage(image.Path, image.Class))];
        database.AddRange(rows);
        await database.SaveChangesAsync(Cancellation);
        return rows.ToDictionary(row => row.Path, row => row.Id, StringComparer.Ordinal);
    }

    public DatasetImage NewImage(string path, string? name = null)
    {
        var id = Guid.CreateVersion7();
        return new DatasetImage
        {
            Id = id, DatasetId = Work.Dataset.Id, Path = path, Key = $"images/{id}", Class = name, ContentType = "image/png", Size = 1, Sha256 = Convert.ToHexStringLower(id.ToByteArray()).PadLeft(64, '0'), Width = 8, Height = 8,
            CreatedBy = Work.Dataset.CreatedBy, CreatedAt = DateTimeOffset.UtcNow,
        };
    }

    /// <summary>Freezes the images that nobody has labeled and writes the files of the version.</summary>
    public async Task<DatasetVersion> PublishUnlabeledAsync()
    {
        await using var database = fixture.Database();
        var version = (await new VersionPublisher(database, TimeProvider.System).PublishAsync(Work.Dataset.Id, Work.Dataset.CreatedBy, null, Cancellation, unlabeledOnly: true)).Version;
        Assert.Equal(DatasetVersionState.Ready, (await new VersionCompletion(database, new VersionFiles(database, fixture.Stores), TimeProvider.System).WriteAsync(version.Id, Cancellation)).State);
        return version;
    }

    /// <summary>A completed prediction with these answers, by path.</summary>
    public async Task<BatchPrediction> PredictAsync(DatasetVersion version, params IReadOnlyList<(string Path, PredictedAnswer Answer)> answers)
    {
        await using var database = fixture.Database();
        var job = new TrainingJob
        {
            ProjectId = Work.Dataset.ProjectId, DatasetVersionId = version.Id, Name = "job", Framework = "torchvision", Model = "small_cnn", TaskType = Work.Dataset.TaskType, Config = [], CreatedBy = Person,
            CreatedAt = DateTimeOffset.UtcNow,
        };
        var prediction = new BatchPrediction
        {
            ProjectId = job.ProjectId, JobId = job.Id, CheckpointKey = "none", CheckpointSha256 = "ab", CheckpointEpoch = 1, DatasetVersionId = version.Id, Framework = job.Framework, Model = job.Model,
            TaskType = job.TaskType, Config = [], CreatedBy = Person, CreatedAt = DateTimeOffset.UtcNow,
            Outcomes = new(0, 0, 0, 0, answers.Count, answers.SelectMany(one => (one.Answer.Annotations ?? []).Select(found => found.Class)).Distinct().ToDictionary(name => name, _ => 1)),
        };
        prediction.MoveTo(PredictionState.Completed, DateTimeOffset.UtcNow);
        database.AddRange(job, prediction);
        await database.SaveChangesAsync(Cancellation);
        database.AddRange(answers.Select(one => new PredictedImage
        {
            PredictionId = prediction.Id, Path = one.Path, Outcome = ImageOutcome.NotMeasured, Answer = JsonSerializer.Serialize(one.Answer, JsonSerializerOptions.Web),
        }));
        await database.SaveChangesAsync(Cancellation);
        return prediction;
    }

    public static PredictedAnswer Objects(params IReadOnlyList<(string Class, double Confidence)> objects) =>
        new(Annotations: [.. objects.Select(one => new FoundObject(one.Class, [1, 1, 4, 3], Confidence: one.Confidence))]);

    public async Task<ProposalRun> BeginAsync(ProposalAction action, Guid? prediction = null, string? name = null, double? least = null)
    {
        await using var database = fixture.Database();
        var once = new IdempotentCreate<ProposalRun>(null, _ => new StoredAnswer(202, null, null, null), TimeProvider.System);
        return (await new ProposalRuns(database, TimeProvider.System).CreateAsync(Work.Dataset.Id, Person, new(action, prediction, name, least), once, Cancellation)).Made!;
    }

    public async Task<bool> StepAsync(Guid run)
    {
        await using var database = fixture.Database();
        return await new ProposalSteps(database, Decisions(database), TimeProvider.System).StepAsync(run, Cancellation);
    }

    /// <summary>To the end, step by step, as the orchestration does it.</summary>
    public async Task<ProposalRun> RunAsync(ProposalAction action, Guid? prediction = null, string? name = null, double? least = null)
    {
        var run = await BeginAsync(action, prediction, name, least);
        while (await StepAsync(run.Id))
        {
        }
        return await EndAsync(run.Id);
    }

    public async Task<ProposalRun> EndAsync(Guid run)
    {
        await using var database = fixture.Database();
        await new ProposalRuns(database, TimeProvider.System).EndAsync(run, null, Cancellation);
        return await database.ProposalRuns.AsNoTracking().SingleAsync(row => row.Id == run, Cancellation);
    }

    public async Task DecideAsync(Func<ProposalDecisions, Task> decide)
    {
        await using var database = fixture.Database();
        await decide(Decisions(database));
    }

    /// <summary>Classes and scores of the proposals, by path.</summary>
    public async Task<SortedDictionary<string, (string Classes, double? Score)>> ProposalsAsync()
    {
        await using var database = fixture.Database();
        var rows = await database.ImageProposals.Where(row => row.DatasetId == Work.Dataset.Id).Join(database.DatasetImages, row => row.ImageId, image => image.Id, (row, image) => new { image.Path, row }).ToListAsync(Cancellation);
        return new(rows.ToDictionary(one => one.Path, one => (string.Join(' ', one.row.ClassNames), one.row.Score)), StringComparer.Ordinal);
    }

    private static ProposalDecisions Decisions(Infrastructure.Persistence.PlatformDatabase database) => new(database, new ImageAnnotating(database, TimeProvider.System), TimeProvider.System);
}
