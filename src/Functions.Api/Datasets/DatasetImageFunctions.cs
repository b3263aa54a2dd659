using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Datasets;

/// <summary>The present images of a dataset.</summary>
public sealed class DatasetImageFunctions(PlatformDatabase database, ProjectAccess access, Authentication authentication, ImageRemoval removal, Thumbnails thumbnails, ImageUrls urls)
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
        return Answer.Ok(await images.NewestFirstAsync(request, urls.Answer, cancellation));
    }

    [Function("ViewDatasetThumbnail"), AllowAnonymousAccess("The token in the address is for the thumbnail of this image; without one, the access token of a person is checked here."), RateLimit(RateLimit.General)]
    [Operation("View the thumbnail of a new image", Tag = "Datasets", Status = 302, Security = [ApiDocument.AccessToken, ""],
        Problems = ["UNAUTHENTICATED", "TOKEN_EXPIRED", "PASSWORD_CHANGE_REQUIRED", "FORBIDDEN", "STORAGE_ERROR", "STORAGE_UNAVAILABLE"],
        Description = "Redirects to the thumbnail, and makes it first if that has not happened yet. The address in `thumbnailUrl` of an image has a token and needs no sign-in.")]
    [Query<string>("token", "The token in `thumbnailUrl`; without it the caller must be signed in.", MaximumLength = 2000)]
    public async Task<IResult> ViewThumbnail(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets/{id:guid}/images/{imageId:guid}/thumbnail")] HttpRequest request,
        Guid id, Guid imageId, CancellationToken cancellation)
    {
        if (request.QueryText("token") is { } token)
        {
            if (!urls.Allows(token, imageId))
                throw ProblemException.NoSuch("thumbnail");
        }
        else
        {
            var user = await authentication.RequireUserAsync(request, cancellation);
            Authentication.RequirePermission(user, Permission.DatasetsRead);
            await access.RequireDatasetAsync(database, user, id, Permission.DatasetsRead, cancellation);
        }
        return Results.Redirect(urls.Read(await thumbnails.ViewAsync(id, imageId, cancellation) ?? throw ProblemException.NoSuch("thumbnail")));
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
