using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>A new password for somebody who forgot theirs, by a link to their mailbox.</summary>
public sealed class PasswordReset(
    UserDatabase database, PasswordHashing passwords, SignInThrottle throttle, Sessions sessions, AccountMails mails, AccountSettings settings, AuditLog audit, TimeProvider clock)
{
    // Whoever asks again and again must not fill somebody's mailbox.
    private static readonly TimeSpan BetweenMails = TimeSpan.FromMinutes(1);

    /// <summary>Mails a link, if the address has an account. Does the same work, and tells nobody, if it has none.</summary>
    public async Task RequestAsync(string email, CancellationToken ct)
    {
        var normalised = EmailAddress.TryNormalise(email, out var valid) ? valid : "nobody@invalid";
        var now = clock.GetUtcNow();
        var user = await database.Users.AsNoTracking().FirstOrDefaultAsync(u => u.NormalizedEmail == normalised, ct);
        var userId = user?.Id ?? Guid.Empty;
        var since = now - BetweenMails;
        var isTooSoon = await database.MailedTokens.AnyAsync(t => t.UserId == userId && t.Purpose == MailedTokenPurpose.PasswordReset && t.CreatedAt > since, ct);
        var deliver = user is { IsActive: true } && !isTooSoon;
        var token = SecretToken.Create();
        await using var transaction = await database.Database.BeginTransactionAsync(ct);
        database.MailedTokens.Add(new MailedToken
        {
            Purpose = MailedTokenPurpose.PasswordReset,
            // A token of nobody resets nothing.
            UserId = deliver ? user!.Id : null,
            TokenHash = SecretToken.HashOf(token),
            Email = user?.Email ?? normalised,
            CreatedAt = now,
            ExpiresAt = now + settings.PasswordResetLifetime,
        });
        await mails.PasswordResetAsync(user?.Email ?? normalised, token, deliver, ct);
        await audit.AppendAsync(new AuditEvent("password.request_reset")
        {
            Actor = AuditActor.Stranger(normalised), SubjectType = "user", SubjectId = user?.Id.ToString(), SubjectName = user?.Email,
        }, ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Sets the new password, once for each link, and ends every session.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidLink"/>, <see cref="ErrorCodes.WeakPassword"/>; the link then still works.</exception>
    public async Task ResetAsync(string token, string wanted, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var link = await MailedTokens.FindAsync(database, token, MailedTokenPurpose.PasswordReset, now, ct);
        var user = link?.UserId is { } id ? await database.Users.AsNoTracking().FirstOrDefaultAsync(u => u.Id == id && u.IsActive, ct) : null;
        if (link is null || user is null)
            throw new ProblemException(ErrorCodes.InvalidLink);
        Passwords.RequireGood(wanted, user.NormalizedEmail, "newPassword");
        var hash = await passwords.HashAsync(wanted, ct);

        await using var transaction = await database.Database.BeginTransactionAsync(ct);
        if (!await MailedTokens.UseAsync(database, link.Id, now, ct) || !await Passwords.SetAsync(database, user, hash, now, ct))
            throw new ProblemException(ErrorCodes.InvalidLink);
        await MailedTokens.UseUpAsync(database, user.Id, now, ct);
        await sessions.EndAllAsync(user.Id, ct);
        await mails.PasswordChangedAsync(user, ct);
        await audit.AppendAsync(new AuditEvent("password.reset")
        {
            Actor = AuditActor.Person(user.Id, user.Email), SubjectType = "user", SubjectId = user.Id.ToString(), SubjectName = user.Email,
        }, ct);
        await transaction.CommitAsync(ct);
        await throttle.ForgetAsync(user.NormalizedEmail, ct);
    }
}
