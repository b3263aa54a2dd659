using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Datasets;

/// <summary>Uploads: announce files, put each to its URL, complete them.</summary>
public sealed class UploadFunctions(
    PlatformDatabase database, ProjectAccess access, UploadIntake intake, UploadCompletion completion, Quotas quotas, ImageUrls urls, ThumbnailQueue thumbnails, DatasetLimits limits)
{
    private const string NewUploadsExample = """{"files":[{"path":"scratch/img_0007.png","size":20480,"contentType":"image/png"}],"onDuplicate":"skip"}""";
    private const string FinishedUploadsExample = $$"""{"uploadIds":["{{Examples.Upload}}"]}""";

    /// <summary>A thousand files with the longest paths.</summary>
    private const int MaximumBody = 4 * 1024 * 1024;

    private static readonly HashSet<string> ContentTypes = [.. Enum.GetValues<ImageFormat>().Select(format => format.ContentType())];

    [Function("AnnounceUploads"), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Ask for upload addresses", Tag = "Datasets", Body = typeof(NewUploads), Example = NewUploadsExample, Returns = typeof(UploadsAnswer), Problems = ["INVALID_PATH", "DUPLICATE_IMAGE", "QUOTA_EXCEEDED"],
        Description = "Announces files and returns a presigned address for each. Upload every file to its address, then call `uploads/complete`.")]
    public async Task<IResult> Announce(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/datasets/{id:guid}/uploads")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var dataset = await access.RequireDatasetAsync(database, user, id, Permission.DatasetsWrite, cancellation);
        var wanted = await request.ReadJsonAsync<NewUploads>(cancellation, MaximumBody);
        var files = Check(wanted.Files!, dataset.TaskType, UploadLayouts.Of(dataset.TaskType, wanted.Layout));
        var quota = await quotas.OfStorageAsync(user.Id, user.Role, user.OrganizationId, cancellation);
        var tickets = await intake.AnnounceAsync(id, user.Id, files, wanted.OnDuplicate == OnDuplicate.Skip, quota, cancellation);
        return Answer.Ok(new UploadsAnswer([.. tickets.Uploads.Select(UploadAnswer.From)], tickets.Skipped));
    }

    [Function("CompleteUploads"), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Finish uploads", Tag = "Datasets", Body = typeof(FinishedUploads), Example = FinishedUploadsExample, Returns = typeof(CompletionAnswer), Problems = ["STORAGE_ERROR", "STORAGE_UNAVAILABLE"],
        Description = "Checks the uploaded files and turns them into images of the dataset. Files that are not valid images, or not of the announced size, are removed and listed in `failed`; they do not affect the others.")]
    public async Task<IResult> Complete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/datasets/{id:guid}/uploads/complete")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsWrite, cancellation);
        var wanted = await request.ReadJsonAsync<FinishedUploads>(cancellation);
        using var completing = thumbnails.Completing();
        var done = await completion.CompleteAsync(id, wanted.UploadIds!, cancellation);
        return Answer.Ok(new CompletionAnswer(
            [.. done.Completed.Select(image => new CompletedUploadAnswer(image.Id, urls.Answer(image)))],
            [.. done.Failed.Select(failure => new FailedUploadAnswer(failure.UploadId, failure.Path, failure.Error.Code, failure.Detail, failure.Error.SuggestedAction))]));
    }

    private AnnouncedFile[] Check(IReadOnlyList<NewUpload> files, TaskType task, ImageLayout layout)
    {
        string[] paths = [.. files.Select(file => CaseFold.Composed(file.Path!))];
        CheckPaths(paths);
        var errors = new FieldErrors();
        var announced = new AnnouncedFile[files.Count];
        for (var i = 0; i < files.Count; i++)
        {
            var (path, size, contentType) = (paths[i], files[i].Size!.Value, files[i].ContentType ?? ContentTypeOf(files[i].Path!));
            var place = layout.Place(path);
            if (place.Problem is { } misplaced && ((files[i].Class is null && !task.HasAnnotations()) || files[i].Split is null))
                errors.Add($"files[{i}].path", misplaced);
            if (size < 1)
                errors.Add($"files[{i}].size", "The file is empty.");
            if (size > limits.MaxImageBytes)
                errors.Add($"files[{i}].size", $"An image may have at most {limits.MaxImageBytes} bytes.");
            if (contentType is null || !ContentTypes.Contains(contentType))
                errors.Add($"files[{i}].contentType", $"Must be one of {string.Join(", ", ContentTypes)}; it is taken from the extension when absent.");
            if (files[i].Class is not null && task.HasAnnotations())
                errors.Add($"files[{i}].class", "Images of this dataset have annotations, not a class.");
            var name = task.HasAnnotations() ? null : files[i].Class is { } given ? CaseFold.Composed(given) : place.Class;
            if (name is not null && ClassName.Problem(name) is { } problem)
                errors.Add($"files[{i}].class", problem);
            announced[i] = new AnnouncedFile(path, size, contentType ?? "", name, files[i].Split ?? place.Split);
        }
        errors.ThrowIfAny();
        return announced;
    }

    private static void CheckPaths(string[] paths)
    {
        const int Reported = 50;
        var problems = paths.Select((path, i) => (Field: $"files[{i}].path", Problem: ImagePath.Problem(path)))
            .Where(found => found.Problem is not null).Take(Reported).ToDictionary(found => found.Field, found => new[] { found.Problem! });
        if (problems.Count > 0)
            throw new ProblemException(ErrorCodes.InvalidPath, problems.Values.First()[0], problems);
        problems = ImagePath.Repeated(paths).Take(Reported).ToDictionary(i => $"files[{i}].path", i => new[] { $"'{paths[i]}' is named twice (upper and lower case are the same)." });
        foreach (var i in ImagePath.InTheWay(paths).Take(Reported - problems.Count))
            problems.TryAdd($"files[{i}].path", [$"'{paths[i]}' needs a folder where another file of the request is."]);
        if (problems.Count > 0)
            throw new ProblemException(ErrorCodes.ValidationFailed, problems.Values.First()[0], problems);
    }

    private static string? ContentTypeOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".jpg" or ".jpeg" or ".jpe" => "image/jpeg",
        ".png" => "image/png",
        ".gif" => "image/gif",
        ".bmp" => "image/bmp",
        ".webp" => "image/webp",
        ".tif" or ".tiff" => "image/tiff",
        _ => null,
    };
}
