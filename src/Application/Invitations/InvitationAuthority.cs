using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Invitations;

/// <summary>The current target of an invitation.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ProjectId">The project itself, or the project of the dataset; null for an organization.</param>
/// <param name="OwnerId">Owner of the project; null for an organization.</param>
public sealed record InvitationTarget(string Name, Guid? ProjectId, Guid? OwnerId);

/// <summary>A target that cannot end before this is disposed.</summary>
public sealed record HeldTarget(InvitationTarget Target, IAsyncDisposable? Hold) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Hold?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>Decides whether an account may offer a role by an invitation. This is checked again when the invitation is accepted.</summary>
public sealed class InvitationAuthority(UserDatabase users, PlatformDatabase platform)
{
    /// <summary>Finds the target; null when it no longer exists.</summary>
    public async Task<InvitationTarget?> FindTargetAsync(InvitationKind kind, Guid id, CancellationToken cancellation) => kind switch
    {
        InvitationKind.Organization => await users.Organizations.Where(o => o.Id == id).Select(o => new InvitationTarget(o.Name, null, null)).SingleOrDefaultAsync(cancellation),
        InvitationKind.Project => await platform.Projects.Where(p => p.Id == id && p.DeletedAt == null).Select(p => new InvitationTarget(p.Name, p.Id, p.OwnerId)).SingleOrDefaultAsync(cancellation),
        InvitationKind.Dataset => await platform.Datasets.Where(d => d.Id == id && d.DeletedAt == null)
            .Join(platform.Projects.Where(p => p.DeletedAt == null), d => d.ProjectId, p => p.Id, (d, p) => new InvitationTarget(d.Name, p.Id, p.OwnerId)).SingleOrDefaultAsync(cancellation),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of invitation."),
    };

    /// <summary>
    /// Finds the target and keeps it from ending until the result is disposed. Call it in the transaction of the user database that concerns the
    /// invitation, before the invitation is locked, and dispose the result after the commit.
    /// </summary>
    /// <returns>Null when it no longer exists.</returns>
    public async Task<HeldTarget?> HoldTargetAsync(InvitationKind kind, Guid id, CancellationToken cancellation)
    {
        // An organization is in the user database: its lock ends with the caller's transaction.
        if (kind == InvitationKind.Organization)
            return await users.LockOrganizationAsync(id, cancellation) && await FindTargetAsync(kind, id, cancellation) is { } organization ? new HeldTarget(organization, null) : null;
        var hold = await (kind == InvitationKind.Project ? platform.HoldProjectAsync(id, cancellation) : platform.HoldDatasetAsync(id, cancellation));
        return hold is null ? null : new HeldTarget((await FindTargetAsync(kind, id, cancellation))!, hold);
    }

    /// <summary>Whether an account may now offer this role in the target.</summary>
    public async Task<bool> MayOfferAsync(Guid accountId, InvitationKind kind, Guid targetId, InvitationTarget target, string role, CancellationToken cancellation)
    {
        var account = await users.Users.AsNoTracking().SingleOrDefaultAsync(user => user.Id == accountId && user.IsActive, cancellation);
        if (account is null || !InvitationRoles.Of(kind, account.Role).Contains(role))
            return false;
        if (kind == InvitationKind.Organization)
            return AccessPolicy.Allows(account.Role, Permission.OrganizationsInvite) && (account.Role == SystemRole.Admin || account.OrganizationId == targetId);
        var permission = kind == InvitationKind.Project ? Permission.MembersInvite : Permission.DatasetsShare;
        if (!AccessPolicy.Allows(account.Role, permission))
            return false;
        var inProject = account.Role == SystemRole.Admin || target.OwnerId == accountId
            ? ProjectRole.Owner
            : (await users.ProjectMembers.AsNoTracking().SingleOrDefaultAsync(member => member.ProjectId == target.ProjectId && member.UserId == accountId, cancellation))?.Role;
        if (inProject is { } held && AccessPolicy.Allows(account.Role, held, permission))
            return true;
        if (kind != InvitationKind.Dataset)
            return false;
        var inDataset = await users.DatasetMembers.AsNoTracking().SingleOrDefaultAsync(member => member.DatasetId == targetId && member.UserId == accountId, cancellation);
        return inDataset is not null && AccessPolicy.Allows(account.Role, inDataset.Role, permission);
    }
}
