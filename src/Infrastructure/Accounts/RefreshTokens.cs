using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>
/// Opaque tokens that buy a new access token once. Each use gives out the next one of the same family; a second use of
/// one means that two parties hold it, so the whole family ends.
/// </summary>
public sealed class RefreshTokens(UserDatabase database, AccountSettings settings, TimeProvider clock)
{
    private const int TokenBytes = 32;

    /// <summary>The first token of a new family.</summary>
    public Task<string> BeginFamilyAsync(Guid userId, CancellationToken ct) => AddAsync(userId, Guid.CreateVersion7(), ct);

    /// <summary>
    /// Uses a token up and gives the next of its family with the account it belongs to; null when it is unknown, expired,
    /// revoked or used before.
    /// </summary>
    public async Task<(Guid UserId, string Next)?> RotateAsync(string token, CancellationToken ct)
    {
        var hash = HashOf(token);
        var now = clock.GetUtcNow();
        await using var transaction = await database.Database.BeginTransactionAsync(ct);
        // One statement decides between two uses at the same moment.
        var used = (await database.RefreshTokens.FromSql(
            $"""
            UPDATE refresh_tokens SET used_at = {now}
            WHERE token_hash = {hash} AND used_at IS NULL AND revoked_at IS NULL AND expires_at > {now}
            RETURNING *
            """).AsNoTracking().ToListAsync(ct)).SingleOrDefault();
        if (used is null)
        {
            await EndFamilyOfUsedAsync(hash, now, ct);
            await transaction.CommitAsync(ct);
            return null;
        }
        var next = await AddAsync(used.UserId, used.FamilyId, ct);
        await transaction.CommitAsync(ct);
        return (used.UserId, next);
    }

    /// <summary>Ends every session of an account.</summary>
    public Task RevokeAllAsync(Guid userId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return database.RefreshTokens.Where(t => t.UserId == userId && t.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(t => t.RevokedAt, now), ct);
    }

    /// <summary>Deletes tokens that have been useless for a day.</summary>
    public Task<int> PurgeAsync(CancellationToken ct)
    {
        var before = clock.GetUtcNow() - TimeSpan.FromDays(1);
        return database.RefreshTokens.Where(t => t.ExpiresAt < before).ExecuteDeleteAsync(ct);
    }

    private Task<int> EndFamilyOfUsedAsync(byte[] hash, DateTimeOffset now, CancellationToken ct) =>
        database.Database.ExecuteSqlAsync(
            $"""
            UPDATE refresh_tokens SET revoked_at = {now}
            WHERE revoked_at IS NULL
              AND family_id = (SELECT family_id FROM refresh_tokens WHERE token_hash = {hash} AND used_at IS NOT NULL)
            """, ct);

    private async Task<string> AddAsync(Guid userId, Guid familyId, CancellationToken ct)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        var now = clock.GetUtcNow();
        database.RefreshTokens.Add(new RefreshToken
        {
            UserId = userId,
            FamilyId = familyId,
            TokenHash = HashOf(token),
            CreatedAt = now,
            ExpiresAt = now + settings.RefreshTokenLifetime,
        });
        await database.SaveChangesAsync(ct);
        return token;
    }

    // The token is 256 random bits: a plain hash cannot be searched, and it has to be found by it.
    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
