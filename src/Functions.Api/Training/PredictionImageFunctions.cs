using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Datasets;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Training;

/// <summary>The images of predictions, alone and of two side by side.</summary>
public sealed class PredictionImageFunctions(PlatformDatabase database, PredictionComparison comparison, PredictedPictures pictures, ProjectAccess access)
{
    private const string RouteOfOne = "api/v1/training/predictions/{id:guid}";

    [Function("ListPredictedImages"), RequiresPermission(Permission.TrainingRead)]
    [Operation("List images of a prediction", FixedOrder = true, Returns = typeof(Page<PredictedImageAnswer>), Problems = ["INVALID_STATE"],
        Description = "In the order of their paths. A classification is right when the class is that of the image. Objects are right when each of them is found with its class at IoU 0.5 (OKS for keypoints) and nothing else is; areas when each class of the image has IoU 0.5 and no other class has 1 % of the image.")]
    [Query<ImageOutcome>("outcome", "Only images that came out like this.", Example = "wrong")]
    [Query<string>("class", "Only images that have or were given this class, or an object of it.", MaximumLength = 200, Example = "dent")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/images")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var prediction = await RequireListedAsync(request, id, cancellation);
        var page = PageRequest.Read(request);
        var rows = await Filtered(id, request.QueryOneOf<ImageOutcome>("outcome"), request.QueryText("class"), page.After<string>()).Take(page.Limit + 1).Select(image => new PredictedImage
        {
            PredictionId = id, Path = image.Path, Outcome = image.Outcome, TrueClass = image.TrueClass, Class = image.Class, Confidence = image.Confidence, TrueObjects = image.TrueObjects,
            FoundObjects = image.FoundObjects, Missed = image.Missed, Spurious = image.Spurious, Answer = "",
        }).ToListAsync(cancellation);
        var shown = await pictures.ReadAsync(prediction.DatasetVersionId, [.. rows.Select(row => row.Path)], cancellation);
        return Answer.Ok(Page.Of(rows, page, row => row.Path, row => new PredictedImageAnswer(row.Path, ImageResult.Of(row), shown.GetValueOrDefault(row.Path))));
    }

    [Function("GetPredictedImage"), RequiresPermission(Permission.TrainingRead)]
    [Operation("Get an image of a prediction", Returns = typeof(PredictedImageDetail), Problems = ["INVALID_STATE"], Description = "What the dataset version has in the image, and what the model answered.")]
    [Query<string>("path", "Path of the image within the dataset.", Required = true, Example = "scratch/img_0001.png")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/image")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var prediction = await RequireListedAsync(request, id, cancellation);
        var path = request.QueryText("path")!;
        var image = await database.PredictedImages.AsNoTracking().SingleOrDefaultAsync(row => row.PredictionId == id && row.Path == path, cancellation) ?? throw ProblemException.NoSuch("image", "path");
        var truth = await database.VersionAnnotations.Where(row => row.VersionId == prediction.DatasetVersionId && row.Path == path).Select(row => row.Content).SingleOrDefaultAsync(cancellation);
        var shown = await pictures.ReadAsync(prediction.DatasetVersionId, [path], cancellation);
        return Answer.Ok(new PredictedImageDetail(
            path, ImageResult.Of(image), shown.GetValueOrDefault(path), truth is null ? [] : [.. AnnotationText.Read(truth).Select(AnnotationAnswer.From)],
            JsonSerializer.Deserialize<PredictedAnswer>(image.Answer, ApiJson.Options)!));
    }

    [Function("ComparePredictions"), RequiresPermission(Permission.TrainingRead)]
    [Operation("Compare two predictions", Returns = typeof(PredictionComparisonAnswer), Problems = ["NOT_FOUND", "NOT_COMPARABLE"],
        Description = "Counts the images that both, only one or neither of two measured predictions of one dataset version answered rightly.")]
    [Query<Guid>("with", "The second prediction.", Required = true, Example = Examples.OtherPrediction)]
    public async Task<IResult> Compare([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/comparison")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var (first, second) = await RequireBothAsync(request, id, cancellation);
        return Answer.Ok(new PredictionComparisonAnswer(first.Id, second.Id, await comparison.CountAsync(first, second, cancellation)));
    }

    [Function("ListComparedImages"), RequiresPermission(Permission.TrainingRead)]
    [Operation("List images of two predictions", FixedOrder = true, Returns = typeof(Page<ComparedImageAnswer>), Problems = ["NOT_FOUND", "NOT_COMPARABLE"], Description = "The images that both have, in the order of their paths.")]
    [Query<Guid>("with", "The second prediction.", Required = true, Example = Examples.OtherPrediction)]
    [Query<ImageAgreement>("agreement", "Only images that these of the two answered rightly.", Example = "only_first")]
    public async Task<IResult> ListCompared([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/comparison/images")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var (first, second) = await RequireBothAsync(request, id, cancellation);
        var page = PageRequest.Read(request);
        var rows = await comparison.ListAsync(first.Id, second.Id, request.QueryOneOf<ImageAgreement>("agreement"), page.After<string>(), page.Limit + 1, cancellation);
        var shown = await pictures.ReadAsync(first.DatasetVersionId, [.. rows.Select(row => row.First.Path)], cancellation);
        return Answer.Ok(Page.Of(
            rows, page, row => row.First.Path, row => new ComparedImageAnswer(row.First.Path, ImageResult.Of(row.First), ImageResult.Of(row.Second), shown.GetValueOrDefault(row.First.Path))));
    }

    /// <summary>Images in the order of an index that begins with what is filtered.</summary>
    private IQueryable<PredictedImage> Filtered(Guid id, ImageOutcome? outcome, string? name, string? after)
    {
        var images = database.PredictedImages.AsNoTracking().Where(image => image.PredictionId == id);
        if (name is null)
        {
            images = outcome is { } wanted ? images.Where(image => image.Outcome == wanted) : images;
            images = after is null ? images : images.Where(image => string.Compare(image.Path, after) > 0);
            return images.OrderBy(image => image.Path);
        }
        var classes = database.PredictedImageClasses.AsNoTracking().Where(row => row.PredictionId == id && row.Class == name);
        classes = outcome is { } of ? classes.Where(row => row.Outcome == of) : classes;
        classes = after is null ? classes : classes.Where(row => string.Compare(row.Path, after) > 0);
        return from row in classes join image in images on row.Path equals image.Path orderby row.Path select image;
    }

    private async Task<BatchPrediction> RequireListedAsync(HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var prediction = await access.RequirePredictionAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        return prediction switch
        {
            { State: not PredictionState.Completed } => throw new ProblemException(ErrorCodes.InvalidState, "The prediction has no result: it has not completed."),
            { Outcomes: null } => throw new ProblemException(ErrorCodes.InvalidState, "The prediction is from before images were listed. Download its file, or predict again."),
            _ => prediction,
        };
    }

    private async Task<(BatchPrediction First, BatchPrediction Second)> RequireBothAsync(HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var first = await access.RequirePredictionAsync(database, user, id, Permission.TrainingRead, cancellation);
        var second = await access.RequirePredictionAsync(database, user, request.RequiredQueryId("with"), Permission.TrainingRead, cancellation, "with");
        PredictionComparison.RequireComparable(first, second);
        return (first, second);
    }
}
