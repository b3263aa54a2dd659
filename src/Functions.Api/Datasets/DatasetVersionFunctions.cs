using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Orchestrations.Datasets;

namespace VisionPlatform.Api.Datasets;

/// <summary>Immutable versions of a dataset: publish and read.</summary>
public sealed class DatasetVersionFunctions(PlatformDatabase database, ProjectAccess access, VersionPublisher publisher, ObjectStores stores, DatasetLimits limits)
{
    [Function("PublishDataset"), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Publish a version", Tag = "Datasets",
        Body = typeof(NewVersion), Example = """{"note":"Before the new camera"}""", NotIdempotent = "The same images are the same version, however often they are published.", Returns = typeof(VersionAnswer), Status = 202, AlternativeStatus = 200, Problems = ["DATASET_EMPTY", "DATASET_SINGLE_CLASS", "DATASET_NOT_ANNOTATED"],
        Description = "Freezes the present images as an immutable version. The answer is 202 with a new version, which is ready a little later, or 200 with an existing version that has the same content.")]
    public async Task<IResult> Publish(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/datasets/{id:guid}/versions")] HttpRequest request,
        Guid id, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        await access.RequireDatasetAsync(database, user, id, Permission.DatasetsWrite, cancellation);
        var wanted = await request.ReadJsonAsync<NewVersion>(cancellation);
        var published = await publisher.PublishAsync(id, user.Id, wanted.Note, cancellation, wanted.Splits ?? SplitSource.Ratios, wanted.AnnotatedOnly ?? false, wanted.UnlabeledOnly ?? false);

        // If the process ends before this, recovery finds the version that is publishing without an orchestration (DatasetWork).
        if (published.Version.State == DatasetVersionState.Publishing)
            await durable.SchedulePublishAsync(published.Version.Id, cancellation);
        var answer = AnswerOf(published.Version);
        return published.IsNew ? Answer.Accepted($"/api/v1/datasets/{id}/versions/{published.Version.Id}", answer) : Answer.Ok(answer);
    }

    [Function("ListDatasetVersions"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List versions of a dataset", Tag = "Datasets", Returns = typeof(Page<VersionAnswer>),
        Description = "Newest first.")]
    public async Task<IResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets/{id:guid}/versions")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return Answer.Ok(await database.DatasetVersions.AsNoTracking().Where(version => version.DatasetId == id).NewestFirstAsync(request, AnswerOf, cancellation));
    }

    [Function("GetDatasetVersion"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("Get a version of a dataset", Tag = "Datasets", Returns = typeof(VersionAnswer),
        Description = "A version with its classes and splits.")]
    public async Task<IResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets/{id:guid}/versions/{versionId:guid}")] HttpRequest request,
        Guid id, Guid versionId, CancellationToken cancellation) =>
        Answer.Ok(AnswerOf(await RequireVersionAsync(request, id, versionId, cancellation)));

    [Function("ListDatasetVersionImages"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List images of a version", Tag = "Datasets", FixedOrder = true, Returns = typeof(Page<VersionImageAnswer>),
        Description = "In the order of their paths.")]
    [Query<Split>("split", "Only images in this split.", Example = "train")]
    public async Task<IResult> ListImages(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets/{id:guid}/versions/{versionId:guid}/images")] HttpRequest request,
        Guid id, Guid versionId, CancellationToken cancellation)
    {
        await RequireVersionAsync(request, id, versionId, cancellation);
        var page = PageRequest.Read(request);
        var images = database.DatasetVersionImages.AsNoTracking().Where(image => image.VersionId == versionId);
        if (request.QueryOneOf<Split>("split") is { } split)
            images = images.Where(image => image.Split == split);
        if (page.After<string>() is { } after)
            images = images.Where(image => string.Compare(image.Path, after) > 0);
        var rows = await images.OrderBy(image => image.Path).Take(page.Limit + 1).ToListAsync(cancellation);
        return Answer.Ok(Page.Of(rows, page, image => image.Path, image => new VersionImageAnswer(
            image.Path, image.Class, image.Split, image.Width, image.Height, image.Size, image.Sha256, stores.External.PresignGet(image.Key, limits.ReadUrlLifetime).Url)));
    }

    private async Task<DatasetVersion> RequireVersionAsync(HttpRequest request, Guid id, Guid versionId, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return await database.DatasetVersions.AsNoTracking().SingleOrDefaultAsync(version => version.Id == versionId && version.DatasetId == id, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "The dataset has no such version.");
    }

    private VersionAnswer AnswerOf(DatasetVersion version) => VersionAnswer.From(version, stores.External, limits.ReadUrlLifetime);
}
