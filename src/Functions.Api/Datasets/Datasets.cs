using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Datasets;

/// <summary>Datasets themselves: make, list, read, delete.</summary>
public sealed class Datasets(PlatformDatabase database, ProjectAccess access, Quotas quotas, TimeProvider time)
{
    private const string NewDatasetExample = $$"""{"projectId":"{{Examples.Project}}","name":"Plates of March","taskType":"image_classification"}""";

    [Function(nameof(CreateDataset)), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Create a dataset", Tag = "Datasets", Body = typeof(NewDataset), Example = NewDatasetExample, Returns = typeof(DatasetAnswer), Status = 201, Problems = ["NOT_FOUND", "DUPLICATE_NAME", "QUOTA_EXCEEDED"],
        Description = "The new dataset has no images.")]
    public async Task<IResult> CreateDataset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/datasets")] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var wanted = await request.ReadJsonAsync<NewDataset>(cancellation);
        var split = CheckSplit(wanted.Split);
        if (wanted.TaskType != TaskType.ImageClassification)
            throw new ProblemException(ErrorCodes.ValidationFailed, "Only image_classification can be uploaded with its labels so far.", "taskType");
        await access.RequireAsync(user, wanted.ProjectId!.Value, Permission.DatasetsWrite, cancellation);
        await using var creation = await request.BeginCreationAsync(database, time, cancellation);
        if (creation.Earlier is { } earlier)
            return earlier;
        await quotas.RequireRoomForDatasetAsync(user.Id, user.Role, cancellation);
        var now = time.GetUtcNow();
        var dataset = new Dataset
        {
            ProjectId = wanted.ProjectId.Value, Name = wanted.Name!.Trim(), Description = wanted.Description, TaskType = wanted.TaskType.Value, Split = split,
            CreatedBy = user.Id, CreatedAt = now, UpdatedAt = now,
        };
        database.Datasets.Add(dataset);
        try
        {
            await database.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException taken) when (taken.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.DuplicateName, $"The project has a dataset called '{dataset.Name}' already.", "name");
        }
        return await creation.CommitAsync(Answer.Created($"/api/v1/datasets/{dataset.Id}", AnswerOf(dataset, []), dataset.Version), cancellation);
    }

    [Function(nameof(ListDatasets)), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List datasets of a project", Tag = "Datasets", Returns = typeof(Page<DatasetAnswer>),
        Description = "Newest first.")]
    [Query<Guid>("projectId", "Project whose datasets are listed.", Required = true, Example = Examples.Project)]
    public async Task<IResult> ListDatasets(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/datasets")] HttpRequest request, CancellationToken cancellation)
    {
        var project = request.RequiredQueryId("projectId");
        await access.RequireAsync(request.CurrentUser(), project, Permission.DatasetsRead, cancellation);
        var page = await database.Datasets.AsNoTracking().Where(dataset => dataset.ProjectId == project && dataset.DeletedAt == null)
            .NewestFirstAsync(request, dataset => dataset, cancellation);
        var contents = await ContentsAsync([.. page.Items.Select(dataset => dataset.Id)], cancellation);
        return Answer.Ok(new Page<DatasetAnswer>([.. page.Items.Select(dataset => AnswerOf(dataset, contents[dataset.Id]))], page.NextCursor));
    }

    [Function(nameof(GetDataset)), RequiresPermission(Permission.DatasetsRead)]
    [Operation("Get a dataset", Tag = "Datasets", Returns = typeof(DatasetAnswer),
        Description = "A dataset with its classes.")]
    public async Task<IResult> GetDataset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/datasets/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var dataset = await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return Answer.Ok(AnswerOf(dataset, (await ContentsAsync([id], cancellation))[id]), dataset.Version, showsMore: true);
    }

    [Function(nameof(DeleteDataset)), RequiresPermission(Permission.DatasetsDelete)]
    [Operation("Delete a dataset", Tag = "Datasets", Status = 204,
        Description = "Versions that training jobs use stay readable for those jobs.")]
    public async Task<IResult> DeleteDataset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/datasets/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var dataset = await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsDelete, cancellation);
        request.RequireMatch(dataset.Version);
        var now = time.GetUtcNow();
        await database.Datasets.Where(dataset => dataset.Id == id && dataset.DeletedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.DeletedAt, now).SetProperty(dataset => dataset.UpdatedAt, now), cancellation);
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
