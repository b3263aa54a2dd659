using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Orchestrations;
using ValidationResult = System.ComponentModel.DataAnnotations.ValidationResult;

namespace VisionPlatform.Api.Training;

/// <summary>A prediction to make over all images of a dataset version.</summary>
/// <param name="ModelVersionId">Model version to predict with; left out for a checkpoint of a job.</param>
/// <param name="JobId">Training job whose checkpoint predicts; left out for a model version.</param>
/// <param name="Checkpoint">The checkpoint of the job.</param>
/// <param name="DatasetVersionId">Dataset version whose images are predicted. It belongs to the same project and task; its classes matter only for <c>measure</c>.</param>
/// <param name="MinConfidence">Objects with less confidence are left out; 0.25 when left out. A classification gives its best classes in any case.</param>
/// <param name="Split">Only images of this split; all when left out.</param>
/// <param name="Measure">Whether to compare the answers with the annotations of the dataset version too, which must have the classes of the model; not when left out.</param>
public sealed record NewPrediction(
    Guid? ModelVersionId, Guid? JobId, CheckpointName? Checkpoint, [property: Required] Guid? DatasetVersionId, [property: Range(0.0, 1.0)] double? MinConfidence, Split? Split, bool? Measure) : IValidatableObject
{
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        (ModelVersionId is not null) == (JobId is not null) || (JobId is not null) != (Checkpoint is not null)
            ? [new ValidationResult("Send modelVersionId, or jobId with checkpoint.", ["modelVersionId"])]
            : [];

    internal PredictionSettings ToSettings() => new(ModelVersionId, JobId, Checkpoint, DatasetVersionId!.Value, MinConfidence, Split, Measure ?? false);
}

/// <summary>What a checkpoint says about every image of a dataset version.</summary>
/// <param name="JobId">Training job that made the checkpoint.</param>
/// <param name="ModelVersionId">Model version that predicts; null for a checkpoint of a job.</param>
/// <param name="CheckpointEpoch">Epoch after which the checkpoint was written.</param>
/// <param name="DatasetVersionId">Dataset version whose images are predicted.</param>
/// <param name="Framework">Trainer that predicts.</param>
/// <param name="Model">Model architecture.</param>
/// <param name="Config">Values for the trainer, by field name.</param>
/// <param name="State">How far the prediction is.</param>
/// <param name="CancelRequested">Whether somebody has cancelled it.</param>
/// <param name="Images">Number of images in the file; null until completed.</param>
/// <param name="Size">Size of the file in bytes; null until completed.</param>
/// <param name="Url">Presigned address of the file, which works for an hour: gzip, a JSON object a line with the <c>path</c> of an image, then <c>class</c>, <c>confidence</c> and <c>top</c> of a classification, or <c>annotations</c> in the form of a dataset's own with a <c>confidence</c>; null until completed.</param>
/// <param name="Measured">How well the answers agree with the annotations; null unless <c>measure</c> was asked for and the prediction is completed.</param>
/// <param name="Outcomes">How many images came out how; null until completed, and of a prediction from before images were listed.</param>
/// <param name="Error">Why it failed; null otherwise.</param>
/// <param name="CreatedBy">Account that asked for it.</param>
/// <param name="CompletedAt">When it ended; null before.</param>
public sealed record BatchPredictionAnswer(
    Guid Id, Guid ProjectId, Guid JobId, Guid? ModelVersionId, int CheckpointEpoch, Guid DatasetVersionId, string Framework, string Model, TaskType TaskType, IReadOnlyDictionary<string, JsonElement> Config,
    PredictionState State, bool CancelRequested, int? Images, long? Size, Uri? Url, CheckpointMeasures? Measured, PredictionOutcomes? Outcomes, FailureAnswer? Error, Guid CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt);

/// <summary>Predictions over dataset versions.</summary>
public sealed class PredictionFunctions(PlatformDatabase database, PredictionLifecycle predictions, ObjectStores stores, ProjectAccess access)
{
    private const string Route = "api/v1/training/predictions";
    private const string RouteOfOne = Route + "/{id:guid}";
    private const string Example = $$"""{"modelVersionId":"{{Examples.ModelVersion}}","datasetVersionId":"{{Examples.DatasetVersion}}"}""";
    private static readonly TimeSpan DownloadLifetime = TimeSpan.FromHours(1);

