using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Administration;

/// <summary>All projects, for administrators. To read, change or delete one, administrators use its own address, where they act as owner.</summary>
public sealed class ProjectAdministration(PlatformDatabase database, UserDatabase users, ProjectAccess access, ProjectOwnership ownership)
{
    private static readonly Sorting<Project> Orders = new Sorting<Project>().By("name", project => project.Name).By("updatedAt", project => project.UpdatedAt);

    [Function("ListAllProjects"), RequiresPermission(Permission.ProjectsAdminister)]
    [Operation("List all projects", Tag = "Administration", Returns = typeof(Page<ProjectAnswer>), Sort = ["name", "updatedAt"],
        Description = "Projects of all people, newest first by default.")]
    [Query<string>("name", "Only projects whose name contains this text, regardless of case.", MaximumLength = ProjectLimits.Name, Example = "steel")]
    [Query<Guid>("ownerId", "Only projects of this owner.", Example = Examples.User)]
    [Query<Guid>("organizationId", "Only projects whose owner belongs to this organization.", Example = Examples.Organization)]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/admin/projects")] HttpRequest request, CancellationToken cancellation)
    {
        var projects = database.Projects.AsNoTracking().Where(project => project.DeletedAt == null);
        if (request.QueryText("name") is { } name)
            projects = projects.Where(project => EF.Functions.ILike(project.Name, LikePattern.Containing(name), LikePattern.Escape));
        if (request.QueryId("ownerId") is { } owner)
            projects = projects.Where(project => project.OwnerId == owner);
        if (request.QueryId("organizationId") is { } organization)
        {
            var people = await users.Users.Where(user => user.OrganizationId == organization).Select(user => user.Id).ToListAsync(cancellation);
            projects = projects.Where(project => people.Contains(project.OwnerId));
        }
        return Answer.Ok(await projects.PageAsync(request, Orders, ProjectAnswer.Of, cancellation));
    }

    [Function("ChangeProjectOwner"), RequiresPermission(Permission.ProjectsAdminister)]
    [Operation("Change the owner of a project", Tag = "Administration", Body = typeof(NewOwner),
        Example = $$"""{"userId":"{{Examples.User}}"}""", Returns = typeof(ProjectAnswer), Problems = ["QUOTA_EXCEEDED", "DUPLICATE_NAME", "CHANGED_MEANWHILE"],
        Unversioned = "The version of the project is at its own address.",
        Description = "Makes any account the owner. The previous owner stays in the project as an admin.")]
    public async Task<IResult> ChangeOwner([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/v1/admin/projects/{id:guid}/owner")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.ProjectsRead, cancellation);
        var body = await request.ReadJsonAsync<NewOwner>(cancellation);
        var given = await ownership.TransferAsync(id, project.OwnerId, body.UserId, mustBeMember: false, cancellation);
        return Answer.Ok(ProjectAnswer.Of(given), given.Version);
    }
}
