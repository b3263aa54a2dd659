using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
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
        var (split, task) = (CheckSplit(wanted.Split), wanted.TaskType!.Value);
        var (classes, keypoints) = (CheckClasses(wanted.Classes, task), CheckKeypoints(wanted.Keypoints, task));
        await access.RequireAsync(user, wanted.ProjectId!.Value, Permission.DatasetsWrite, cancellation);
        var draft = new DatasetDraft(wanted.ProjectId.Value, wanted.Name!, wanted.Description, task, split, classes, keypoints);
        var once = request.Once<Dataset>(dataset => Answer.Created($"/{Route}/{dataset.Id}", AnswerOf(dataset, [], []), dataset.Version));
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
        Guid[] ids = [.. page.Items.Select(dataset => dataset.Id)];
        var contents = await ContentsAsync(ids, cancellation);
        var objects = await ObjectsAsync([.. page.Items.Where(dataset => dataset.TaskType.HasAnnotations()).Select(dataset => dataset.Id)], cancellation);
        return Answer.Ok(new Page<DatasetAnswer>([.. page.Items.Select(dataset => AnswerOf(dataset, contents[dataset.Id], objects[dataset.Id]))], page.NextCursor));
    }

    [Function("GetDataset"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("Get a dataset", Tag = "Datasets", Returns = typeof(DatasetAnswer),
        Description = "A dataset with its classes.")]
    public async Task<IResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var dataset = await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return Answer.Ok(await AnswerOfAsync(dataset, cancellation), dataset.Version, showsMore: true);
    }

    [Function("AddDatasetClasses"), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Add classes to a dataset", Tag = "Datasets", Body = typeof(NewClasses), Example = """{"names":["scratch","dent"]}""", Returns = typeof(DatasetAnswer),
        NotIdempotent = "A class that the dataset has already is not added again.", Problems = ["DATASET_HAS_NO_ANNOTATIONS"],
        Description = "Adds classes of annotations after those that the dataset has. Versions that were published before keep theirs.")]
    public async Task<IResult> AddClasses(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/classes")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsWrite, cancellation);
        var wanted = await request.ReadJsonAsync<NewClasses>(cancellation);
        var dataset = await datasets.AddClassesAsync(id, wanted.Names!, cancellation);
        return Answer.Ok(await AnswerOfAsync(dataset, cancellation));
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

    /// <param name="Class">Null for the images with annotations as a whole.</param>
    private sealed record ObjectsOfClass(Guid Dataset, string? Class, int Images, int Objects);

    private async Task<ILookup<Guid, ObjectsOfClass>> ObjectsAsync(Guid[] annotated, CancellationToken cancellation) => annotated.Length == 0
        ? Enumerable.Empty<ObjectsOfClass>().ToLookup(row => row.Dataset)
        : (await database.Database.SqlQuery<ObjectsOfClass>(
            $"""
            SELECT dataset_id AS dataset, u.class, count(*)::int AS images, sum(u.objects)::int AS objects
            FROM image_annotations CROSS JOIN LATERAL (
                SELECT * FROM unnest(class_names, class_objects) AS found(class, objects) UNION ALL SELECT NULL, 0) AS u
            WHERE dataset_id = ANY({annotated}) GROUP BY dataset_id, u.class
            """).ToListAsync(cancellation)).ToLookup(row => row.Dataset);

    private async Task<DatasetAnswer> AnswerOfAsync(Dataset dataset, CancellationToken cancellation) => AnswerOf(
        dataset, (await ContentsAsync([dataset.Id], cancellation))[dataset.Id], (await ObjectsAsync(dataset.TaskType.HasAnnotations() ? [dataset.Id] : [], cancellation))[dataset.Id]);

    private static DatasetAnswer AnswerOf(Dataset dataset, IEnumerable<Content> contents, IEnumerable<ObjectsOfClass> objects)
    {
        var all = contents.ToArray();
        var byClass = objects.Where(row => row.Class is not null).ToDictionary(row => row.Class!, StringComparer.Ordinal);
        var annotated = dataset.TaskType.HasAnnotations();
        return new DatasetAnswer(
            dataset.Id, dataset.ProjectId, dataset.Name, dataset.Description, dataset.TaskType, dataset.Split, all.Sum(content => content.Images), all.Sum(content => content.Bytes),
            annotated
                ? [.. dataset.Classes.Select(name => new ClassCount(name, byClass.GetValueOrDefault(name)?.Images ?? 0, byClass.GetValueOrDefault(name)?.Objects ?? 0, null))]
                : [.. all.Where(content => content.Class is not null).OrderBy(content => content.Class, StringComparer.Ordinal).Select(content => new ClassCount(content.Class!, content.Images, null, null))],
            dataset.Keypoints, annotated ? objects.FirstOrDefault(row => row.Class is null)?.Images ?? 0 : null, dataset.CreatedAt);
    }

    private static string[] CheckClasses(IReadOnlyList<string>? classes, TaskType task)
    {
        if (classes is not { Count: > 0 })
            return [];
        if (!task.HasAnnotations())
            throw new ProblemException(ErrorCodes.ValidationFailed, "The classes of a classification are those of its images. Leave them out.", "classes");
        if (ClassList.Problem(classes, task) is var (field, problem))
            throw new ProblemException(ErrorCodes.ValidationFailed, problem, "classes" + field);
        return [.. classes.Select(CaseFold.Composed)];
    }

    private static KeypointList? CheckKeypoints(NewKeypoints? keypoints, TaskType task)
    {
        if (task != TaskType.KeypointDetection)
            return keypoints is null ? null : throw new ProblemException(ErrorCodes.ValidationFailed, "Only keypoint_detection has keypoints. Leave them out.", "keypoints");
        if (keypoints is null)
            throw new ProblemException(ErrorCodes.ValidationFailed, "Name the keypoints of each object.", "keypoints");
        var list = KeypointList.Of(keypoints.Names!, keypoints.Skeleton, keypoints.Flip);
        return list.Problem() is var (field, problem) ? throw new ProblemException(ErrorCodes.ValidationFailed, problem, $"keypoints.{field}") : list;
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
