using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Training;
using VisionPlatform.Api.Projects;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Api.Models;

/// <summary>A model. Its versions hold what was trained.</summary>
/// <param name="Name">Name of the model, unique in its project.</param>
/// <param name="LatestVersion">Number of the newest version.</param>
public sealed record ModelAnswer(Guid Id, Guid ProjectId, string Name, TaskType TaskType, int LatestVersion, DateTimeOffset CreatedAt)
{
    public static ModelAnswer From(Model model) => new(model.Id, model.ProjectId, model.Name, model.TaskType, model.LatestVersion, model.CreatedAt);
}

/// <summary>A version of a model: the result of one training job.</summary>
/// <param name="ModelId">Model that the version belongs to.</param>
/// <param name="Number">Number of the version within the model, from 1.</param>
/// <param name="JobId">Training job that made the version.</param>
/// <param name="DatasetVersionId">Dataset version that it was trained on.</param>
/// <param name="Framework">Trainer that made the version, for example <c>torchvision</c>.</param>
/// <param name="Architecture">Architecture, as the trainer's capabilities name it, for example <c>small_cnn</c>.</param>
/// <param name="TaskType">What the model does.</param>
/// <param name="Classes">Classes in the order of the model's outputs.</param>
/// <param name="Metrics">Metrics of the best epoch by name, for example <c>accuracy</c> and <c>loss</c>.</param>
/// <param name="ConfusionMatrix">Number of images by true class (rows) and predicted class (columns), in the order of <c>classes</c>.</param>
/// <param name="PerClass">Quality of each class on the held-out images.</param>
/// <param name="Checkpoint">Checkpoint that the version was made from.</param>
public sealed record ModelVersionAnswer(
    Guid Id, Guid ModelId, int Number, Guid JobId, Guid DatasetVersionId, string Framework, string Architecture, TaskType TaskType,
    IReadOnlyList<string> Classes, IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<List<int>> ConfusionMatrix,
    IReadOnlyList<ClassMetrics> PerClass, ModelCheckpoint Checkpoint, DateTimeOffset CreatedAt);

/// <summary>The stored weights of a model version.</summary>
/// <param name="Epoch">Epoch after which the weights were stored.</param>
/// <param name="Url">Presigned address of the file; it works for an hour.</param>
public sealed record ModelCheckpoint(int Epoch, long Size, string Sha256, Uri Url);

/// <summary>Models and their versions, as training jobs left them.</summary>
public sealed class ModelCatalog(PlatformDatabase database, ObjectStores stores, ProjectAccess access)
{
    private static readonly TimeSpan DownloadLifetime = TimeSpan.FromHours(1);

    [Function(nameof(ListModels)), RequiresPermission(Permission.ModelsRead)]
    [Operation("List models of a project", Tag = "Models", Returns = typeof(Page<ModelAnswer>),
        Description = "Newest first.")]
    [Query<Guid>("projectId", "Project whose models are listed.", Required = true, Example = Examples.Project)]
    public async Task<IActionResult> ListModels(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/models")] HttpRequest request, CancellationToken cancellation)
    {
        var project = request.RequiredQueryId("projectId");
        await access.RequireAsync(request.CurrentUser(), project, Permission.ModelsRead, cancellation);
        return new OkObjectResult(await database.Models.AsNoTracking().Where(model => model.ProjectId == project).NewestFirstAsync(request, ModelAnswer.From, cancellation));
    }

    [Function(nameof(GetModel)), RequiresPermission(Permission.ModelsRead)]
    [Operation("Get a model", Tag = "Models", Returns = typeof(ModelAnswer))]
    public async Task<IActionResult> GetModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/models/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation) =>
        new OkObjectResult(ModelAnswer.From(await RequireModelAsync(request, id, cancellation)));

    [Function(nameof(ListModelVersions)), RequiresPermission(Permission.ModelsRead)]
    [Operation("List versions of a model", Tag = "Models", Returns = typeof(Page<ModelVersionAnswer>),
        Description = "Newest first.")]
    public async Task<IActionResult> ListModelVersions(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/models/{id:guid}/versions")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await RequireModelAsync(request, id, cancellation);
        return new OkObjectResult(await database.ModelVersions.AsNoTracking().Where(version => version.ModelId == id).NewestFirstAsync(request, Answer, cancellation));
    }

    [Function(nameof(GetModelVersion)), RequiresPermission(Permission.ModelsRead)]
    [Operation("Get a version of a model", Tag = "Models", Returns = typeof(ModelVersionAnswer),
        Description = "A version with its quality on the held-out images and an address to download its weights.")]
    public async Task<IActionResult> GetModelVersion(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/models/{id:guid}/versions/{versionId:guid}")] HttpRequest request,
        Guid id, Guid versionId, CancellationToken cancellation)
    {
        await RequireModelAsync(request, id, cancellation);
        var version = await database.ModelVersions.AsNoTracking().SingleOrDefaultAsync(v => v.Id == versionId && v.ModelId == id, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "The model has no such version.");
        return new OkObjectResult(Answer(version));
    }

    private async Task<Model> RequireModelAsync(HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var model = await database.Models.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such model, or you may not see it.");
        await access.RequireAsync(request.CurrentUser(), model.ProjectId, Permission.ModelsRead, cancellation);
        return model;
    }

    private ModelVersionAnswer Answer(ModelVersion version) => new(
        version.Id, version.ModelId, version.Number, version.JobId, version.DatasetVersionId, version.Framework, version.Architecture, version.TaskType,
        version.Classes, version.Metrics, version.ConfusionMatrix, version.PerClass,
        new ModelCheckpoint(version.CheckpointEpoch, version.CheckpointSize, version.CheckpointSha256,
            new Uri(stores.Internal.PresignGet(version.CheckpointKey, DownloadLifetime, $"{version.Architecture}-v{version.Number}.pt").Url)),
        version.CreatedAt);
}
