using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Invitations;

/// <summary>
/// Accepts and declines invitations with the token from the mail, which proves that the caller reads the mail of the address.
/// Only the account of that address can accept, and only while the inviter may give the role.
/// </summary>
public sealed class InvitationAnswers(
    UserDatabase users, InvitationAuthority authority, Quotas quotas, PasswordHashing passwords, SignIn signIn, AccountSettings settings, AuditLog audit, TimeProvider time)
{
    /// <summary>Finds the pending invitation of a token.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvitationInvalid"/>, <see cref="ErrorCodes.InvitationExpired"/>, <see cref="ErrorCodes.InvalidState"/>.</exception>
    public async Task<Invitation> FindAsync(string token, CancellationToken cancellation)
    {
        var hash = SecretToken.HashOf(token);
        return RequireOpen(await users.Invitations.AsNoTracking().SingleOrDefaultAsync(invitation => invitation.TokenHash == hash, cancellation));
    }

    /// <summary>Accepts an invitation for a signed-in person.</summary>
    /// <exception cref="ProblemException">
    /// As for <see cref="FindAsync"/>; <see cref="ErrorCodes.InvitationForAnother"/>; <see cref="ErrorCodes.OtherOrganization"/>; <see cref="ErrorCodes.QuotaExceeded"/>.
    /// </exception>
    public async Task<Invitation> AcceptAsync(Guid accountId, string token, CancellationToken cancellation)
    {
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        var offered = await FindAsync(token, cancellation);
        await using var held = await authority.HoldTargetAsync(offered.Kind, offered.TargetId, cancellation) ?? throw TargetEnded();
        var invitation = await LockAsync(token, cancellation);
        var user = await users.LockUserAsync(accountId, cancellation);
        if (user is not { IsActive: true })
            throw new ProblemException(ErrorCodes.Unauthenticated);
        if (user.NormalizedEmail != invitation.NormalizedEmail)
            throw new ProblemException(ErrorCodes.InvitationForAnother);
        await JoinAsync(invitation, held.Target, user, isNew: false, cancellation);
        await transaction.CommitAsync(cancellation);
        return invitation;
    }

    /// <summary>Creates the account of the invited address, accepts the invitation and signs in. The token proves the address, so it needs no confirmation.</summary>
    /// <exception cref="ProblemException">As for <see cref="AcceptAsync"/>; <see cref="ErrorCodes.SignUpClosed"/>, <see cref="ErrorCodes.WeakPassword"/>, <see cref="ErrorCodes.EmailTaken"/>.</exception>
    public async Task<Session> SignUpAsync(string token, string password, string? fullName, ClientOrigin origin, CancellationToken cancellation)
    {
        if (settings.SignUp == SignUpMode.Off)
            throw new ProblemException(ErrorCodes.SignUpClosed);
        var offered = await FindAsync(token, cancellation);
        Passwords.RequireGood(password, offered.NormalizedEmail, "password");
        var hash = await passwords.HashAsync(password, cancellation);
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        await using var held = await authority.HoldTargetAsync(offered.Kind, offered.TargetId, cancellation) ?? throw TargetEnded();
        var invitation = await LockAsync(token, cancellation);
        var now = time.GetUtcNow();
        var user = new User { Email = invitation.Email, NormalizedEmail = invitation.NormalizedEmail, FullName = fullName?.AsName(), PasswordHash = hash, CreatedAt = now, UpdatedAt = now };
        users.Users.Add(user);
        try
        {
            await users.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.EmailTaken, "The address already has an account. Sign in and accept the invitation.", "token");
        }
        await JoinAsync(invitation, held.Target, user, isNew: true, cancellation);
        var session = await signIn.BeginAsync(user, origin, cancellation);
        await audit.AppendAsync(new AuditEvent("user.sign_up_invited")
        {
            Actor = AuditActor.Person(user.Id, user.Email), SubjectType = "user", SubjectId = user.Id.ToString(), SubjectName = user.Email,
        }, cancellation);
        await transaction.CommitAsync(cancellation);
        return session;
    }

    /// <summary>Declines an invitation. The caller need not have an account.</summary>
    /// <exception cref="ProblemException">As for <see cref="FindAsync"/>.</exception>
    public async Task DeclineAsync(string token, CancellationToken cancellation)
    {
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        var invitation = await LockAsync(token, cancellation);
        End(invitation, InvitationState.Declined, null);
        await users.SaveChangesAsync(cancellation);
        await audit.AppendAsync(SentInvitations.About(invitation, "invitation.decline") with { Actor = AuditActor.Stranger(invitation.NormalizedEmail) }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private async Task JoinAsync(Invitation invitation, InvitationTarget target, User user, bool isNew, CancellationToken cancellation)
    {
        if (!await authority.MayOfferAsync(invitation.InviterId, invitation.Kind, invitation.TargetId, target, invitation.Role, cancellation))
            throw new ProblemException(ErrorCodes.InvitationInvalid, "The person who sent the invitation may no longer give this role.");
        await (invitation.Kind switch
        {
            InvitationKind.Organization => JoinOrganizationAsync(invitation, user, isNew, cancellation),
            InvitationKind.Project => target.OwnerId == user.Id ? Task.CompletedTask : JoinProjectAsync(invitation, user, cancellation),
            _ => JoinDatasetAsync(invitation, user, cancellation),
        });
        End(invitation, InvitationState.Accepted, user.Id);
        await users.SaveChangesAsync(cancellation);
        await audit.AppendAsync(SentInvitations.About(invitation, "invitation.accept") with { Actor = AuditActor.Person(user.Id, user.Email) }, cancellation);
    }

    private async Task JoinOrganizationAsync(Invitation invitation, User user, bool isNew, CancellationToken cancellation)
    {
        if (user.OrganizationId is { } present && present != invitation.TargetId)
            throw new ProblemException(ErrorCodes.OtherOrganization);
        if (user.OrganizationId is null)
            await quotas.RequireRoomForPersonAsync(invitation.TargetId, countInvited: false, cancellation);
        var role = Read<SystemRole>(invitation.Role);
        user.OrganizationId = invitation.TargetId;
        // An invitation can raise a role and never lowers it.
        user.Role = isNew || role > user.Role ? role : user.Role;
        user.UpdatedAt = time.GetUtcNow();
    }

    private Task JoinProjectAsync(Invitation invitation, User user, CancellationToken cancellation)
    {
        var (role, now) = (Read<ProjectRole>(invitation.Role).AsText(), time.GetUtcNow());
        return users.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO project_members (project_id, user_id, role, invited_by, created_at) VALUES ({invitation.TargetId}, {user.Id}, {role}, {invitation.InviterId}, {now})
            ON CONFLICT (project_id, user_id) DO NOTHING
            """, cancellation);
    }

    private Task JoinDatasetAsync(Invitation invitation, User user, CancellationToken cancellation)
    {
        var (role, now) = (Read<DatasetRole>(invitation.Role).AsText(), time.GetUtcNow());
        return users.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO dataset_members (dataset_id, user_id, role, invited_by, created_at) VALUES ({invitation.TargetId}, {user.Id}, {role}, {invitation.InviterId}, {now})
            ON CONFLICT (dataset_id, user_id) DO NOTHING
            """, cancellation);
    }

    private static ProblemException TargetEnded() => new(ErrorCodes.InvitationInvalid, "The organization, project or dataset no longer exists.");

    private void End(Invitation invitation, InvitationState state, Guid? by)
    {
        invitation.State = state;
        invitation.AnsweredBy = by;
        invitation.EndedAt = time.GetUtcNow();
    }

    private async Task<Invitation> LockAsync(string token, CancellationToken cancellation)
    {
        var hash = SecretToken.HashOf(token);
        return RequireOpen(await users.Invitations.FromSql($"SELECT * FROM invitations WHERE token_hash = {hash} FOR UPDATE").SingleOrDefaultAsync(cancellation));
    }

    private Invitation RequireOpen(Invitation? invitation)
    {
        if (invitation is null)
            throw new ProblemException(ErrorCodes.InvitationInvalid);
        if (invitation.IsOpen(time.GetUtcNow()))
            return invitation;
        throw invitation.State == InvitationState.Pending ? new ProblemException(ErrorCodes.InvitationExpired) : SentInvitations.Over(invitation);
    }

    private static T Read<T>(string role) where T : struct, Enum =>
        EnumText.TryParse<T>(role, out var value) ? value : throw new InvalidOperationException($"The invitation's role '{role}' is none of {typeof(T).Name}.");
}
