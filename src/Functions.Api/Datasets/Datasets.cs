using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Projects;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Organizations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Datasets;

/// <summary>Datasets themselves: make, list, read, delete.</summary>
public sealed class Datasets(PlatformDatabase database, ProjectAccess access, Quotas quotas, TimeProvider time)
{
    [Function(nameof(CreateDataset)), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Make an empty dataset", Tag = "Datasets", Body = typeof(NewDataset), Returns = typeof(DatasetAnswer), Status = 201, Problems = ["DUPLICATE_NAME", "QUOTA_EXCEEDED"])]
    public async Task<IActionResult> CreateDataset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/datasets")] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var wanted = await request.ReadJsonAsync<NewDataset>(cancellation);
        var split = CheckSplit(wanted.Split);
        if (wanted.TaskType != TaskType.ImageClassification)
            throw new ProblemException(ErrorCodes.ValidationFailed, "Only image_classification can be uploaded with its labels so far.", "taskType");
        await access.RequireAsync(user, wanted.ProjectId!.Value, Permission.DatasetsWrite, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
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
            await transaction.CommitAsync(cancellation);
        }
        catch (DbUpdateException taken) when (taken.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.DuplicateName, $"The project has a dataset called '{dataset.Name}' already.", "name");
        }
        return new CreatedResult($"/api/v1/datasets/{dataset.Id}", Answer(dataset, []));
    }

    [Function(nameof(ListDatasets)), RequiresPermission(Permission.DatasetsRead)]
    [Operation("Datasets of a project, newest first", Tag = "Datasets", Returns = typeof(Page<DatasetAnswer>))]
    [Query<Guid>("projectId", "The project whose they are.", Required = true, Example = Examples.Project)]
    public async Task<IActionResult> ListDatasets(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/datasets")] HttpRequest request, CancellationToken cancellation)
    {
        var project = request.RequiredQueryId("projectId");
        await access.RequireAsync(request.CurrentUser(), project, Permission.DatasetsRead, cancellation);
        var page = await database.Datasets.AsNoTracking().Where(dataset => dataset.ProjectId == project && dataset.DeletedAt == null)
            .NewestFirstAsync(request, dataset => dataset, cancellation);
        var contents = await ContentsAsync([.. page.Items.Select(dataset => dataset.Id)], cancellation);
        return new OkObjectResult(new Page<DatasetAnswer>([.. page.Items.Select(dataset => Answer(dataset, contents[dataset.Id]))], page.NextCursor));
    }

    [Function(nameof(GetDataset)), RequiresPermission(Permission.DatasetsRead)]
    [Operation("A dataset with its classes", Tag = "Datasets", Returns = typeof(DatasetAnswer))]
    public async Task<IActionResult> GetDataset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/datasets/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var dataset = await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return new OkObjectResult(Answer(dataset, (await ContentsAsync([id], cancellation))[id]));
    }

    [Function(nameof(DeleteDataset)), RequiresPermission(Permission.DatasetsDelete)]
    [Operation("Delete a dataset; versions that jobs use stay readable for them", Tag = "Datasets", Status = 204)]
    public async Task<IActionResult> DeleteDataset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/datasets/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsDelete, cancellation);
        var now = time.GetUtcNow();
        await database.Datasets.Where(dataset => dataset.Id == id && dataset.DeletedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.DeletedAt, now).SetProperty(dataset => dataset.UpdatedAt, now), cancellation);
        return new NoContentResult();
    }

    private sealed record Content(Guid DatasetId, string? Class, int Images, long Bytes);

    private async Task<ILookup<Guid, Content>> ContentsAsync(Guid[] ids, CancellationToken cancellation) =>
        (await database.DatasetImages.Where(image => ids.Contains(image.DatasetId)).GroupBy(image => new { image.DatasetId, image.Class })
            .Select(group => new Content(group.Key.DatasetId, group.Key.Class, group.Count(), group.Sum(image => image.Size))).ToListAsync(cancellation))
        .ToLookup(content => content.DatasetId);

    private static DatasetAnswer Answer(Dataset dataset, IEnumerable<Content> contents)
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
