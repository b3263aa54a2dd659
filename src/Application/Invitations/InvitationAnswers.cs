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
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Invitations;

/// <summary>
/// Answering an invitation with the token from its mail, which only who reads the mail of that address has. It is accepted
/// by the account of that address and no other, and gives what its inviter may give at that moment.
/// </summary>
public sealed class InvitationAnswers(
    UserDatabase users, InvitationAuthority authority, Quotas quotas, PasswordHashing passwords, SignIn signIn, AccountSettings settings, AuditLog audit, TimeProvider clock)
{
    /// <summary>The invitation that a token opens.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvitationInvalid"/>, <see cref="ErrorCodes.InvitationExpired"/>, <see cref="ErrorCodes.InvalidState"/>.</exception>
    public async Task<Invitation> FindAsync(string token, CancellationToken ct)
    {
        var hash = SecretToken.HashOf(token);
        return RequireOpen(await users.Invitations.AsNoTracking().SingleOrDefaultAsync(invitation => invitation.TokenHash == hash, ct));
    }

    /// <summary>Accepts for a signed-in person.</summary>
    /// <exception cref="ProblemException">
    /// As for <see cref="FindAsync"/>; <see cref="ErrorCodes.InvitationForAnother"/>; <see cref="ErrorCodes.OtherOrganization"/>; <see cref="ErrorCodes.QuotaExceeded"/>.
    /// </exception>
    public async Task<Invitation> AcceptAsync(Guid accountId, string token, CancellationToken ct)
    {
        await using var transaction = await users.Database.BeginTransactionAsync(ct);
        var invitation = await LockAsync(token, ct);
        if (invitation.Kind == InvitationKind.Organization)
            await users.Database.ExecuteSqlAsync($"SELECT id FROM organizations WHERE id = {invitation.TargetId} FOR UPDATE", ct);
        var user = (await users.LockUserAsync(accountId, ct))!;
        if (user.NormalizedEmail != invitation.NormalizedEmail)
            throw new ProblemException(ErrorCodes.InvitationForAnother);
        await JoinAsync(invitation, user, isNew: false, ct);
        await transaction.CommitAsync(ct);
        return invitation;
    }

    /// <summary>Makes the account of the invited address, accepts with it and signs in. The token proves the address, so no mail confirms it.</summary>
    /// <exception cref="ProblemException">As for <see cref="AcceptAsync"/>; <see cref="ErrorCodes.SignUpClosed"/>, <see cref="ErrorCodes.WeakPassword"/>, <see cref="ErrorCodes.EmailTaken"/>.</exception>
    public async Task<Session> SignUpAsync(string token, string password, string? fullName, ClientOrigin origin, CancellationToken ct)
    {
        if (settings.SignUp == SignUpMode.Off)
            throw new ProblemException(ErrorCodes.SignUpClosed);
        Passwords.RequireGood(password, (await FindAsync(token, ct)).NormalizedEmail, "password");
        var hash = await passwords.HashAsync(password, ct);
        await using var transaction = await users.Database.BeginTransactionAsync(ct);
        var invitation = await LockAsync(token, ct);
        var now = clock.GetUtcNow();
        var user = new User { Email = invitation.Email, NormalizedEmail = invitation.NormalizedEmail, FullName = fullName?.Trim(), PasswordHash = hash, CreatedAt = now, UpdatedAt = now };
        users.Users.Add(user);
        try
        {
            await users.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.EmailTaken, "The address has an account already: sign in and accept.", "token");
        }
        await JoinAsync(invitation, user, isNew: true, ct);
        var session = await signIn.BeginAsync(user, origin, ct);
        await audit.AppendAsync(new AuditEvent("user.sign_up_invited")
        {
            Actor = AuditActor.Person(user.Id, user.Email), SubjectType = "user", SubjectId = user.Id.ToString(), SubjectName = user.Email,
        }, ct);
        await transaction.CommitAsync(ct);
        return session;
    }

    /// <summary>Declines; no account is needed for that.</summary>
    /// <exception cref="ProblemException">As for <see cref="FindAsync"/>.</exception>
    public async Task DeclineAsync(string token, CancellationToken ct)
    {
        await using var transaction = await users.Database.BeginTransactionAsync(ct);
        var invitation = await LockAsync(token, ct);
        End(invitation, InvitationState.Declined, null);
        await users.SaveChangesAsync(ct);
        await audit.AppendAsync(SentInvitations.About(invitation, "invitation.decline") with { Actor = AuditActor.Stranger(invitation.NormalizedEmail) }, ct);
        await transaction.CommitAsync(ct);
    }

    private async Task JoinAsync(Invitation invitation, User user, bool isNew, CancellationToken ct)
    {
        var target = await authority.FindTargetAsync(invitation.Kind, invitation.TargetId, ct)
            ?? throw new ProblemException(ErrorCodes.InvitationInvalid, "What you were invited to is not there any more.");
        if (!await authority.MayOfferAsync(invitation.InviterId, invitation.Kind, invitation.TargetId, target, invitation.Role, ct))
            throw new ProblemException(ErrorCodes.InvitationInvalid, "Whoever sent the invitation may not give this any more.");
        await (invitation.Kind switch
        {
            InvitationKind.Organization => JoinOrganizationAsync(invitation, user, isNew, ct),
            InvitationKind.Project => target.OwnerId == user.Id ? Task.CompletedTask : JoinProjectAsync(invitation, user, ct),
            _ => JoinDatasetAsync(invitation, user, ct),
        });
        End(invitation, InvitationState.Accepted, user.Id);
        await users.SaveChangesAsync(ct);
        await audit.AppendAsync(SentInvitations.About(invitation, "invitation.accept") with { Actor = AuditActor.Person(user.Id, user.Email) }, ct);
    }

    private async Task JoinOrganizationAsync(Invitation invitation, User user, bool isNew, CancellationToken ct)
    {
        if (user.OrganizationId is { } present && present != invitation.TargetId)
            throw new ProblemException(ErrorCodes.OtherOrganization);
        if (user.OrganizationId is null)
            await quotas.RequireRoomForPersonAsync(invitation.TargetId, countInvited: false, ct);
        var role = Read<SystemRole>(invitation.Role);
        user.OrganizationId = invitation.TargetId;
        // An invitation raises and never lowers: it is no way to take somebody's role away.
        user.Role = isNew || role > user.Role ? role : user.Role;
        user.UpdatedAt = clock.GetUtcNow();
    }

    private Task JoinProjectAsync(Invitation invitation, User user, CancellationToken ct)
    {
        var (role, now) = (Read<ProjectRole>(invitation.Role).AsText(), clock.GetUtcNow());
        return users.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO project_members (project_id, user_id, role, invited_by, created_at) VALUES ({invitation.TargetId}, {user.Id}, {role}, {invitation.InviterId}, {now})
            ON CONFLICT (project_id, user_id) DO NOTHING
            """, ct);
    }

    private Task JoinDatasetAsync(Invitation invitation, User user, CancellationToken ct)
    {
        var (role, now) = (Read<DatasetRole>(invitation.Role).AsText(), clock.GetUtcNow());
        return users.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO dataset_members (dataset_id, user_id, role, invited_by, created_at) VALUES ({invitation.TargetId}, {user.Id}, {role}, {invitation.InviterId}, {now})
            ON CONFLICT (dataset_id, user_id) DO NOTHING
            """, ct);
    }

    private void End(Invitation invitation, InvitationState state, Guid? by)
    {
        invitation.State = state;
        invitation.AnsweredBy = by;
        invitation.EndedAt = clock.GetUtcNow();
    }

    private async Task<Invitation> LockAsync(string token, CancellationToken ct)
    {
        var hash = SecretToken.HashOf(token);
        return RequireOpen(await users.Invitations.FromSql($"SELECT * FROM invitations WHERE token_hash = {hash} FOR UPDATE").SingleOrDefaultAsync(ct));
    }

    private Invitation RequireOpen(Invitation? invitation)
    {
        if (invitation is null)
            throw new ProblemException(ErrorCodes.InvitationInvalid);
        if (invitation.IsOpen(clock.GetUtcNow()))
            return invitation;
        throw invitation.State == InvitationState.Pending ? new ProblemException(ErrorCodes.InvitationExpired) : SentInvitations.Over(invitation);
    }

    private static T Read<T>(string role) where T : struct, Enum =>
        EnumText.TryParse<T>(role, out var value) ? value : throw new InvalidOperationException($"The invitation's role '{role}' is none of {typeof(T).Name}.");
}
