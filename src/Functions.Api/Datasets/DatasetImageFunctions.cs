using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Api.Datasets;

/// <summary>The present images of a dataset.</summary>
public sealed class DatasetImageFunctions(PlatformDatabase database, ProjectAccess access, ImageRemoval removal, ObjectStores stores, DatasetLimits limits)
{
    [Function("ListDatasetImages"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List images of a dataset", Tag = "Datasets", Returns = typeof(Page<ImageAnswer>),
        Description = "Newest first.")]
    [Query<string>("class", "Only images of this class.", MaximumLength = 200, Example = "cat")]
    public async Task<IResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets/{id:guid}/images")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        var images = database.DatasetImages.AsNoTracking().Where(image => image.DatasetId == id);
        if (request.QueryText("class") is { } name)
            images = images.Where(image => image.Class == name);
        return Answer.Ok(await images.NewestFirstAsync(request, image => ImageAnswer.From(image, stores.External, limits.ReadUrlLifetime), cancellation));
    }

    [Function("DeleteDatasetImage"), RequiresPermission(Permission.DatasetsDelete)]
    [Operation("Remove an image from a dataset", Tag = "Datasets", Status = 204, Problems = ["STORAGE_ERROR", "STORAGE_UNAVAILABLE"],
        Description = "Versions that contain the image keep it.")]
    public async Task<IResult> Delete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/datasets/{id:guid}/images/{imageId:guid}")] HttpRequest request,
        Guid id, Guid imageId, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsDelete, cancellation);
        await removal.RemoveAsync(id, imageId, cancellation);
        return Answer.NoContent();
    }
}
