using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>The person who administers accounts.</summary>
public sealed record Administrator(Guid Id, SystemRole Role);

/// <summary>
/// Changes the accounts of other people. The transaction reads the roles of both people again and decides by them, not by
/// those at the start of the request. One active administrator always remains.
/// </summary>
public sealed class UserAdministration(UserDatabase users, PlatformDatabase platform, UserSessions sessions, Quotas quotas, AccountMails mails, AuditLog audit, TimeProvider time)
{
    private static readonly SystemRole[] BelowManager = [.. RoleRules.Grantable(SystemRole.Manager)];

    /// <summary>
    /// The accounts that the caller may see: all for an administrator; for a manager those below managers, and only of the own
    /// organization if the manager belongs to one.
    /// </summary>
    public IQueryable<User> VisibleTo(Administrator by)
    {
        var all = users.Users.AsNoTracking();
        if (by.Role == SystemRole.Admin)
            return all;
        var own = users.Users.Where(self => self.Id == by.Id).Select(self => self.OrganizationId);
        return all.Where(user => BelowManager.Contains(user.Role) && (own.FirstOrDefault() == null || own.FirstOrDefault() == user.OrganizationId));
    }

    /// <summary>Replaces name and e-mail address of an account. A new address invalidates the links that were mailed, and both addresses are told about it.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.EmailTaken"/>, <see cref="ErrorCodes.ValidationFailed"/> for an invalid address.</exception>
    public Task<User> UpdateAsync(Administrator by, Guid id, string? fullName, string email, Action<User> requireVersion, CancellationToken cancellation)
    {
        if (!EmailAddress.TryNormalise(email, out var normalised))
            throw new ProblemException(ErrorCodes.ValidationFailed, "This is not an e-mail address.", "email");
        return ChangeAsync(by, id, "user.update", requireVersion, async user =>
        {
            var old = user.Email;
            var details = new Dictionary<string, object?> { ["email"] = new { before = user.Email, after = email.Trim() }, ["fullName"] = new { before = user.FullName, after = fullName?.AsName() } };
            user.FullName = fullName?.AsName();
            user.Email = email.Trim();
            if (user.NormalizedEmail != normalised)
            {
                await MailedTokens.UseUpAsync(users, id, time.GetUtcNow(), cancellation);
                user.NormalizedEmail = normalised;
                await SaveAsync(cancellation);
                await mails.EmailChangedAsync(old, user.Email, cancellation);
            }
            return details;
        }, cancellation);
    }

    /// <summary>Changes the system role of an account.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.NotFound"/>; <see cref="ErrorCodes.Forbidden"/> for a role that the caller may not grant; <see cref="ErrorCodes.LastAdministrator"/>.
    /// </exception>
    public Task<User> SetRoleAsync(Administrator by, Guid id, SystemRole role, Action<User> requireVersion, CancellationToken cancellation) =>
        ChangeAsync(by, id, "user.update_role", requireVersion, async user =>
        {
            if (user.Role == SystemRole.Admin && role != SystemRole.Admin && user.IsActive)
                await RequireAnotherAdministratorAsync(id, cancellation);
            var details = new Dictionary<string, object?> { ["before"] = user.Role, ["after"] = role };
            user.Role = role;
            return details;
        }, cancellation, grants: role);

    /// <summary>Deactivates an account. Ends its sessions, personal tokens and mailed links at once; reactivation does not restore them.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.LastAdministrator"/>.</exception>
    public Task<User> DeactivateAsync(Administrator by, Guid id, CancellationToken cancellation) =>
        ChangeAsync(by, id, "user.deactivate", _ => { }, async user =>
        {
            if (user.Role == SystemRole.Admin && user.IsActive)
                await RequireAnotherAdministratorAsync(id, cancellation);
            var now = time.GetUtcNow();
            user.IsActive = false;
            var ended = await sessions.EndAllAsync(id, cancellation);
            await MailedTokens.UseUpAsync(users, id, now, cancellation);
            var revoked = await users.PersonalTokens.Where(token => token.UserId == id && token.RevokedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(token => token.RevokedAt, now), cancellation);
            return new Dictionary<string, object?> { ["sessions"] = ended, ["personalAccess"] = revoked };
        }, cancellation);

