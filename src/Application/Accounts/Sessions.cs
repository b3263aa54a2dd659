using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>Where somebody signs in from.</summary>
/// <param name="Address">IP address.</param>
/// <param name="Client">The program, as it calls itself.</param>
public sealed record ClientOrigin(string? Address, string? Client);

/// <summary>A session and the refresh token that continues it, once.</summary>
public sealed record RefreshableSession(Guid UserId, Guid SessionId, string RefreshToken);

/// <summary>How the use of a refresh token ended.</summary>
/// <param name="Next">The next token; null when it was refused.</param>
/// <param name="ReusedOf">Whose session was ended because the token had been used before.</param>
public readonly record struct Rotation(RefreshableSession? Next, Guid? ReusedOf);

/// <summary>
/// Sign-ins and the opaque tokens that continue them. Each use of a refresh token gives out the next one; a second use of
/// one means that two parties hold it, so the session ends. An ended session refuses its access tokens at once.
/// </summary>
public sealed class Sessions(UserDatabase database, AccountSettings settings, TimeProvider time)
{
    private static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(1);

    public async Task<RefreshableSession> BeginAsync(Guid userId, ClientOrigin origin, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var session = new UserSession
        {
            UserId = userId,
            CreatedAt = now,
            LastUsedAt = now,
            ExpiresAt = now + settings.RefreshTokenLifetime,
            Client = Storable(origin.Client),
            Address = origin.Address,
        };
        database.Sessions.Add(session);
        return await AddTokenAsync(userId, session.Id, now, cancellation);
    }

    /// <summary>Uses a refresh token up and gives the next; refused when it is unknown, expired or used, or its session has ended.</summary>
    public async Task<Rotation> RotateAsync(string token, ClientOrigin origin, CancellationToken cancellation)
    {
        var hash = SecretToken.HashOf(token);
        var now = time.GetUtcNow();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // One statement decides between two uses at the same moment.
        var used = (await database.RefreshTokens.FromSql(
            $"""
            UPDATE refresh_tokens t SET used_at = {now}
            FROM sessions s
            WHERE t.token_hash = {hash} AND t.used_at IS NULL AND t.expires_at > {now} AND s.id = t.session_id AND s.ended_at IS NULL
            RETURNING t.*
            """).AsNoTracking().ToListAsync(cancellation)).SingleOrDefault();
        if (used is null)
        {
            var reused = await EndSessionOfUsedAsync(hash, now, cancellation);
            await transaction.CommitAsync(cancellation);
            return new(null, reused);
        }
        await database.Database.ExecuteSqlAsync(
            $"UPDATE sessions SET last_used_at = {now}, expires_at = {now + settings.RefreshTokenLifetime}, address = {origin.Address} WHERE id = {used.SessionId}", cancellation);
        var next = await AddTokenAsync(used.UserId, used.SessionId, now, cancellation);
        await transaction.CommitAsync(cancellation);
        return new(next, null);
    }

    /// <summary>Ends one session of an account; false when it has no such session that goes on.</summary>
    public async Task<bool> EndAsync(Guid userId, Guid sessionId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return await database.Sessions.Where(s => s.Id == sessionId && s.UserId == userId && s.EndedAt == null && s.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now), cancellation) > 0;
    }

    /// <summary>Ends every session of an account; how many.</summary>
    public Task<int> EndAllAsync(Guid userId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return database.Sessions.Where(s => s.UserId == userId && s.EndedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now), cancellation);
    }

    /// <summary>The sessions of an account that go on.</summary>
    public IQueryable<UserSession> Of(Guid userId)
    {
        var now = time.GetUtcNow();
        return database.Sessions.AsNoTracking().Where(s => s.UserId == userId && s.EndedAt == null && s.ExpiresAt > now);
    }

    /// <summary>Deletes sessions, with their tokens, that have been over for a day.</summary>
    public Task<int> PurgeAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - KeptAfterEnd;
        return database.Sessions.Where(s => s.ExpiresAt < before || s.EndedAt < before).ExecuteDeleteAsync(cancellation);
    }

    private async Task<Guid?> EndSessionOfUsedAsync(byte[] hash, DateTimeOffset now, CancellationToken cancellation) =>
        (await database.Sessions.FromSql(
            $"""
            UPDATE sessions SET ended_at = {now}
            WHERE ended_at IS NULL AND id = (SELECT session_id FROM refresh_tokens WHERE token_hash = {hash} AND used_at IS NOT NULL)
            RETURNING *
            """).AsNoTracking().ToListAsync(cancellation)).SingleOrDefault()?.UserId;

    private async Task<RefreshableSession> AddTokenAsync(Guid userId, Guid sessionId, DateTimeOffset now, CancellationToken cancellation)
    {
        var token = SecretToken.Create();
        database.RefreshTokens.Add(new RefreshToken
        {
            UserId = userId,
            SessionId = sessionId,
            TokenHash = SecretToken.HashOf(token),
            CreatedAt = now,
            ExpiresAt = now + settings.RefreshTokenLifetime,
        });
        await database.SaveChangesAsync(cancellation);
        return new RefreshableSession(userId, sessionId, token);
    }

    // A header may hold bytes that are no text.
    private static string? Storable(string? client)
    {
        if (client is null)
            return null;
        var text = string.Concat(client.EnumerateRunes().Where(rune => rune.Value >= ' ').Take(UserSession.MaximumClientLength / 2));
        return text.Length == 0 ? null : text;
    }
}
