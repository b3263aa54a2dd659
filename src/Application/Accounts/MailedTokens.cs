using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>Reads and uses mailed tokens. A token can be read often and used once.</summary>
internal static class MailedTokens
{
    /// <summary>Finds the unused, unexpired token with this text and purpose; null when there is none.</summary>
    public static Task<MailedToken?> FindAsync(UserDatabase database, string token, MailedTokenPurpose purpose, DateTimeOffset now, CancellationToken cancellation)
    {
        var hash = SecretToken.HashOf(token);
        return database.MailedTokens.AsNoTracking().FirstOrDefaultAsync(t => t.TokenHash == hash && t.Purpose == purpose && t.UsedAt == null && t.ExpiresAt > now, cancellation);
    }

    /// <summary>Marks a token as used; false when another request has just used it.</summary>
    public static async Task<bool> UseAsync(UserDatabase database, Guid id, DateTimeOffset now, CancellationToken cancellation) =>
        await database.MailedTokens.Where(t => t.Id == id && t.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(t => t.UsedAt, now), cancellation) > 0;

    /// <summary>Invalidates all mailed links of an account.</summary>
    public static Task UseUpAsync(UserDatabase database, Guid userId, DateTimeOffset now, CancellationToken cancellation) =>
        database.MailedTokens.Where(t => t.UserId == userId && t.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(t => t.UsedAt, now), cancellation);

    /// <summary>Deletes expired tokens. Returns how many.</summary>
    public static Task<int> PurgeAsync(UserDatabase database, DateTimeOffset now, CancellationToken cancellation) =>
        database.MailedTokens.Where(token => token.ExpiresAt < now).ExecuteDeleteAsync(cancellation);
}
