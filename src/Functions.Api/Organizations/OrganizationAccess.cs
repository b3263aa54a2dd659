using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Organizations;

/// <summary>Checks permissions in an organization. Its people hold those of their system role, and administrators hold all of them. For others it does not exist.</summary>
public sealed class OrganizationAccess(UserDatabase users)
{
    /// <summary>Returns the organization if the caller holds the permission in it.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>; <see cref="ErrorCodes.Forbidden"/>, naming the permission.</exception>
    public async Task<Organization> RequireAsync(CurrentUser user, Guid organizationId, Permission permission, CancellationToken cancellation)
    {
        var organization = await VisibleTo(user).FirstOrDefaultAsync(o => o.Id == organizationId, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such organization, or you do not belong to it.");
        Authentication.RequirePermission(user, permission);
        return organization;
    }

    /// <summary>The organizations that the caller may see: the own one, or all for an administrator.</summary>
    public IQueryable<Organization> VisibleTo(CurrentUser user) =>
        user.Role == SystemRole.Admin
            ? users.Organizations.AsNoTracking()
            : users.Organizations.AsNoTracking().Where(o => users.Users.Any(u => u.Id == user.Id && u.OrganizationId == o.Id));
}
