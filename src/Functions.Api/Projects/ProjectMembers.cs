using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Projects;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Projects;

/// <summary>The people of a project and their roles.</summary>
public sealed class ProjectMembers(UserDatabase users, ProjectMembership membership, ProjectAccess access)
{
    private const string Route = "api/v1/projects/{id:guid}/members";
    private const string RouteOfOne = Route + "/{userId:guid}";

    private sealed record Row
    {
        public required Guid Id { get; init; }
        public required string Email { get; init; }
        public string? FullName { get; init; }
        public required ProjectRole Role { get; init; }
        public required DateTimeOffset JoinedAt { get; init; }
    }

    private static MemberAnswer MemberAnswerOf(Row row) => new(row.Id, row.Email, row.FullName, row.Role, row.JoinedAt);

    [Function("ListProjectMembers"), RequiresPermission(Permission.ProjectsRead)]
    [Operation("List members of a project", Returns = typeof(Page<MemberAnswer>),
        Description = "The owner first, then the members, newest first.")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.ProjectsRead, cancellation);
        var members = users.ProjectMembers.Where(member => member.ProjectId == id && member.UserId != project.OwnerId)
            .Join(users.Users, member => member.UserId, user => user.Id, (member, user) => new Row { Id = user.Id, Email = user.Email, FullName = user.FullName, Role = member.Role, JoinedAt = member.CreatedAt })
            .AsNoTracking();
        // The owner is in the project's row, not among the members.
        var owner = await users.Users.AsNoTracking().SingleOrDefaultAsync(user => user.Id == project.OwnerId, cancellation);
        return Answer.Ok(owner is null
            ? await members.NewestFirstAsync(request, MemberAnswerOf, cancellation)
            : await members.NewestFirstAfterAsync(
                new MemberAnswer(owner.Id, owner.Email, owner.FullName, ProjectRole.Owner, project.CreatedAt), request, MemberAnswerOf, cancellation));
    }

    [Function("AddProjectMember"), RequiresPermission(Permission.MembersInvite)]
    [Operation("Add a member to a project", Body = typeof(NewMember),
        Example = $$"""{"userId":"{{Examples.Colleague}}","role":"member"}""", Returns = typeof(MemberAnswer), Status = 201, Problems = ["ALREADY_MEMBER"],
        Description = "Adds a person who belongs to the caller's organization. Other people are invited by e-mail.")]
    public async Task<IResult> Add([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var caller = request.CurrentUser();
        var project = await access.RequireAsync(caller, id, Permission.MembersInvite, cancellation);
        var body = await request.ReadJsonAsync<NewMember>(cancellation);
        var once = request.Once<ProjectPerson>(person => Answer.Created($"/api/v1/projects/{id}/members/{person.User.Id}", MemberAnswer.Of(person)));
        return (await membership.AddAsync(project, caller.Id, caller.Role, body.UserId, body.Role, once, cancellation)).ToResult();
    }

    [Function("GetProjectMember"), RequiresPermission(Permission.ProjectsRead)]
    [Operation("Get a member of a project", Returns = typeof(MemberAnswer))]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, Guid userId, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.ProjectsRead, cancellation);
        return Answer.Ok(MemberAnswer.Of(await membership.GetAsync(project, userId, cancellation)));
    }

    [Function("UpdateProjectMember"), RequiresPermission(Permission.MembersManage)]
    [Operation("Change the role of a member", Body = typeof(MemberRole), Example = """{"role":"viewer"}""", Returns = typeof(MemberAnswer), Problems = ["OWNER_STAYS"],
        Unversioned = "Only the role can change; the last change wins.",
        Description = "The role of the owner changes only by transferring the project.")]
    public async Task<IResult> Update([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = RouteOfOne)] HttpRequest request, Guid id, Guid userId, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.MembersManage, cancellation);
        var body = await request.ReadJsonAsync<MemberRole>(cancellation);
        return Answer.Ok(MemberAnswer.Of(await membership.SetRoleAsync(project, userId, body.Role, cancellation)));
    }

    [Function("RemoveProjectMember"), RequiresPermission(Permission.MembersManage)]
    [Operation("Remove a member from a project", Status = 204, Problems = ["OWNER_STAYS"],
        Description = "What the member created stays in the project.")]
    public async Task<IResult> Remove([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, Guid userId, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.MembersManage, cancellation);
        await membership.RemoveAsync(project, userId, cancellation);
        return Answer.NoContent();
    }

    [Function("LeaveProject"), RequiresPermission(Permission.ProjectsRead)]
    [Operation("Leave a project", Status = 204, Problems = ["OWNER_STAYS"],
        Description = "Ends the caller's own membership. The owner has to transfer the project first.")]
    public async Task<IResult> Leave([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/projects/{id:guid}/leave")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var caller = request.CurrentUser();
        var project = await access.RequireAsync(caller, id, Permission.ProjectsRead, cancellation);
        await membership.LeaveAsync(project, caller.Id, cancellation);
        return Answer.NoContent();
    }
}