    /// <summary>Reactivates an account.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>; <see cref="ErrorCodes.QuotaExceeded"/> of the organization.</exception>
    public Task<User> ReactivateAsync(Administrator by, Guid id, CancellationToken cancellation) =>
        ChangeAsync(by, id, "user.reactivate", _ => { }, async user =>
        {
            if (!user.IsActive && user.OrganizationId is { } organization)
                await quotas.RequireRoomForPersonAsync(organization, countInvited: false, cancellation);
            user.IsActive = true;
            return [];
        }, cancellation, first: () => users.Database.ExecuteSqlAsync($"SELECT o.id FROM organizations o JOIN users u ON u.organization_id = o.id WHERE u.id = {id} FOR UPDATE OF o", cancellation));

    /// <summary>Deletes an account that owns no project. Everything else that it created remains.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.OwnAccount"/>, <see cref="ErrorCodes.OwnsProjects"/>, <see cref="ErrorCodes.LastAdministrator"/>.
    /// </exception>
    public async Task DeleteAsync(Administrator by, Guid id, Action<User> requireVersion, CancellationToken cancellation)
    {
        if (id == by.Id)
            throw new ProblemException(ErrorCodes.OwnAccount);
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        await users.LockOutOwnersAsync(id, cancellation);
        var user = await LockAsync(by, id, null, cancellation);
        requireVersion(user);
        if (user.Role == SystemRole.Admin && user.IsActive)
            await RequireAnotherAdministratorAsync(id, cancellation);
        if (await platform.Projects.AnyAsync(project => project.OwnerId == id && project.DeletedAt == null, cancellation))
            throw new ProblemException(ErrorCodes.OwnsProjects);
        await users.Users.Where(row => row.Id == id).ExecuteDeleteAsync(cancellation);
        await users.NotifyAccessChangedAsync(id, cancellation);
        await audit.AppendAsync(About(user, "user.delete") with { Details = new Dictionary<string, object?> { ["role"] = user.Role } }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private async Task<User> ChangeAsync(
        Administrator by, Guid id, string action, Action<User> requireVersion, Func<User, Task<Dictionary<string, object?>>> change, CancellationToken cancellation,
        SystemRole? grants = null, Func<Task>? first = null)
    {
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        if (first is not null)
            await first();
        var user = await LockAsync(by, id, grants, cancellation);
        requireVersion(user);
        var details = await change(user);
        user.UpdatedAt = time.GetUtcNow();
        await SaveAsync(cancellation);
        await users.NotifyAccessChangedAsync(id, cancellation);
        await audit.AppendAsync(About(user, action) with { Details = details }, cancellation);
        await transaction.CommitAsync(cancellation);
        return user;
    }

    private async Task SaveAsync(CancellationToken cancellation)
    {
        try
        {
            await users.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.EmailTaken, "Another account has this e-mail address.", "email");
        }
    }

    // Administrators first lock all administrators in the same order, so that their changes run one after another.
    private async Task<User> LockAsync(Administrator by, Guid id, SystemRole? grants, CancellationToken cancellation)
    {
        if (by.Role == SystemRole.Admin)
            await users.Database.ExecuteSqlAsync($"SELECT id FROM users WHERE role = 'admin' AND is_active ORDER BY id FOR UPDATE", cancellation);
        var actor = await users.Users.AsNoTracking().SingleOrDefaultAsync(user => user.Id == by.Id && user.IsActive, cancellation);
        var target = await users.LockUserAsync(id, cancellation);
        if (actor is null || target is null || !RoleRules.MayAdminister(actor.Role, target.Role)
            || (actor.Role != SystemRole.Admin && actor.OrganizationId is { } own && own != target.OrganizationId))
            throw new ProblemException(ErrorCodes.NotFound, "There is no such account, or you may not see it.");
        if (grants is { } role && !RoleRules.MayGrant(actor.Role, role))
            throw new ProblemException(ErrorCodes.Forbidden, $"The role {AccessPolicy.NameOf(actor.Role)} may not grant the role {AccessPolicy.NameOf(role)}.") { Permission = AccessPolicy.NameOf(Permission.UsersWrite) };
        return target;
    }

    private async Task RequireAnotherAdministratorAsync(Guid id, CancellationToken cancellation)
    {
        if (!await users.Users.AnyAsync(user => user.Role == SystemRole.Admin && user.IsActive && user.Id != id, cancellation))
            throw new ProblemException(ErrorCodes.LastAdministrator);
    }

    private static AuditEvent About(User user, string action) => new(action) { SubjectType = "user", SubjectId = user.Id.ToString(), SubjectName = user.Email };
}
