using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Projects;

/// <summary>A person who works in a project: its owner or a member.</summary>
/// <param name="JoinedAt">When the person became a member; for the owner, when the project was created.</param>
public sealed record ProjectPerson(User User, ProjectRole Role, DateTimeOffset JoinedAt);

/// <summary>Adds, changes and removes members of a project. The owner is in the project's row and changes only by <see cref="Organizations.ProjectOwnership"/>.</summary>
public sealed class ProjectMembership(UserDatabase users, PlatformDatabase platform, AuditLog audit, TimeProvider time)
{
    /// <summary>Adds a person of the caller's own organization; an administrator can add anybody.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.ValidationFailed"/> for a role that a member cannot have or a person outside the organization,
    /// <see cref="ErrorCodes.AlreadyMember"/>, <see cref="ErrorCodes.NotFound"/> if the project has just been deleted, and those of <see cref="IdempotentCreate{T}"/>.
    /// </exception>
    public async Task<Created<ProjectPerson>> AddAsync(
        Project project, Guid callerId, SystemRole callerRole, Guid userId, ProjectRole role, IdempotentCreate<ProjectPerson> once, CancellationToken cancellation)
    {
        RequireGrantable(role);
        await using var create = await once.BeginAsync(users, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        await using var held = await platform.HoldProjectAsync(project.Id, cancellation) ?? throw ProblemException.NoSuch("project");
        var person = await FindColleagueAsync(callerId, callerRole, userId, cancellation);
        if (!await users.ShareAccountAsync(person.Id, cancellation))
            throw NoSuchColleague();
        if (person.Id == project.OwnerId)
            throw new ProblemException(ErrorCodes.AlreadyMember);
        var member = new ProjectMember { ProjectId = project.Id, UserId = person.Id, Role = role, InvitedBy = callerId, CreatedAt = time.GetUtcNow() };
        users.ProjectMembers.Add(member);
        try
        {
            await users.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.AlreadyMember);
        }
        await audit.AppendAsync(About(project, "project_member.add", person.Id, role), cancellation);
        return await create.CommitAsync(new ProjectPerson(person, member.Role, member.CreatedAt), cancellation);
    }

    /// <summary>Changes the role of a member.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.ValidationFailed"/> for a role that a member cannot have; <see cref="ErrorCodes.OwnerStays"/>; <see cref="ErrorCodes.NotFound"/>.
    /// </exception>
    public async Task<ProjectPerson> SetRoleAsync(Project project, Guid userId, ProjectRole role, CancellationToken cancellation)
    {
        RequireGrantable(role);
        if (userId == project.OwnerId)
            throw new ProblemException(ErrorCodes.OwnerStays, "The owner's role changes only by transfer.");
        await using (var transaction = await users.Database.BeginTransactionAsync(cancellation))
        {
            var changed = await users.ProjectMembers.Where(member => member.ProjectId == project.Id && member.UserId == userId)
                .ExecuteUpdateAsync(set => set.SetProperty(member => member.Role, role), cancellation);
            if (changed == 0)
                throw NoSuchMember();
            await users.NotifyAccessChangedAsync(userId, cancellation);
            await audit.AppendAsync(About(project, "project_member.update", userId, role), cancellation);
            await transaction.CommitAsync(cancellation);
        }
        return await GetAsync(project, userId, cancellation);
    }

    /// <summary>Removes a member. What the member created stays in the project.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.OwnerStays"/>, <see cref="ErrorCodes.NotFound"/>.</exception>
    public Task RemoveAsync(Project project, Guid userId, CancellationToken cancellation) => EndAsync(project, userId, "project_member.remove", cancellation);

    /// <summary>Ends the caller's own membership.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.OwnerStays"/>; <see cref="ErrorCodes.NotFound"/> for an administrator who is not a member.</exception>
    public Task LeaveAsync(Project project, Guid callerId, CancellationToken cancellation) => EndAsync(project, callerId, "project_member.leave", cancellation);

    /// <summary>Reads the owner or a member.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>.</exception>
    public async Task<ProjectPerson> GetAsync(Project project, Guid userId, CancellationToken cancellation)
    {
        var user = await users.Users.AsNoTracking().SingleOrDefaultAsync(person => person.Id == userId, cancellation) ?? throw NoSuchMember();
        if (userId == project.OwnerId)
            return new ProjectPerson(user, ProjectRole.Owner, project.CreatedAt);
        var member = await users.ProjectMembers.AsNoTracking().SingleOrDefaultAsync(row => row.ProjectId == project.Id && row.UserId == userId, cancellation) ?? throw NoSuchMember();
        return new ProjectPerson(user, member.Role, member.CreatedAt);
    }

    private async Task EndAsync(Project project, Guid userId, string action, CancellationToken cancellation)
    {
        if (userId == project.OwnerId)
            throw new ProblemException(ErrorCodes.OwnerStays);
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        if (await users.ProjectMembers.Where(member => member.ProjectId == project.Id && member.UserId == userId).ExecuteDeleteAsync(cancellation) == 0)
            throw NoSuchMember();
        await users.NotifyAccessChangedAsync(userId, cancellation);
        await audit.AppendAsync(About(project, action, userId), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    // The answer must not reveal whether an account outside the caller's organization exists.
    private async Task<User> FindColleagueAsync(Guid callerId, SystemRole callerRole, Guid userId, CancellationToken cancellation)
    {
        var person = await users.Users.AsNoTracking().SingleOrDefaultAsync(
            user => user.Id == userId && user.IsActive
                && (callerRole == SystemRole.Admin || users.Users.Any(self => self.Id == callerId && self.OrganizationId != null && self.OrganizationId == user.OrganizationId)),
            cancellation);
        return person ?? throw NoSuchColleague();
    }

    private static ProblemException NoSuchColleague() => new(ErrorCodes.ValidationFailed, "There is no such person in your organization. Invite them by e-mail.", "userId");

    private static void RequireGrantable(ProjectRole role)
    {
        if (!RoleRules.ProjectRoles.Contains(role))
            throw new ProblemException(
                ErrorCodes.ValidationFailed, $"Must be one of {string.Join(", ", RoleRules.ProjectRoles.Select(known => known.AsText()))}. Transfer the project to give it another owner.", "role");
    }

    private static ProblemException NoSuchMember() => new(ErrorCodes.NotFound, "The project has no such member.");

    private static AuditEvent About(Project project, string action, Guid userId, ProjectRole? role = null) => new(action)
    {
        SubjectType = "project", SubjectId = project.Id.ToString(), SubjectName = project.Name,
        Details = role is null ? new Dictionary<string, object?> { ["userId"] = userId } : new Dictionary<string, object?> { ["role"] = role, ["userId"] = userId },
    };
}
