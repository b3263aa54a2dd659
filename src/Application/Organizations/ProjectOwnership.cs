using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Organizations;

/// <summary>
/// Transfers projects to other owners. The owner is in the platform database and members are in the user database. The order of the steps
/// ensures that after a crash between them both people are in the project and the project's row names its owner.
/// </summary>
public sealed class ProjectOwnership(PlatformDatabase platform, UserDatabase users, Quotas quotas, AuditLog audit, TimeProvider time)
{
    /// <summary>Changes the owner. The previous owner stays in the project as an admin.</summary>
    /// <param name="projectId">A project that the caller may transfer.</param>
    /// <param name="from">Its owner as the caller read it.</param>
    /// <param name="to">The new owner.</param>
    /// <param name="mustBeMember">Whether the new owner must be a member.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.ValidationFailed"/> when the new owner has no active account or is not a member; <see cref="ErrorCodes.QuotaExceeded"/> or
    /// <see cref="ErrorCodes.DuplicateName"/> among the new owner's projects; <see cref="ErrorCodes.ChangedMeanwhile"/> when the owner has changed.
    /// </exception>
    public async Task<Project> TransferAsync(Guid projectId, Guid from, Guid to, bool mustBeMember, CancellationToken cancellation)
    {
        await using var held = await users.HoldAccountAsync(to, cancellation);
        var person = held is null ? null : await users.Users.AsNoTracking().SingleOrDefaultAsync(user => user.Id == to, cancellation);
        var isMember = await users.ProjectMembers.AnyAsync(member => member.ProjectId == projectId && member.UserId == to, cancellation);
        if (person is null || (mustBeMember && !isMember && to != from))
            throw new ProblemException(ErrorCodes.ValidationFailed, mustBeMember ? "Must be a member of the project with an active account." : "There is no such active account.", "userId");
        await using var transaction = await platform.Database.BeginTransactionAsync(cancellation);
        var project = await platform.Projects.FromSql($"SELECT *, xmin FROM projects WHERE id = {projectId} AND deleted_at IS NULL FOR UPDATE").SingleOrDefaultAsync(cancellation);
        if (project is null || project.OwnerId != from)
            throw new ProblemException(ErrorCodes.ChangedMeanwhile);
        if (to == from)
            return project;
        await quotas.RequireRoomForProjectAsync(to, person.Role, cancellation);
        await KeepAsAdminAsync(projectId, from, cancellation);
        project.OwnerId = to;
        project.UpdatedAt = time.GetUtcNow();
        await SaveAsync(project, cancellation);
        await audit.AppendAsync(new AuditEvent("project.transfer")
        {
            SubjectType = "project", SubjectId = projectId.ToString(), SubjectName = project.Name, Details = new Dictionary<string, object?> { ["from"] = from, ["to"] = to },
        }, cancellation);
        await transaction.CommitAsync(cancellation);
        await users.ProjectMembers.Where(member => member.ProjectId == projectId && member.UserId == to).ExecuteDeleteAsync(cancellation);
        return project;
    }

    // Inserts nothing if the previous owner's account has been deleted.
    private Task KeepAsAdminAsync(Guid projectId, Guid owner, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var admin = AccessPolicy.NameOf(ProjectRole.Admin);
        return users.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO project_members (project_id, user_id, role, created_at) SELECT {projectId}, id, {admin}, {now} FROM users WHERE id = {owner}
            ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role
            """, cancellation);
    }

    private async Task SaveAsync(Project project, CancellationToken cancellation)
    {
        try
        {
            await platform.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.DuplicateName, $"The new owner already has a project named '{project.Name}'.", "userId");
        }
    }
}
