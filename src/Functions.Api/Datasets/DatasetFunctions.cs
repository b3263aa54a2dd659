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
using VisionPlatform.Orchestrations;

namespace VisionPlatform.Api.Datasets;

/// <summary>Datasets themselves: create, list, read, delete.</summary>
public sealed class DatasetFunctions(DatasetLifecycle datasets, PlatformDatabase database, ProjectAccess access)
{
    private const string Route = "api/v1/datasets";
    private const string RouteOfOne = Route + "/{id:guid}";
    private const string NewDatasetExample = $$"""{"projectId":"{{Examples.Project}}","name":"Plates of March","taskType":"image_classification"}""";

    [Function("CreateDataset"), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Create a dataset", Tag = "Datasets", Body = typeof(NewDataset), Example = NewDatasetExample, Returns = typeof(DatasetAnswer), Status = 201, Problems = ["NOT_FOUND", "DUPLICATE_NAME", "QUOTA_EXCEEDED"],
        Description = "The new dataset has no images.")]
    public async Task<IResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var wanted = await request.ReadJsonAsync<NewDataset>(cancellation);
        var split = CheckSplit(wanted.Split);
        if (wanted.TaskType != TaskType.ImageClassification)
            throw new ProblemException(ErrorCodes.ValidationFailed, "Only image_classification can be uploaded with its labels so far.", "taskType");
        await access.RequireAsync(user, wanted.ProjectId!.Value, Permission.DatasetsWrite, cancellation);
        var draft = new DatasetDraft(wanted.ProjectId.Value, wanted.Name!, wanted.Description, wanted.TaskType.Value, split);
        var once = request.Once<Dataset>(dataset => Answer.Created($"/{Route}/{dataset.Id}", AnswerOf(dataset, []), dataset.Version));
        return (await datasets.CreateAsync(user.Id, user.Role, draft, once, cancellation)).ToResult();
    }

    [Function("ListDatasets"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List datasets of a project", Tag = "Datasets", Returns = typeof(Page<DatasetAnswer>),
        Description = "Newest first.")]
    [Query<Guid>("projectId", "Project whose datasets are listed.", Required = true, Example = Examples.Project)]
    public async Task<IResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var project = request.RequiredQueryId("projectId");
        await access.RequireAsync(request.CurrentUser(), project, Permission.DatasetsRead, cancellation);
        var page = await database.Datasets.AsNoTracking().Where(dataset => dataset.ProjectId == project && dataset.DeletedAt == null)
            .NewestFirstAsync(request, dataset => dataset, cancellation);
        var contents = await ContentsAsync([.. page.Items.Select(dataset => dataset.Id)], cancellation);
        return Answer.Ok(new Page<DatasetAnswer>([.. page.Items.Select(dataset => AnswerOf(dataset, contents[dataset.Id]))], page.NextCursor));
    }

    [Function("GetDataset"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("Get a dataset", Tag = "Datasets", Returns = typeof(DatasetAnswer),
        Description = "A dataset with its classes.")]
    public async Task<IResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var dataset = await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return Answer.Ok(AnswerOf(dataset, (await ContentsAsync([id], cancellation))[id]), dataset.Version, showsMore: true);
    }

    [Function("DeleteDataset"), RequiresPermission(Permission.DatasetsDelete)]
    [Operation("Delete a dataset", Tag = "Datasets", Status = 204,
        Description = "Its images are removed in the background and count in quotas until they are gone. Versions that a running job or a model needs are kept for those. Uploads, shares and invitations end.")]
    public async Task<IResult> Delete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsDelete, cancellation);
        await datasets.DeleteAsync(id, dataset => request.RequireMatch(dataset.Version), cancellation);
        await durable.ScheduleAgainAsync(DatasetWork.Empty.Orchestrator, id, DatasetWork.Empty.InstanceId(id), cancellation);
        return Answer.NoContent();
    }

    private sealed record Content(Guid DatasetId, string? Class, int Images, long Bytes);

    private async Task<ILookup<Guid, Content>> ContentsAsync(Guid[] ids, CancellationToken cancellation) =>
        (await database.DatasetImages.Where(image => ids.Contains(image.DatasetId)).GroupBy(image => new { image.DatasetId, image.Class })
            .Select(group => new Content(group.Key.DatasetId, group.Key.Class, group.Count(), group.Sum(image => image.Size))).ToListAsync(cancellation))
        .ToLookup(content => content.DatasetId);

    private static DatasetAnswer AnswerOf(Dataset dataset, IEnumerable<Content> contents)
    {
        var all = contents.ToArray();
        return new DatasetAnswer(
            dataset.Id, dataset.ProjectId, dataset.Name, dataset.Description, dataset.TaskType, dataset.Split, all.Sum(content => content.Images), all.Sum(content => content.Bytes),
            [.. all.Where(content => content.Class is not null).OrderBy(content => content.Class, StringComparer.Ordinal).Select(content => new ClassCount(content.Class!, content.Images))],
            dataset.CreatedAt);
    }

    private static SplitSettings CheckSplit(NewSplit? split)
    {
        if (split is null)
            return SplitSettings.Default;
        if (SplitRules.Problem(split.Ratios) is { } problem)
            throw new ProblemException(ErrorCodes.ValidationFailed, problem, "split.ratios");
        return new SplitSettings(split.Ratios!, split.Stratified ?? false);
    }
}
