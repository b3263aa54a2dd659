using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Datasets;

/// <summary>People with whom one dataset is shared; they come by invitation.</summary>
public sealed class DatasetMemberFunctions(DatasetSharing sharing, PlatformDatabase database, UserDatabase users, ProjectAccess access)
{
    private const string Route = "api/v1/datasets/{id:guid}/members";
    private const string RouteOfOne = Route + "/{userId:guid}";

    private sealed record Row
    {
        public required Guid Id { get; init; }
        public required string Email { get; init; }
        public string? FullName { get; init; }
        public required DatasetRole Role { get; init; }
        public required DateTimeOffset JoinedAt { get; init; }

        public DatasetMemberAnswer Answer() => new(Id, Email, FullName, Role, JoinedAt);
    }

    [Function("ListDatasetMembers"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List people a dataset is shared with", Tag = "Datasets", Returns = typeof(Page<DatasetMemberAnswer>),
        Description = "People who were invited to the dataset itself, newest first. Members of its project are not listed.")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return Answer.Ok(await Rows(id).NewestFirstAsync(request, row => row.Answer(), cancellation));
    }

    [Function("UpdateDatasetMember"), RequiresPermission(Permission.DatasetsShare)]
    [Operation("Change the role of a person in a dataset", Tag = "Datasets", Body = typeof(DatasetMemberRole), Example = """{"role":"reviewer"}""", Returns = typeof(DatasetMemberAnswer),
        Unversioned = "A membership has one field that changes; whoever writes last decides.")]
    public async Task<IResult> Update([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = RouteOfOne)] HttpRequest request, Guid id, Guid userId, CancellationToken cancellation)
    {
        var dataset = await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsShare, cancellation);
        var body = await request.ReadJsonAsync<DatasetMemberRole>(cancellation);
        if (!RoleRules.DatasetRoles.Contains(body.Role))
            throw new ProblemException(ErrorCodes.ValidationFailed, $"Must be one of {string.Join(", ", RoleRules.DatasetRoles.Select(role => role.AsText()))}.", "role");
        await sharing.ChangeRoleAsync(dataset, userId, body.Role, cancellation);
        return Answer.Ok((await Rows(id).SingleAsync(row => row.Id == userId, cancellation)).Answer());
    }

    [Function("RemoveDatasetMember"), RequiresPermission(Permission.DatasetsShare)]
    [Operation("Stop sharing a dataset with a person", Tag = "Datasets", Status = 204)]
    public async Task<IResult> Remove([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, Guid userId, CancellationToken cancellation)
    {
        var dataset = await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsShare, cancellation);
        await sharing.EndAsync(dataset, userId, cancellation);
        return Answer.NoContent();
    }

    [Function("ListSharedDatasets"), RequiresPermission(Permission.DatasetsRead, Anywhere = true)]
    [Operation("List datasets shared with the caller", Tag = "Datasets", Returns = typeof(Page<SharedDatasetAnswer>),
        Description = "Datasets to which the caller was invited, newest first.")]
    public async Task<IResult> Shared([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets/shared")] HttpRequest request, CancellationToken cancellation)
    {
        var caller = request.CurrentUser().Id;
        var roles = await users.DatasetMembers.Where(member => member.UserId == caller).ToDictionaryAsync(member => member.DatasetId, member => member.Role, cancellation);
        var ids = roles.Keys.ToArray();
        return Answer.Ok(await database.Datasets.AsNoTracking()
            .Where(dataset => ids.Contains(dataset.Id) && dataset.DeletedAt == null && database.Projects.Any(project => project.Id == dataset.ProjectId && project.DeletedAt == null))
            .NewestFirstAsync(request, dataset => new SharedDatasetAnswer(dataset.Id, dataset.Name, dataset.Description, dataset.TaskType, roles[dataset.Id]), cancellation));
    }

    private IQueryable<Row> Rows(Guid datasetId) => users.DatasetMembers.AsNoTracking().Where(member => member.DatasetId == datasetId)
        .Join(users.Users, member => member.UserId, user => user.Id, (member, user) => new Row { Id = user.Id, Email = user.Email, FullName = user.FullName, Role = member.Role, JoinedAt = member.CreatedAt });
}
