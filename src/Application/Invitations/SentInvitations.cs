using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Invitations;

/// <summary>The person who sends an invitation.</summary>
public sealed record Inviter(Guid Id, string Email, string? FullName, SystemRole Role);

/// <summary>An invitation to send.</summary>
public sealed record NewInvitation(InvitationKind Kind, Guid TargetId, string TargetName, string Email, string Role, string? Message);

/// <summary>Sends, resends and cancels invitations. The caller must have checked that the inviter is allowed to.</summary>
public sealed class SentInvitations(UserDatabase users, InvitationAuthority authority, Quotas quotas, InvitationMails mails, MailLimits limits, AuditLog audit, TimeProvider time)
{
    /// <summary>Invites a person by e-mail. It makes no difference whether the address has an account.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.ValidationFailed"/> for an unknown role or an invalid address; <see cref="ErrorCodes.AlreadyMember"/>;
    /// <see cref="ErrorCodes.AlreadyInvited"/>; <see cref="ErrorCodes.QuotaExceeded"/> of an organization; <see cref="ErrorCodes.TooManyAttempts"/> of <see cref="MailLimits"/>; and those of <see cref="IdempotentCreate{T}"/>.
    /// </exception>
    public async Task<Created<Invitation>> SendAsync(Inviter by, NewInvitation wanted, IdempotentCreate<Invitation> once, CancellationToken cancellation)
    {
        await using var create = await once.BeginAsync(users, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        await using var held = await authority.HoldTargetAsync(wanted.Kind, wanted.TargetId, cancellation) ?? throw ProblemException.NoSuch(wanted.Kind.AsText());
        var roles = InvitationRoles.Of(wanted.Kind, by.Role);
        if (!roles.Contains(wanted.Role))
            throw new ProblemException(ErrorCodes.ValidationFailed, $"Must be one of {string.Join(", ", roles)}.", "role");
        if (!EmailAddress.TryNormalise(wanted.Email, out var normalised))
            throw new ProblemException(ErrorCodes.ValidationFailed, "This is not an e-mail address.", "email");
        var now = time.GetUtcNow();
        // A unique index allows one pending invitation per target and address, so end an expired one first.
        await users.Database.ExecuteSqlAsync(
            $"UPDATE invitations SET state = 'expired', ended_at = {now} WHERE target_id = {wanted.TargetId} AND normalized_email = {normalised} AND state = 'pending' AND expires_at <= {now}", cancellation);
        if (wanted.Kind == InvitationKind.Organization)
            await quotas.RequireRoomForPersonAsync(wanted.TargetId, countInvited: true, cancellation);
        await RequireNoMemberAsync(wanted, normalised, cancellation);
        var token = SecretToken.Create();
        var invitation = new Invitation
        {
            Kind = wanted.Kind, TargetId = wanted.TargetId, TargetName = wanted.TargetName, Role = wanted.Role, InviterId = by.Id, Email = wanted.Email.Trim(), NormalizedEmail = normalised,
            Message = string.IsNullOrWhiteSpace(wanted.Message) ? null : wanted.Message.Trim(), TokenHash = SecretToken.HashOf(token), CreatedAt = now, SentAt = now, ExpiresAt = now + Invitation.Lifetime,
        };
        users.Invitations.Add(invitation);
        try
        {
            await users.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.AlreadyInvited);
        }
        await limits.RequireAsync(normalised, About(wanted.TargetId), by.Id, cancellation);
        await mails.InviteAsync(invitation, by, token, cancellation);
        await audit.AppendAsync(About(invitation, "invitation.send"), cancellation);
        return await create.CommitAsync(invitation, cancellation);
    }

