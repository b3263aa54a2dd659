using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Datasets;

/// <summary>The present images of a dataset.</summary>
public sealed class DatasetImageFunctions(PlatformDatabase database, ProjectAccess access, ImageRemoval removal, Thumbnails thumbnails, ImageUrls urls)
{
    [Function("ListDatasetImages"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List images of a dataset", Tag = "Datasets", Returns = typeof(Page<ImageAnswer>),
        Description = "Newest first.")]
    [Query<string>("class", "Only images of this class, or with an object of it.", MaximumLength = 200, Example = "cat")]
    [Query<bool>("annotated", "Only images whose annotations were given, also those without objects, or only the others.", Example = "false")]
    public async Task<IResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets/{id:guid}/images")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        var images = database.DatasetImages.AsNoTracking().Where(image => image.DatasetId == id);
        if (request.QueryText("class") is { } name)
            images = images.Where(image => image.Class == name || database.ImageAnnotations.Any(row => row.ImageId == image.Id && row.ClassNames.Contains(name)));
        if (request.QueryFlag("annotated") is { } annotated)
            images = images.Where(image => database.ImageAnnotations.Any(row => row.ImageId == image.Id) == annotated);
        return Answer.Ok(await images.NewestFirstAsync(request, urls.Answer, cancellation));
    }

    /// <summary>What <c>thumbnailUrl</c> of an image leads to until its thumbnail is in the store. Clients take the address as it is, so it is not part of the described API.</summary>
    [Function("ViewDatasetThumbnail"), AllowAnonymousAccess("the token in the address, which is for the thumbnail of this image"), RateLimit(RateLimit.General)]
    public async Task<IResult> ViewThumbnail(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = ImageUrls.ThumbnailRoute)] HttpRequest request, Guid id, Guid imageId, CancellationToken cancellation) =>
        request.QueryText("token") is { } token && urls.Allows(token, imageId) && await thumbnails.ViewAsync(id, imageId, cancellation) is { } key
            ? Results.Redirect(urls.Read(key))
            : throw ProblemException.NoSuch("thumbnail");

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
