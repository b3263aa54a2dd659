using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Application.Exports;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Deployments;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;
using VisionPlatform.Tests;

namespace VisionPlatform.Application.Tests.Training;

/// <summary>Jobs, exports and deployments of tasks other than classification. The trainer is away; what it last offered is known.</summary>
public sealed class OtherTaskTests(TrainingDatabase training) : IClassFixture<TrainingDatabase>, IAsyncLifetime
{
    private const string Framework = "detector";

    private readonly TrainerClient _client = new(
        new TrainerSettings(new Dictionary<string, Uri> { [Framework] = new($"http://127.0.0.1:{LoopbackPort.Free()}/") }, null, new Uri("http://127.0.0.1:1/"), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), 1, TimeSpan.Zero, 150),
        TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await using var database = training.Open();
        if (await database.Trainers.AnyAsync(trainer => trainer.Framework == Framework, Cancellation))
            return;
        database.Trainers.Add(new Trainer
        {
            Framework = Framework, SeenAt = DateTimeOffset.UtcNow,
            Capabilities = new TrainerCapabilities(
                Framework, "1", ["object_detection"], [new("ssd", null, ["object_detection"], null, null, null)], new ConfigSchema([], null),
                [
                    new("onnx", new Dictionary<string, ValueRule> { ["precision"] = new("select", null, null, null, [JsonSerializer.SerializeToElement("fp32")], null) }, ["object_detection"]),
                    new("torchscript", null),
                ], null, 1)
            {
                ExportMatrix =
                [
                    new("onnx", "object_detection", "fp32", true), new("onnx", "object_detection", "int8", false, "needs a quantizer"),
                    new("tensorrt", "object_detection", "fp16", false, "needs an NVIDIA GPU"), new("tensorrt", "object_detection", "fp32", false, "needs an NVIDIA GPU"),
                ],
            },
        });
        await database.SaveChangesAsync(Cancellation);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_job_is_accepted_when_a_model_of_the_trainer_is_for_the_task_of_its_dataset()
    {
        var job = (await CreateJobAsync(TaskType.ObjectDetection)).Made!;
        Assert.Equal((TaskType.ObjectDetection, JobState.Pending), (job.TaskType, job.State));

        var refused = await Assert.ThrowsAsync<ProblemException>(() => CreateJobAsync(TaskType.KeypointDetection));
        Assert.Equal((ErrorCodes.UnknownModel, "detector has no model 'ssd' for keypoint_detection. It has: ."), (refused.Error, refused.Message));
    }

    [Fact]
    public async Task A_model_is_exported_only_to_formats_that_the_trainer_offers_for_its_task()
    {
        var (job, _) = await training.QueueAsync();
        await training.AddExportAsync(job, Framework);
        await using var database = training.Open();
        var version = await database.ModelVersions.AsNoTracking().SingleAsync(row => row.JobId == job.Id, Cancellation);
        var exports = new ExportLifecycle(database, new TrainerCatalog(_client, database, TimeProvider.System), null!, null!, TimeProvider.System);

        // This model is for classification, which torchscript is for, as it names no task, and onnx is not.
        var refused = await Assert.ThrowsAsync<ProblemException>(() => exports.CreateAsync(job.CreatedBy, version, ["torchscript", "onnx"], new Dictionary<string, Dictionary<string, JsonElement>>(), null!, Cancellation));

        Assert.Equal((ErrorCodes.TaskNotSupported, "detector cannot export models for image_classification to onnx."), (refused.Error, refused.Message));
        Assert.True(new TrainerExportFormat("onnx", null, ["object_detection"]).Supports(TaskType.ObjectDetection));
        Assert.False(new TrainerExportFormat("onnx", null).Supports(TaskType.ObjectDetection));
    }