    [Function("CreatePrediction"), RequiresPermission(Permission.TrainingRun)]
    [Operation("Predict the images of a dataset version", Body = typeof(NewPrediction), Example = Example, Returns = typeof(BatchPredictionAnswer), Status = 202,
        Problems = ["NOT_FOUND", "DATASET_DELETED", "DATASET_VERSION_NOT_READY", "DATASET_VERSION_UNLABELED", "TASK_NOT_SUPPORTED", "QUOTA_EXCEEDED"],
        Description = "A trainer predicts every image with a model version or a checkpoint, in turns with the jobs of other people, and stores the result as a file. With measure it also evaluates the model on the dataset version. It counts as a job in quotas.")]
    public async Task<IResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var body = await request.ReadJsonAsync<NewPrediction>(cancellation);
        var project = body.ModelVersionId is { } version
            ? await database.ModelVersions.Where(row => row.Id == version).Select(row => (Guid?)row.ProjectId).SingleOrDefaultAsync(cancellation)
            : await database.TrainingJobs.Where(row => row.Id == body.JobId).Select(row => (Guid?)row.ProjectId).SingleOrDefaultAsync(cancellation);
        await access.RequireForAsync(user, project, Permission.TrainingRun, body.JobId is null ? "model version" : "job", cancellation, body.JobId is null ? "modelVersionId" : "jobId");
        var once = request.Once<BatchPrediction>(prediction => Answer.Accepted($"/{Route}/{prediction.Id}", Of(prediction)));
        var created = await predictions.CreateAsync(user.Id, project!.Value, body.ToSettings(), once, cancellation);
        if (created.Made is { } made)
            await durable.ScheduleOnceAsync(TrainingWork.Predict, made.Id, cancellation);
        return created.ToResult();
    }

    [Function("ListPredictions"), RequiresPermission(Permission.TrainingRead)]
    [Operation("List predictions of a project", Returns = typeof(Page<BatchPredictionAnswer>), Description = "Newest first.")]
    [Query<Guid>("projectId", "Project whose predictions are listed.", Required = true, Example = Examples.Project)]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var project = request.RequiredQueryId("projectId");
        await access.RequireAsync(request.CurrentUser(), project, Permission.TrainingRead, cancellation);
        return Answer.Ok(await database.Predictions.AsNoTracking().Where(row => row.ProjectId == project).NewestFirstAsync(request, Of, cancellation));
    }

    [Function("GetPrediction"), RequiresPermission(Permission.TrainingRead)]
    [Operation("Get a prediction", Returns = typeof(BatchPredictionAnswer), Description = "A prediction, with the address of its file when it has completed.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation) =>
        Answer.Ok(Of(await access.RequirePredictionAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation)));

    [Function("CancelPrediction"), RequiresPermission(Permission.TrainingRun)]
    [Operation("Cancel a prediction", Returns = typeof(BatchPredictionAnswer), Status = 202, Problems = ["INVALID_STATE"], Description = "It stops a moment after the answer.")]
    public async Task<IResult> Cancel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/cancel")] HttpRequest request, Guid id, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var prediction = await access.RequirePredictionAsync(database, user, id, Permission.TrainingRun, cancellation);
        if (prediction.CreatedBy != user.Id)
            await access.RequireAsync(user, prediction.ProjectId, Permission.TrainingManage, cancellation);
        var cancelled = await predictions.CancelAsync(id, cancellation);
        await durable.WakeAsync(id, "cancel", cancellation);
        return Answer.Accepted($"/{Route}/{id}", Of(cancelled));
    }

    private BatchPredictionAnswer Of(BatchPrediction row)
    {
        var file = row is { State: PredictionState.Completed, Key: { } key } ? new Uri(stores.Internal.PresignGet(key, DownloadLifetime, "predictions.jsonl.gz").Url) : null;
        return new BatchPredictionAnswer(
            row.Id, row.ProjectId, row.JobId, row.ModelVersionId, row.CheckpointEpoch, row.DatasetVersionId, row.Framework, row.Model, row.TaskType, row.Config, row.State, row.CancelRequested, row.Images,
            file is null ? null : row.Size, file, file is null ? null : row.Measured, row.Outcomes, FailureAnswer.Of(row.Error), row.CreatedBy, row.CreatedAt, row.CompletedAt);
    }
}
