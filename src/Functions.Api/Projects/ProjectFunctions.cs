using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Projects;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Orchestrations;

namespace VisionPlatform.Api.Projects;

/// <summary>Creating, reading, changing and deleting projects.</summary>
public sealed class ProjectFunctions(ProjectLifecycle projects, NewestProjects newest, ProjectAccess access)
{
    private const string Route = "api/v1/projects";
    private const string RouteOfOne = Route + "/{id:guid}";
    private const string Example = """{"name":"Steel plates","description":"Scratches and dents on rolled steel"}""";

    private static readonly Sorting<Project> Orders = new Sorting<Project>().By("name", project => project.Name).By("updatedAt", project => project.UpdatedAt);

    [Function("CreateProject"), RequiresPermission(Permission.ProjectsCreate)]
    [Operation("Create a project", Body = typeof(ProjectRequest), Example = Example, Returns = typeof(ProjectAnswer), Status = 201, Problems = ["DUPLICATE_NAME", "QUOTA_EXCEEDED"],
        Description = "The caller becomes its owner.")]
    public async Task<IResult> Create([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ProjectRequest>(cancellation);
        var user = request.CurrentUser();
        var once = request.Once<Project>(project => Answer.Created($"/{Route}/{project.Id}", ProjectAnswer.Of(project), project.Version));
        return (await projects.CreateAsync(user.Id, user.Role, new ProjectText(body.Name, body.Description), once, cancellation)).ToResult();
    }

    [Function("ListProjects"), RequiresPermission(Permission.ProjectsRead, Anywhere = true)]
    [Operation("List projects", Returns = typeof(Page<ProjectAnswer>), Sort = ["name", "updatedAt"],
        Description = "Projects that the caller owns or is a member of, newest first by default. System administrators see all projects.")]
    [Query<string>("name", "Only projects whose name contains this text, regardless of case.", MaximumLength = ProjectLimits.Name, Example = "steel")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        if (user.Role != SystemRole.Admin && request.QueryText("name") is null && request.QueryText("sort") is null)
            return Answer.Ok(await newest.ReadAsync(user.Id, PageRequest.Read(request), cancellation));
        var visible = await access.VisibleAsync(user, cancellation);
        if (request.QueryText("name") is { } name)
            visible = visible.Where(project => EF.Functions.ILike(project.Name, LikePattern.Containing(name), LikePattern.Escape));
        return Answer.Ok(await visible.PageAsync(request, Orders, ProjectAnswer.Of, cancellation));
    }

    [Function("GetProject"), RequiresPermission(Permission.ProjectsRead)]
    [Operation("Get a project", Returns = typeof(ProjectAnswer))]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.ProjectsRead, cancellation);
        return Answer.Ok(ProjectAnswer.Of(project), project.Version);
    }

    [Function("UpdateProject"), RequiresPermission(Permission.ProjectsWrite)]
    [Operation("Update a project", Body = typeof(ProjectRequest), Example = Example, Returns = typeof(ProjectAnswer), Problems = ["DUPLICATE_NAME"],
        Description = "Replaces name and description.")]
    public async Task<IResult> Update([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.ProjectsWrite, cancellation);
        request.RequireMatch(project.Version);
        var body = await request.ReadJsonAsync<ProjectRequest>(cancellation);
        await projects.UpdateAsync(project, new ProjectText(body.Name, body.Description), cancellation);
        return Answer.Ok(ProjectAnswer.Of(project), project.Version);
    }

    [Function("DeleteProject"), RequiresPermission(Permission.ProjectsDelete)]
    [Operation("Delete a project", Status = 204, Problems = ["INVALID_STATE"],
        Description = "Refused while the project has running jobs or active deployments: cancel or deactivate them first. Exports that are under way, pending jobs, uploads, memberships and invitations end.")]
    public async Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        await access.RequireAsync(request.CurrentUser(), id, Permission.ProjectsDelete, cancellation);
        foreach (var export in await projects.DeleteAsync(id, project => request.RequireMatch(project.Version), cancellation))
            await durable.WakeAsync(export, "cancel", cancellation);
        return Answer.NoContent();
    }
}