    [Theory]
    [InlineData("tensorrt", null, "UNKNOWN_EXPORT_FORMAT", "detector cannot export 'tensorrt': needs an NVIDIA GPU. It can export: onnx, torchscript.")]
    [InlineData("onnx", "int8", "INVALID_CONFIG", "detector cannot export models for object_detection to onnx in int8: needs a quantizer.")]
    public async Task An_export_that_is_not_possible_is_refused_with_the_reason_of_the_trainer(string format, string? precision, string code, string message)
    {
        var (job, _) = await training.QueueAsync();
        await training.AddExportAsync(job, Framework);
        await using var database = training.Open();
        await database.ModelVersions.Where(row => row.JobId == job.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.TaskType, TaskType.ObjectDetection), Cancellation);
        var version = await database.ModelVersions.AsNoTracking().SingleAsync(row => row.JobId == job.Id, Cancellation);
        var exports = new ExportLifecycle(database, new TrainerCatalog(_client, database, TimeProvider.System), null!, null!, TimeProvider.System);
        var options = new Dictionary<string, Dictionary<string, JsonElement>>();
        if (precision is not null)
            options[format] = new() { ["precision"] = JsonSerializer.SerializeToElement(precision) };

        var refused = await Assert.ThrowsAsync<ProblemException>(() => exports.CreateAsync(job.CreatedBy, version, [format], options, null!, Cancellation));

        Assert.Equal((code, message), (refused.Error.Code, refused.Message));
    }

    [Fact]
    public async Task Models_that_the_server_cannot_serve_are_not_deployed()
    {
        var (job, _) = await training.QueueAsync();
        var id = await training.AddExportAsync(job, Framework);
        await using var database = training.Open();
        await database.ModelVersions.Where(row => row.JobId == job.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.TaskType, TaskType.ObjectDetection), Cancellation);
        await database.Exports.Where(row => row.Id == id).ExecuteUpdateAsync(set => set.SetProperty(row => row.State, ExportState.Completed), Cancellation);
        var export = await database.Exports.AsNoTracking().SingleAsync(row => row.Id == id, Cancellation);

        using var servers = new ModelServerClient(new ModelServerSettings([], null), TimeProvider.System);
        var refused = await Assert.ThrowsAsync<ProblemException>(() => new DeploymentLifecycle(database, new ServedModels(database, servers, null!, null!, null!, null!), TimeProvider.System).CreateAsync(job.CreatedBy, export, "street", null!, Cancellation));

        Assert.Equal(ErrorCodes.TaskNotSupported, refused.Error);
        Assert.False(await database.Deployments.AnyAsync(Cancellation));
    }

    private async Task<Created<TrainingJob>> CreateJobAsync(TaskType task)
    {
        await using var database = training.Open();
        var first = await database.Datasets.AsNoTracking().FirstAsync(Cancellation);
        var dataset = new Dataset { ProjectId = first.ProjectId, Name = $"{task} {Guid.NewGuid()}", TaskType = task, Split = SplitSettings.Default, Classes = ["cat"], CreatedBy = first.CreatedBy, CreatedAt = training.Now };
        var version = new DatasetVersion
        {
            DatasetId = dataset.Id, Number = 1, Hash = "ab", State = DatasetVersionState.Ready, ManifestKey = "manifest.jsonl.gz", ImageCount = 2, SizeBytes = 10, ClassCounts = new() { ["cat"] = 2 },
            AnnotationClasses = ["cat"], SplitCounts = new(2, 0, 0), CreatedBy = first.CreatedBy, CreatedAt = training.Now,
        };
        database.AddRange(dataset, version);
        await database.SaveChangesAsync(Cancellation);
        var jobs = new JobLifecycle(database, new TrainerCatalog(_client, database, TimeProvider.System), null!, TimeProvider.System);
        var once = new IdempotentCreate<TrainingJob>(null, _ => new StoredAnswer(201, null, null, null), TimeProvider.System);
        return await jobs.CreateAsync(first.CreatedBy, new JobSettings(dataset.ProjectId, version.Id, Framework, "ssd", null, [], null, MayUseAdvanced: false), once, Cancellation);
    }
}
