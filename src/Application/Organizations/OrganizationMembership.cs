using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Organizations;

/// <summary>Adds people to organizations and removes them.</summary>
public sealed class OrganizationMembership(UserDatabase database, Quotas quotas, AuditLog audit, TimeProvider time)
{
    /// <summary>Adds a person who belongs to no organization. Changes nothing if the person already belongs to this one.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.NotFound"/>; <see cref="ErrorCodes.OtherOrganization"/>; <see cref="ErrorCodes.QuotaExceeded"/> for an active account.
    /// </exception>
    public async Task<User> AddAsync(Guid organizationId, Guid userId, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // Lock the organization before the person, as everywhere, so that two transactions never wait for each other.
        var organization = await database.Organizations.FromSql($"SELECT *, xmin FROM organizations WHERE id = {organizationId} FOR UPDATE").SingleOrDefaultAsync(cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound);
        var user = await database.LockUserAsync(userId, cancellation) ?? throw NoSuchPerson();
        if (user.OrganizationId == organizationId)
            return user;
        if (user.OrganizationId is not null)
            throw new ProblemException(ErrorCodes.OtherOrganization);
        if (user.IsActive)
            await quotas.RequireRoomForPersonAsync(organizationId, countInvited: true, cancellation);
        await MoveAsync(user, organizationId, cancellation);
        await audit.AppendAsync(About(organization, "organization_member.add", user), cancellation);
        await transaction.CommitAsync(cancellation);
        return user;
    }

    /// <summary>Removes a person. The person's projects and memberships in projects remain.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> for a person who does not belong to the organization.</exception>
    public async Task RemoveAsync(Organization organization, Guid userId, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var user = await database.LockUserAsync(userId, cancellation);
        if (user?.OrganizationId != organization.Id)
            throw NoSuchPerson();
        await MoveAsync(user, null, cancellation);
        await audit.AppendAsync(About(organization, "organization_member.remove", user), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private Task MoveAsync(User user, Guid? organizationId, CancellationToken cancellation)
    {
        user.OrganizationId = organizationId;
        user.UpdatedAt = time.GetUtcNow();
        return database.SaveChangesAsync(cancellation);
    }

    private static AuditEvent About(Organization organization, string action, User user) =>
        OrganizationLifecycle.About(organization, action) with { Details = new Dictionary<string, object?> { ["userId"] = user.Id, ["email"] = user.Email } };

    private static ProblemException NoSuchPerson() => new(ErrorCodes.NotFound, "There is no such person in this organization.");
}
