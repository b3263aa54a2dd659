using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>What somebody gets who signs in.</summary>
public sealed record Session(User User, string AccessToken, TimeSpan ExpiresIn, string RefreshToken);

/// <summary>Signing in, staying signed in, and changing one's password.</summary>
public sealed class SignIn(
    UserDatabase database, PasswordHashing passwords, SignInThrottle throttle, RefreshTokens refreshTokens, AccessTokens accessTokens, TimeProvider clock)
{
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.InvalidCredentials"/>, the same and after the same time whether the account is missing,
    /// inactive or has another password; <see cref="ErrorCodes.TooManyAttempts"/> while the address is locked.
    /// </exception>
    public async Task<Session> WithPasswordAsync(string email, string password, CancellationToken ct)
    {
        // What is no address has no account, and is told so in the same way.
        var normalised = EmailAddress.TryNormalise(email, out var valid) ? valid : email;
        await throttle.RequireUnlockedAsync(normalised, ct);
        var user = await database.Users.FirstOrDefaultAsync(u => u.NormalizedEmail == normalised, ct);
        var check = await passwords.VerifyAsync(user?.PasswordHash, password, ct);
        if (user is not { IsActive: true } || !check.Fits)
        {
            await throttle.RecordFailureAsync(normalised, ct);
            throw new ProblemException(ErrorCodes.InvalidCredentials);
        }
        // Guesses sent in parallel with this one may have locked the address meanwhile.
        await throttle.RequireUnlockedAsync(normalised, ct);
        await throttle.ForgetAsync(normalised, ct);
        if (check.NeedsRehash)
        {
            user.PasswordHash = await passwords.HashAsync(password, ct);
            user.UpdatedAt = clock.GetUtcNow();
        }
        return Begin(user, await refreshTokens.BeginFamilyAsync(user.Id, ct));
    }

    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidRefreshToken"/>.</exception>
    public async Task<Session> WithRefreshTokenAsync(string token, CancellationToken ct)
    {
        if (await refreshTokens.RotateAsync(token, ct) is not { } rotated)
            throw new ProblemException(ErrorCodes.InvalidRefreshToken);
        var user = await database.Users.AsNoTracking().FirstAsync(u => u.Id == rotated.UserId, ct);
        if (user.IsActive)
            return Begin(user, rotated.Next);
        await refreshTokens.RevokeAllAsync(user.Id, ct);
        throw new ProblemException(ErrorCodes.InvalidRefreshToken);
    }

    /// <summary>Changes the password, ends every other session and begins a new one.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.ValidationFailed"/> when the current password does not fit (counted like a failed sign-in),
    /// <see cref="ErrorCodes.WeakPassword"/>, <see cref="ErrorCodes.TooManyAttempts"/>.
    /// </exception>
    public async Task<Session> ChangePasswordAsync(Guid userId, string current, string wanted, CancellationToken ct)
    {
        var user = await database.Users.FirstAsync(u => u.Id == userId, ct);
        await throttle.RequireUnlockedAsync(user.NormalizedEmail, ct);
        if (!(await passwords.VerifyAsync(user.PasswordHash, current, ct)).Fits)
        {
            await throttle.RecordFailureAsync(user.NormalizedEmail, ct);
            throw new ProblemException(ErrorCodes.ValidationFailed, "This is not the current password.", "currentPassword");
        }
        var problems = current == wanted
            ? ["Choose another password than the current one."]
            : PasswordRules.Check(wanted, user.NormalizedEmail);
        if (problems.Count > 0)
            throw new ProblemException(ErrorCodes.WeakPassword, string.Join(" ", problems), new Dictionary<string, string[]> { ["newPassword"] = [.. problems] });

        var hash = await passwords.HashAsync(wanted, ct);
        await using var transaction = await database.Database.BeginTransactionAsync(ct);
        user.PasswordHash = hash;
        user.MustChangePassword = false;
        user.PasswordChangedAt = user.UpdatedAt = clock.GetUtcNow();
        await refreshTokens.RevokeAllAsync(userId, ct);
        var refreshToken = await refreshTokens.BeginFamilyAsync(userId, ct);
        await transaction.CommitAsync(ct);
        await throttle.ForgetAsync(user.NormalizedEmail, ct);
        return Begin(user, refreshToken);
    }

    private Session Begin(User user, string refreshToken) => new(user, accessTokens.Issue(user), accessTokens.Lifetime, refreshToken);
}
