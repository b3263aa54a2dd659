using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Training;
using VisionPlatform.Api.Projects;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Api.Models;

/// <summary>Models and their versions. Training jobs create both.</summary>
public sealed class ModelFunctions(PlatformDatabase database, ObjectStores stores, ProjectAccess access)
{
    private const string Route = "api/v1/models";
    private const string RouteOfOne = Route + "/{id:guid}";
    private static readonly TimeSpan DownloadLifetime = TimeSpan.FromHours(1);

    [Function("ListModels"), RequiresPermission(Permission.ModelsRead)]
    [Operation("List models of a project", Returns = typeof(Page<ModelAnswer>),
        Description = "Newest first.")]
    [Query<Guid>("projectId", "Project whose models are listed.", Required = true, Example = Examples.Project)]
    public async Task<IResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var project = request.RequiredQueryId("projectId");
        await access.RequireAsync(request.CurrentUser(), project, Permission.ModelsRead, cancellation);
        return Answer.Ok(await database.Models.AsNoTracking().Where(model => model.ProjectId == project).NewestFirstAsync(request, ModelAnswer.Of, cancellation));
    }

    [Function("GetModel"), RequiresPermission(Permission.ModelsRead)]
    [Operation("Get a model", Returns = typeof(ModelAnswer))]
    public async Task<IResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation) =>
        Answer.Ok(ModelAnswer.Of(await RequireModelAsync(request, id, cancellation)));

    [Function("ListModelVersions"), RequiresPermission(Permission.ModelsRead)]
    [Operation("List versions of a model", Returns = typeof(Page<ModelVersionAnswer>),
        Description = "Newest first.")]
    public async Task<IResult> ListVersions(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/versions")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await RequireModelAsync(request, id, cancellation);
        return Answer.Ok(await database.ModelVersions.AsNoTracking().Where(version => version.ModelId == id).NewestFirstAsync(request, Describe, cancellation));
    }

    [Function("GetModelVersion"), RequiresPermission(Permission.ModelsRead)]
    [Operation("Get a version of a model", Returns = typeof(ModelVersionAnswer),
        Description = "A version with its quality on the held-out images and an address to download its weights.")]
    public async Task<IResult> GetVersion(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/versions/{versionId:guid}")] HttpRequest request,
        Guid id, Guid versionId, CancellationToken cancellation)
    {
        await RequireModelAsync(request, id, cancellation);
        var version = await database.ModelVersions.AsNoTracking().SingleOrDefaultAsync(v => v.Id == versionId && v.ModelId == id, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "The model has no such version.");
        return Answer.Ok(Describe(version));
    }

    private async Task<Model> RequireModelAsync(HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var model = await database.Models.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id, cancellation);
        await access.RequireForAsync(request.CurrentUser(), model?.ProjectId, Permission.ModelsRead, "model", cancellation);
        return model!;
    }

    private ModelVersionAnswer Describe(ModelVersion version) => new(
        version.Id, version.ModelId, version.Number, version.JobId, version.DatasetVersionId, version.Framework, version.Architecture, version.TaskType,
        version.TaskType.Primary().Name, version.Classes, version.Metrics, version.ConfusionMatrix, version.PerClass,
        new ModelCheckpoint(version.CheckpointEpoch, version.CheckpointSize, version.CheckpointSha256,
            new Uri(stores.Internal.PresignGet(version.CheckpointKey, DownloadLifetime, $"{version.Architecture}-v{version.Number}.pt").Url)),
        version.CreatedAt);
}
