using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>A new or refreshed session with its tokens.</summary>
public sealed record Session(User User, Guid SessionId, string AccessToken, TimeSpan ExpiresIn, string RefreshToken);

/// <summary>Signs in, refreshes sessions and changes the own password.</summary>
public sealed class SignIn(
    UserDatabase database, PasswordHashing passwords, SignInThrottle throttle, UserSessions sessions, AccessTokens accessTokens, AccountMails mails, AuditLog audit, TimeProvider time)
{
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.InvalidCredentials"/>, with the same answer and duration whether the account is missing or
    /// inactive or the password is wrong; <see cref="ErrorCodes.TooManyAttempts"/> while the e-mail or network address is locked.
    /// </exception>
    public async Task<Session> WithPasswordAsync(string email, string password, ClientOrigin origin, CancellationToken cancellation)
    {
        // Text that is not an address takes the same path as an address without an account.
        var normalised = EmailAddress.TryNormalise(email, out var valid) ? valid : email;
        await throttle.RequireUnlockedAsync(normalised, origin.Address, cancellation);
        var user = await database.Users.AsNoTracking().FirstOrDefaultAsync(u => u.NormalizedEmail == normalised, cancellation);
        var check = await passwords.VerifyAsync(user?.PasswordHash, password, cancellation);
        if (user is not { IsActive: true } || !check.Fits)
        {
            await throttle.RecordFailureAsync(normalised, origin.Address, cancellation);
            await audit.AppendAsync(new AuditEvent("session.sign_in", AuditResult.Denied)
            {
                Actor = AuditActor.Stranger(normalised), SubjectType = "user", SubjectId = user?.Id.ToString(), SubjectName = user?.Email, Code = ErrorCodes.InvalidCredentials.Code,
            }, cancellation);
            throw new ProblemException(ErrorCodes.InvalidCredentials);
        }
        // Simultaneous failed attempts may have locked the address since the first check.
        await throttle.RequireUnlockedAsync(normalised, origin.Address, cancellation);
        await throttle.ForgetAsync(normalised, cancellation);
        if (check.NeedsRehash)
        {
            var (old, now) = (user.PasswordHash, time.GetUtcNow());
            user.PasswordHash = await passwords.HashAsync(password, cancellation);
            await database.Users.Where(u => u.Id == user.Id && u.PasswordHash == old)
                .ExecuteUpdateAsync(set => set.SetProperty(u => u.PasswordHash, user.PasswordHash).SetProperty(u => u.UpdatedAt, now), cancellation);
        }
        var session = await BeginAsync(user, origin, cancellation);
        await audit.AppendAsync(About(user, "session.sign_in"), cancellation);
        return session;
    }

    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidRefreshToken"/>.</exception>
    public async Task<Session> WithRefreshTokenAsync(string token, ClientOrigin origin, CancellationToken cancellation)
    {
        var rotation = await sessions.RotateAsync(token, origin, cancellation);
        if (rotation.ReusedOf is { } owner)
        {
            var known = await database.Users.AsNoTracking().FirstAsync(u => u.Id == owner, cancellation);
            await audit.AppendAsync(About(known, "session.reuse_refresh_token") with { Actor = AuditActor.Stranger(), Result = AuditResult.Denied, Code = ErrorCodes.InvalidRefreshToken.Code }, cancellation);
        }
        if (rotation.Next is not { } next)
            throw new ProblemException(ErrorCodes.InvalidRefreshToken);
        var user = await database.Users.AsNoTracking().FirstOrDefaultAsync(u => u.Id == next.UserId, cancellation);
        if (user is { IsActive: true })
            return Answer(user, next);
        await sessions.EndAllAsync(next.UserId, cancellation);
        throw new ProblemException(ErrorCodes.InvalidRefreshToken);
    }

    /// <summary>Changes the password, ends every other session and begins a new one.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.ValidationFailed"/> for a wrong current password (counted like a failed sign-in),
    /// <see cref="ErrorCodes.WeakPassword"/>, <see cref="ErrorCodes.TooManyAttempts"/>.
    /// </exception>
    public async Task<Session> ChangePasswordAsync(Guid userId, string current, string wanted, ClientOrigin origin, CancellationToken cancellation)
    {
        var user = await database.Users.AsNoTracking().FirstOrDefaultAsync(u => u.Id == userId && u.IsActive, cancellation) ?? throw new ProblemException(ErrorCodes.Unauthenticated);
        await RequirePasswordAsync(user, current, origin, cancellation);
        Passwords.RequireGood(wanted, user.NormalizedEmail, "newPassword", unlike: current);

        var hash = await passwords.HashAsync(wanted, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // When two changes run at the same time, the current password of the second one is wrong.
        if (!await Passwords.SetAsync(database, user, hash, time.GetUtcNow(), cancellation))
            throw NotTheCurrentPassword();
        await sessions.EndAllAsync(userId, cancellation);
        await MailedTokens.UseUpAsync(database, userId, time.GetUtcNow(), cancellation);
        var session = await BeginAsync(user, origin, cancellation);
        await mails.PasswordChangedAsync(user, cancellation);
        await audit.AppendAsync(About(user, "password.change"), cancellation);
        await transaction.CommitAsync(cancellation);
        await throttle.ForgetAsync(user.NormalizedEmail, cancellation);
        return session;
    }

    /// <summary>Requires the password for a sensitive change, because a token alone may be stolen.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.ValidationFailed"/> on <c>currentPassword</c>, counted like a failed sign-in; <see cref="ErrorCodes.TooManyAttempts"/>.
    /// </exception>
    public async Task RequirePasswordAsync(User user, string current, ClientOrigin origin, CancellationToken cancellation)
    {
        await throttle.RequireUnlockedAsync(user.NormalizedEmail, origin.Address, cancellation);
        if ((await passwords.VerifyAsync(user.PasswordHash, current, cancellation)).Fits)
            return;
        await throttle.RecordFailureAsync(user.NormalizedEmail, origin.Address, cancellation);
        throw NotTheCurrentPassword();
    }

    /// <summary>Begins a session of an authenticated person.</summary>
    public async Task<Session> BeginAsync(User user, ClientOrigin origin, CancellationToken cancellation) =>
        Answer(user, await sessions.BeginAsync(user, origin, cancellation));

    private static ProblemException NotTheCurrentPassword() => new(ErrorCodes.ValidationFailed, "This is not the current password.", "currentPassword");

    private static AuditEvent About(User user, string action) => new(action)
    {
        Actor = AuditActor.Person(user.Id, user.Email), SubjectType = "user", SubjectId = user.Id.ToString(), SubjectName = user.Email,
    };

    private Session Answer(User user, RefreshableSession session) =>
        new(user, session.SessionId, accessTokens.Issue(user, session.SessionId), accessTokens.Lifetime, session.RefreshToken);
}

/// <summary>Checks and stores new passwords.</summary>
internal static class Passwords
{
    /// <summary>Replaces the password; false when it has changed since the account was read.</summary>
    public static async Task<bool> SetAsync(UserDatabase database, User user, string hash, DateTimeOffset now, CancellationToken cancellation)
    {
        var changed = await database.Users.Where(u => u.Id == user.Id && u.PasswordHash == user.PasswordHash).ExecuteUpdateAsync(
            set => set.SetProperty(u => u.PasswordHash, hash).SetProperty(u => u.MustChangePassword, false)
                .SetProperty(u => u.PasswordChangedAt, now).SetProperty(u => u.UpdatedAt, now), cancellation);
        user.MustChangePassword = false;
        user.PasswordChangedAt = now;
        return changed > 0;
    }

    /// <exception cref="ProblemException"><see cref="ErrorCodes.WeakPassword"/> with every reason.</exception>
    public static void RequireGood(string wanted, string normalisedEmail, string field, string? unlike = null)
    {
        var problems = wanted == unlike ? ["The new password must differ from the current one."] : PasswordRules.Check(wanted, normalisedEmail);
        if (problems.Count > 0)
            throw new ProblemException(ErrorCodes.WeakPassword, string.Join(" ", problems), new Dictionary<string, string[]> { [field] = [.. problems] });
    }
}
