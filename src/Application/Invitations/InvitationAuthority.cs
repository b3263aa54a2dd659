using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Invitations;

/// <summary>What an invitation leads to, as it is now.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="ProjectId">The project it is or belongs to; null for an organization.</param>
/// <param name="OwnerId">Who owns that project.</param>
public sealed record InvitationTarget(string Name, Guid? ProjectId, Guid? OwnerId);

/// <summary>Whether somebody may offer what an invitation offers: asked when it is sent by the API, and again when it is accepted.</summary>
public sealed class InvitationAuthority(UserDatabase users, PlatformDatabase platform)
{
    /// <summary>The target; null when it is not there any more.</summary>
    public async Task<InvitationTarget?> FindTargetAsync(InvitationKind kind, Guid id, CancellationToken cancellation) => kind switch
    {
        InvitationKind.Organization => await users.Organizations.Where(o => o.Id == id).Select(o => new InvitationTarget(o.Name, null, null)).SingleOrDefaultAsync(cancellation),
        InvitationKind.Project => await platform.Projects.Where(p => p.Id == id && p.DeletedAt == null).Select(p => new InvitationTarget(p.Name, p.Id, p.OwnerId)).SingleOrDefaultAsync(cancellation),
        InvitationKind.Dataset => await platform.Datasets.Where(d => d.Id == id && d.DeletedAt == null)
            .Join(platform.Projects.Where(p => p.DeletedAt == null), d => d.ProjectId, p => p.Id, (d, p) => new InvitationTarget(d.Name, p.Id, p.OwnerId)).SingleOrDefaultAsync(cancellation),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of invitation."),
    };

    /// <summary>Whether an account may offer this role there at this moment.</summary>
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