    /// <summary>Mails an invitation again with a new link and a new expiry. The previous link stops working.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.InvalidState"/>; <see cref="ErrorCodes.TooManyAttempts"/> of <see cref="MailLimits"/>;
    /// <see cref="ErrorCodes.InvitationInvalid"/> when its target no longer exists.
    /// </exception>
    public async Task<Invitation> ResendAsync(Inviter by, Guid id, CancellationToken cancellation)
    {
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        var sent = await users.Invitations.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellation) ?? throw NoSuchInvitation();
        await using var held = await authority.HoldTargetAsync(sent.Kind, sent.TargetId, cancellation) ?? throw new ProblemException(ErrorCodes.InvitationInvalid);
        var invitation = await LockAsync(id, cancellation);
        var now = time.GetUtcNow();
        if (invitation.State is not (InvitationState.Pending or InvitationState.Expired))
            throw Over(invitation);
        await limits.RequireAsync(invitation.NormalizedEmail, About(invitation.TargetId), by.Id, cancellation);
        var token = SecretToken.Create();
        invitation.TokenHash = SecretToken.HashOf(token);
        invitation.TargetName = held.Target.Name;
        invitation.State = InvitationState.Pending;
        invitation.EndedAt = null;
        invitation.SentAt = now;
        invitation.ExpiresAt = now + Invitation.Lifetime;
        try
        {
            await users.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.AlreadyInvited);
        }
        await mails.InviteAsync(invitation, by, token, cancellation);
        await audit.AppendAsync(About(invitation, "invitation.resend"), cancellation);
        await transaction.CommitAsync(cancellation);
        return invitation;
    }

    /// <summary>Cancels a pending invitation.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/>; <see cref="ErrorCodes.InvitationExpired"/>; <see cref="ErrorCodes.NotFound"/>.</exception>
    public async Task CancelAsync(Guid id, CancellationToken cancellation)
    {
        await using var transaction = await users.Database.BeginTransactionAsync(cancellation);
        var invitation = await LockAsync(id, cancellation);
        if (invitation.State != InvitationState.Pending)
            throw Over(invitation);
        invitation.State = InvitationState.Cancelled;
        invitation.EndedAt = time.GetUtcNow();
        await users.SaveChangesAsync(cancellation);
        await audit.AppendAsync(About(invitation, "invitation.cancel"), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Marks pending invitations as expired when their time is over. Returns how many.</summary>
    public Task<int> ExpireAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return users.Database.ExecuteSqlAsync($"UPDATE invitations SET state = 'expired', ended_at = {now} WHERE state = 'pending' AND expires_at <= {now}", cancellation);
    }

    internal static ProblemException Over(Invitation invitation) => invitation.State == InvitationState.Expired
        ? new ProblemException(ErrorCodes.InvitationExpired)
        : new ProblemException(ErrorCodes.InvalidState, $"The invitation is already {invitation.State.AsText()}.");

    internal static AuditEvent About(Invitation invitation, string action) => new(action)
    {
        SubjectType = "invitation", SubjectId = invitation.Id.ToString(), SubjectName = invitation.TargetName,
        Details = new Dictionary<string, object?> { ["kind"] = invitation.Kind, ["targetId"] = invitation.TargetId, ["email"] = invitation.NormalizedEmail, ["role"] = invitation.Role },
    };

    /// <summary>What the mails of invitations to this target are about, for <see cref="MailLimits"/>.</summary>
    public static string About(Guid targetId) => $"invitation {targetId}";

    private async Task<Invitation> LockAsync(Guid id, CancellationToken cancellation) =>
        await users.Invitations.FromSql($"SELECT * FROM invitations WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellation)
        ?? throw NoSuchInvitation();

    private static ProblemException NoSuchInvitation() => ProblemException.NoSuch("invitation");

    // This reveals nothing new: the inviter can see the members anyway. Nothing is said about other accounts.
    private async Task RequireNoMemberAsync(NewInvitation wanted, string normalised, CancellationToken cancellation)
    {
        var person = await users.Users.AsNoTracking().SingleOrDefaultAsync(user => user.NormalizedEmail == normalised, cancellation);
        if (person is null)
            return;
        var isIn = wanted.Kind switch
        {
            InvitationKind.Organization => person.OrganizationId == wanted.TargetId,
            InvitationKind.Project => await users.ProjectMembers.AnyAsync(member => member.ProjectId == wanted.TargetId && member.UserId == person.Id, cancellation)
                || (await authority.FindTargetAsync(InvitationKind.Project, wanted.TargetId, cancellation))?.OwnerId == person.Id,
            _ => await users.DatasetMembers.AnyAsync(member => member.DatasetId == wanted.TargetId && member.UserId == person.Id, cancellation),
        };
        if (isIn)
            throw new ProblemException(ErrorCodes.AlreadyMember);
    }
}
