using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>Resets forgotten passwords with a mailed link.</summary>
public sealed class PasswordReset(
    UserDatabase database, PasswordHashing passwords, SignInThrottle throttle, UserSessions sessions, AccountMails mails, MailLimits limits, AccountSettings settings, AuditLog audit, TimeProvider time)
{
    /// <summary>Mails a link if the address has an active account and <see cref="MailLimits"/> allows it. Otherwise does the same work without a mail, so that the answer reveals nothing.</summary>
    public async Task RequestAsync(string email, CancellationToken cancellation)
    {
        var normalised = EmailAddress.TryNormalise(email, out var valid) ? valid : "nobody@invalid";
        var now = time.GetUtcNow();
        var token = SecretToken.Create();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // Under its lock the account keeps its address, so that a link which is mailed here is among those that a change of address invalidates.
        var user = await database.Users.FromSql($"SELECT *, xmin FROM users WHERE normalized_email = {normalised} FOR UPDATE").AsNoTracking().SingleOrDefaultAsync(cancellation);
        var isTooMuch = await limits.CountAsync(normalised, "password reset", sender: null, cancellation) is not null;
        var deliver = user is { IsActive: true } && !isTooMuch;
        database.MailedTokens.Add(new MailedToken
        {
            Purpose = MailedTokenPurpose.PasswordReset,
            // A token without an account has no effect.
            UserId = deliver ? user!.Id : null,
            TokenHash = SecretToken.HashOf(token),
            Email = user?.Email ?? normalised,
            CreatedAt = now,
            ExpiresAt = now + settings.PasswordResetLifetime,
        });
        await mails.PasswordResetAsync(user?.Email ?? normalised, token, deliver, cancellation);
        await audit.AppendAsync(new AuditEvent("password.request_reset")
        {
            Actor = AuditActor.Stranger(normalised), SubjectType = "user", SubjectId = user?.Id.ToString(), SubjectName = user?.Email,
        }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Sets a new password and ends every session. A link works once.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidLink"/>; <see cref="ErrorCodes.WeakPassword"/>, after which the link still works.</exception>
    public async Task ResetAsync(string token, string wanted, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var link = await MailedTokens.FindAsync(database, token, MailedTokenPurpose.PasswordReset, now, cancellation);
        var user = link?.UserId is { } id ? await database.Users.AsNoTracking().FirstOrDefaultAsync(u => u.Id == id && u.IsActive, cancellation) : null;
        if (link is null || user is null || link.Email != user.Email)
            throw new ProblemException(ErrorCodes.InvalidLink);
        Passwords.RequireGood(wanted, user.NormalizedEmail, "newPassword");
        var hash = await passwords.HashAsync(wanted, cancellation);

        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        if (!await MailedTokens.UseAsync(database, link.Id, now, cancellation) || !await Passwords.SetAsync(database, user, hash, now, cancellation))
            throw new ProblemException(ErrorCodes.InvalidLink);
        await MailedTokens.UseUpAsync(database, user.Id, now, cancellation);
        await sessions.EndAllAsync(user.Id, cancellation);
        await mails.PasswordChangedAsync(user, cancellation);
        await audit.AppendAsync(new AuditEvent("password.reset")
        {
            Actor = AuditActor.Person(user.Id, user.Email), SubjectType = "user", SubjectId = user.Id.ToString(), SubjectName = user.Email,
        }, cancellation);
        await transaction.CommitAsync(cancellation);
        await throttle.ForgetAsync(user.NormalizedEmail, cancellation);
    }
}
