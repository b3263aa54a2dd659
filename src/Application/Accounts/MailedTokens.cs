using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>Tokens in mails. Reading one does not use it up; doing what it is for does, once.</summary>
internal static class MailedTokens
{
    /// <summary>The unused, unexpired token of this text and purpose; null when there is none.</summary>
    public static Task<MailedToken?> FindAsync(UserDatabase database, string token, MailedTokenPurpose purpose, DateTimeOffset now, CancellationToken cancellation)
    {
        var hash = SecretToken.HashOf(token);
        return database.MailedTokens.AsNoTracking().FirstOrDefaultAsync(t => t.TokenHash == hash && t.Purpose == purpose && t.UsedAt == null && t.ExpiresAt > now, cancellation);
    }

    /// <summary>Uses a token up; false when somebody else just did.</summary>
    public static async Task<bool> UseAsync(UserDatabase database, Guid id, DateTimeOffset now, CancellationToken cancellation) =>
        await database.MailedTokens.Where(t => t.Id == id && t.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(t => t.UsedAt, now), cancellation) > 0;

    /// <summary>Makes every link that was mailed to an account useless.</summary>
    public static Task UseUpAsync(UserDatabase database, Guid userId, DateTimeOffset now, CancellationToken cancellation) =>
        database.MailedTokens.Where(t => t.UserId == userId && t.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(t => t.UsedAt, now), cancellation);

    /// <summary>Removes tokens that have expired; how many.</summary>
    public static Task<int> PurgeAsync(UserDatabase database, DateTimeOffset now, CancellationToken cancellation) =>
        database.MailedTokens.Where(token => token.ExpiresAt < now).ExecuteDeleteAsync(cancellation);
}
