using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Datasets.Annotations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Datasets;

/// <summary>The annotations of single images.</summary>
public sealed class AnnotationFunctions(PlatformDatabase database, ProjectAccess access, ImageAnnotating annotating)
{
    private const string Route = "api/v1/datasets/{id:guid}/images/{imageId:guid}/annotations";
    private const string Example = """{"annotations":[{"class":"scratch","box":[1.5,2,4,3]}]}""";

    /// <summary>Some ten thousand polygons.</summary>
    private const int MaximumBody = 16 * 1024 * 1024;

    [Function("GetImageAnnotations"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("Get the annotations of an image", Tag = "Datasets", Returns = typeof(ImageAnnotationsAnswer), Problems = ["DATASET_HAS_NO_ANNOTATIONS"],
        Description = "The objects in the image. An image that was never annotated has `annotated` false.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, Guid id, Guid imageId, CancellationToken cancellation)
    {
        var dataset = await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        var image = await database.DatasetImages.AsNoTracking().SingleOrDefaultAsync(row => row.Id == imageId && row.DatasetId == id, cancellation) ?? throw ProblemException.NoSuch("image");
        if (!dataset.TaskType.HasAnnotations())
            throw new ProblemException(ErrorCodes.DatasetHasNoAnnotations);
        var row = await database.ImageAnnotations.AsNoTracking().SingleOrDefaultAsync(found => found.ImageId == imageId, cancellation);
        return AnswerOf(new AnnotatedImage(image, row));
    }

    [Function("ReplaceImageAnnotations"), RequiresPermission(Permission.DatasetsAnnotate)]
    [Operation("Replace the annotations of an image", Tag = "Datasets", Body = typeof(NewAnnotations), Example = Example, Returns = typeof(ImageAnnotationsAnswer), Problems = ["DATASET_HAS_NO_ANNOTATIONS"],
        Description = "Puts these annotations in the place of all that the image has. An empty list says that the image has no objects. Versions that were published before keep theirs.")]
    public async Task<IResult> Replace([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = Route)] HttpRequest request, Guid id, Guid imageId, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        await access.RequireDatasetAsync(database, user, id, Permission.DatasetsAnnotate, cancellation);
        var wanted = await request.ReadJsonAsync<NewAnnotations>(cancellation, MaximumBody);
        var drafts = wanted.Annotations!.Select(annotation => annotation.ToDraft()).ToList();
        return AnswerOf(await annotating.ReplaceAsync(id, imageId, user.Id, drafts, present => request.RequireMatch(present.Version), cancellation));
    }

    private static Answer AnswerOf(AnnotatedImage image) => Answer.Ok(ImageAnnotationsAnswer.From(image), image.Version);
}
