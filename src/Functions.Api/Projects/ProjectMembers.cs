using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Projects;

/// <summary>Who works in a project, and with which role.</summary>
public sealed class ProjectMembers(UserDatabase users, ProjectAccess access, AuditLog audit, TimeProvider time)
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

    [Function("ListProjectMembers"), RequiresPermission(Permission.ProjectsRead)]
    [Operation("List members of a project", Returns = typeof(Page<MemberAnswer>),
        Description = "The owner first, then the members, newest first. The owner comes in addition to `limit`.")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.ProjectsRead, cancellation);
        var page = await users.ProjectMembers.Where(member => member.ProjectId == id && member.UserId != project.OwnerId)
            .Join(users.Users, member => member.UserId, user => user.Id, (member, user) => new Row { Id = user.Id, Email = user.Email, FullName = user.FullName, Role = member.Role, JoinedAt = member.CreatedAt })
            .AsNoTracking().NewestFirstAsync(request, row => new MemberAnswer(row.Id, row.Email, row.FullName, row.Role, row.JoinedAt), cancellation);
        // The owner, whose place is in the project's row, leads the first page.
        if (request.Query["cursor"].ToString().Length > 0)
            return Answer.Ok(page);
        var owner = await users.Users.AsNoTracking().SingleOrDefaultAsync(user => user.Id == project.OwnerId, cancellation);
        return Answer.Ok(owner is null ? page : page with
        {
            Items = [new MemberAnswer(owner.Id, owner.Email, owner.FullName, ProjectRole.Owner, project.CreatedAt), .. page.Items],
        });
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
        RequireGivable(body.Role);
        await using var creation = await request.BeginCreationAsync(users, time, cancellation);
        if (creation.Earlier is { } earlier)
            return earlier;
        var person = await FindColleagueAsync(caller, body.UserId, cancellation);
        if (person.Id == project.OwnerId)
            throw new ProblemException(ErrorCodes.AlreadyMember);
        var member = new ProjectMember { ProjectId = id, UserId = person.Id, Role = body.Role, InvitedBy = caller.Id, CreatedAt = time.GetUtcNow() };
        users.ProjectMembers.Add(member);
        try
        {
            await users.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.AlreadyMember);
        }
        await audit.AppendAsync(About(project, "project_member.add", person.Id, ("role", body.Role)), cancellation);
        var answer = new MemberAnswer(person.Id, person.Email, person.FullName, member.Role, member.CreatedAt);
        return await creation.CommitAsync(Answer.Created($"/api/v1/projects/{id}/members/{person.Id}", answer), cancellation);
    }

    [Function("GetProjectMember"), RequiresPermission(Permission.ProjectsRead)]
    [Operation("Get a member of a project", Returns = typeof(MemberAnswer))]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = RouteOfOne)] HttpRequest request, Guid id, Guid userId, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.ProjectsRead, cancellation);
        return Answer.Ok(await ReadAsync(project, userId, cancellation));
    }

    [Function("UpdateProjectMember"), RequiresPermission(Permission.MembersManage)]
    [Operation("Change the role of a member", Body = typeof(MemberRole), Example = """{"role":"viewer"}""", Returns = typeof(MemberAnswer), Problems = ["OWNER_STAYS"],
        Unversioned = "A membership has one field that changes; whoever writes last decides.",
        Description = "The role of the owner changes only by transferring the project.")]
    public async Task<IResult> Update([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = RouteOfOne)] HttpRequest request, Guid id, Guid userId, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.MembersManage, cancellation);
        var body = await request.ReadJsonAsync<MemberRole>(cancellation);
        RequireGivable(body.Role);
        if (userId == project.OwnerId)
            throw new ProblemException(ErrorCodes.OwnerStays, "The owner's role changes only by transfer.");
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        var changed = await users.ProjectMembers.Where(member => member.ProjectId == id && member.UserId == userId)
            .ExecuteUpdateAsync(set => set.SetProperty(member => member.Role, body.Role), cancellation);
        if (changed == 0)
            throw NoSuchMember();
        await audit.AppendAsync(About(project, "project_member.update", userId, ("role", body.Role)), cancellation);
        await transaction.CommitAsync(cancellation);
        return Answer.Ok(await ReadAsync(project, userId, cancellation));
    }

    [Function("RemoveProjectMember"), RequiresPermission(Permission.MembersManage)]
    [Operation("Remove a member from a project", Status = 204, Problems = ["OWNER_STAYS"],
        Description = "What the member created stays in the project.")]
    public async Task<IResult> Remove([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, Guid userId, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.MembersManage, cancellation);
        await EndAsync(project, userId, "project_member.remove", cancellation);
        return Answer.NoContent();
    }

    [Function("LeaveProject"), RequiresPermission(Permission.ProjectsRead)]
    [Operation("Leave a project", Status = 204, Problems = ["OWNER_STAYS"],
        Description = "Ends the caller's own membership. The owner has to transfer the project first.")]
    public async Task<IResult> Leave([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/projects/{id:guid}/leave")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var caller = request.CurrentUser();
        var project = await access.RequireAsync(caller, id, Permission.ProjectsRead, cancellation);
        await EndAsync(project, caller.Id, "project_member.leave", cancellation);
        return Answer.NoContent();
    }

    private async Task EndAsync(Project project, Guid userId, string action, CancellationToken cancellation)
    {
        if (userId == project.OwnerId)
            throw new ProblemException(ErrorCodes.OwnerStays);
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        if (await users.ProjectMembers.Where(member => member.ProjectId == project.Id && member.UserId == userId).ExecuteDeleteAsync(cancellation) == 0)
            throw NoSuchMember();
        await audit.AppendAsync(About(project, action, userId), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private async Task<MemberAnswer> ReadAsync(Project project, Guid userId, CancellationToken cancellation)
    {
        var user = await users.Users.AsNoTracking().SingleOrDefaultAsync(person => person.Id == userId, cancellation) ?? throw NoSuchMember();
        if (userId == project.OwnerId)
            return new MemberAnswer(user.Id, user.Email, user.FullName, ProjectRole.Owner, project.CreatedAt);
        var member = await users.ProjectMembers.AsNoTracking().SingleOrDefaultAsync(row => row.ProjectId == project.Id && row.UserId == userId, cancellation) ?? throw NoSuchMember();
        return new MemberAnswer(user.Id, user.Email, user.FullName, member.Role, member.CreatedAt);
    }

    // Whether an account outside the caller's organization exists is not the caller's to learn.
    private async Task<User> FindColleagueAsync(CurrentUser caller, Guid userId, CancellationToken cancellation)
    {
        var person = await users.Users.AsNoTracking().SingleOrDefaultAsync(
            user => user.Id == userId && user.IsActive
                && (caller.Role == SystemRole.Admin || users.Users.Any(self => self.Id == caller.Id && self.OrganizationId != null && self.OrganizationId == user.OrganizationId)),
            cancellation);
        return person ?? throw new ProblemException(ErrorCodes.ValidationFailed, "There is no such person in your organization. Invite them by e-mail.", "userId");
    }

    private static void RequireGivable(ProjectRole role)
    {
        if (!RoleRules.ProjectRoles.Contains(role))
            throw new ProblemException(ErrorCodes.ValidationFailed, $"Must be one of {string.Join(", ", RoleRules.ProjectRoles.Select(known => known.AsText()))}; a project is transferred to another owner.", "role");
    }

    private static ProblemException NoSuchMember() => new(ErrorCodes.NotFound, "The project has no such member.");

    internal static AuditEvent About(Project project, string action, Guid userId, params (string Name, object? Value)[] more) => new(action)
    {
        SubjectType = "project", SubjectId = project.Id.ToString(), SubjectName = project.Name,
        Details = new Dictionary<string, object?>(more.Select(detail => KeyValuePair.Create(detail.Name, detail.Value))) { ["userId"] = userId },
    };
}
