using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Organizations;

/// <summary>
/// Transfers projects to other owners. The owner is in the platform database and members are in the user database. An <see cref="OwnershipTransfer"/>
/// is recorded in the user database before the owner changes and removed after it. At any time both people are in the project and the project's row
/// names its owner; what a crash leaves is settled by <see cref="SettleAsync(CancellationToken)"/>.
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
        await SettleAsync(projectId, cancellation);
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
        project.OwnerId = to;
        project.UpdatedAt = time.GetUtcNow();
        await SaveAsync(project, cancellation);
        var transfer = new OwnershipTransfer
        {
            ProjectId = projectId, FromId = from, ToId = to, StartedAt = project.UpdatedAt,
            Entry = audit.Entry(new AuditEvent("project.transfer")
            {
                SubjectType = "project", SubjectId = projectId.ToString(), SubjectName = project.Name, Details = new Dictionary<string, object?> { ["from"] = from, ["to"] = to },
            }),
        };
        await BeginAsync(transfer, cancellation);
        await transaction.CommitAsync(cancellation);
        await EndAsync(transfer, hasChanged: true, cancellation);
        return project;
    }

    /// <summary>Finishes transfers whose owner has changed and undoes the others. Returns how many there were.</summary>
    public async Task<int> SettleAsync(CancellationToken cancellation)
    {
        var settled = 0;
        foreach (var project in await users.OwnershipTransfers.OrderBy(transfer => transfer.StartedAt).Select(transfer => transfer.ProjectId).ToListAsync(cancellation))
            settled += await SettleAsync(project, cancellation) ? 1 : 0;
        return settled;
    }

    // The lock of the project's row waits for a transfer under way, which ends its record itself after that.
    private async Task<bool> SettleAsync(Guid projectId, CancellationToken cancellation)
    {
        if (!await users.OwnershipTransfers.AnyAsync(transfer => transfer.ProjectId == projectId, cancellation))
            return false;
        await using var transaction = await platform.Database.BeginTransactionAsync(cancellation);
        var owners = await platform.Database.SqlQuery<Guid>($"SELECT owner_id AS \"Value\" FROM projects WHERE id = {projectId} FOR UPDATE").ToListAsync(cancellation);
        var left = await users.OwnershipTransfers.AsNoTracking().SingleOrDefaultAsync(transfer => transfer.ProjectId == projectId, cancellation);
        return left is not null && await EndAsync(left, owners.Contains(left.ToId), cancellation);
    }

    private async Task BeginAsync(OwnershipTransfer transfer, CancellationToken cancellation)
    {
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        users.OwnershipTransfers.Add(transfer);
        await users.SaveChangesAsync(cancellation);
        await KeepAsAdminAsync(transfer.ProjectId, transfer.FromId, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    // One transaction, so that it is done once whoever comes first. False if it was done.
    private async Task<bool> EndAsync(OwnershipTransfer transfer, bool hasChanged, CancellationToken cancellation)
    {
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        if (await users.OwnershipTransfers.Where(row => row.Id == transfer.Id).ExecuteDeleteAsync(cancellation) == 0)
            return false;
        // Whoever owns the project is no member.
        var owner = hasChanged ? transfer.ToId : transfer.FromId;
        await users.ProjectMembers.Where(member => member.ProjectId == transfer.ProjectId && member.UserId == owner).ExecuteDeleteAsync(cancellation);
        if (hasChanged)
            await audit.AppendEntryAsync(transfer.Entry, cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
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
