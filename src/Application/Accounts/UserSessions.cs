using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Accounts;

/// <summary>Where a request comes from.</summary>
/// <param name="Address">IP address.</param>
/// <param name="Client">The program, from its <c>User-Agent</c> header.</param>
public sealed record ClientOrigin(string? Address, string? Client);

/// <summary>A session and the refresh token that continues it. The token works once.</summary>
public sealed record RefreshableSession(Guid UserId, Guid SessionId, string RefreshToken);

/// <summary>Result of using a refresh token.</summary>
/// <param name="Next">The next token; null when the token was refused.</param>
/// <param name="ReusedOf">Account whose session was ended because the token had been used before; null otherwise.</param>
public readonly record struct Rotation(RefreshableSession? Next, Guid? ReusedOf);

/// <summary>
/// Begins, continues and ends sessions. Each use of a refresh token returns the next one. A second use of the same token means that two
/// parties hold it, so the session ends. The exception is <see cref="RetryWindow"/>: the same client may repeat a refresh, because its two tabs
/// refresh at the same time, or because it did not get the answer. When a session ends, its access tokens stop working at once.
/// </summary>
public sealed class UserSessions(UserDatabase database, AccountSettings settings, AuditLog audit, TimeProvider time)
{
    /// <summary>For how long after a refresh the same client, by network address and program, may repeat it.</summary>
    public static readonly TimeSpan RetryWindow = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(1);

    /// <summary>Begins a session, in the caller's transaction if there is one.</summary>
    /// <param name="user">The account whose password was verified.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidCredentials"/> if the account was deactivated or got another password since it was read.</exception>
    public async Task<RefreshableSession> BeginAsync(User user, ClientOrigin origin, CancellationToken cancellation)
    {
        await using var transaction = database.Database.CurrentTransaction is null ? await database.Database.BeginTransactionAsync(cancellation) : null;
        if (!await database.ShareAccountAsync(user.Id, user.PasswordChangedAt, cancellation))
            throw new ProblemException(ErrorCodes.InvalidCredentials);
        var now = time.GetUtcNow();
        var session = new UserSession
        {
            UserId = user.Id,
            CreatedAt = now,
            LastUsedAt = now,
            ExpiresAt = now + settings.RefreshTokenLifetime,
            Client = Storable(origin.Client),
            Address = origin.Address,
        };
        database.Sessions.Add(session);
        var begun = await AddTokenAsync(user.Id, session.Id, now, cancellation);
        if (transaction is not null)
            await transaction.CommitAsync(cancellation);
        return begun;
    }

    /// <summary>Exchanges a refresh token for the next one. Refuses a token that is unknown, expired or used, or whose session has ended.</summary>
    public async Task<Rotation> RotateAsync(string token, ClientOrigin origin, CancellationToken cancellation)
    {
        var hash = SecretToken.HashOf(token);
        var now = time.GetUtcNow();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // First the account, as everywhere: the new token refers to it, and a deactivation holds it while it ends the sessions.
        await database.Database.ExecuteSqlAsync($"SELECT FROM users u JOIN refresh_tokens t ON t.user_id = u.id WHERE t.token_hash = {hash} FOR KEY SHARE OF u", cancellation);
        // One statement, so that only one of two simultaneous uses succeeds.
        var used = (await database.RefreshTokens.FromSql(
            $"""
            UPDATE refresh_tokens t SET used_at = {now}
            FROM sessions s
            WHERE t.token_hash = {hash} AND t.used_at IS NULL AND t.expires_at > {now} AND s.id = t.session_id AND s.ended_at IS NULL
            RETURNING t.*
            """).AsNoTracking().ToListAsync(cancellation)).SingleOrDefault() ?? await FindRepeatedAsync(hash, origin, now, cancellation);
        if (used is null)
        {
            var reused = await EndSessionOfUsedAsync(hash, now, cancellation);
            if (reused is { } owner)
                await database.NotifyAccessChangedAsync(owner, cancellation);
            await transaction.CommitAsync(cancellation);
            return new(null, reused);
        }
        await database.Database.ExecuteSqlAsync(
            $"UPDATE sessions SET last_used_at = {now}, expires_at = {now + settings.RefreshTokenLifetime}, address = {origin.Address} WHERE id = {used.SessionId}", cancellation);
        var next = await AddTokenAsync(used.UserId, used.SessionId, now, cancellation);
        await transaction.CommitAsync(cancellation);
        return new(next, null);
    }

    /// <summary>Ends the session that the caller uses. Does nothing to a session that has ended already.</summary>
    public async Task SignOutAsync(Guid userId, Guid sessionId, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await EndOneAsync(userId, sessionId, cancellation);
        await audit.AppendAsync(About("session.sign_out", sessionId), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Ends every session of the caller.</summary>
    public async Task SignOutEverywhereAsync(Guid userId, string email, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var ended = await EndAllAsync(userId, cancellation);
        await audit.AppendAsync(new AuditEvent("session.sign_out_everywhere")
        {
            SubjectType = "user", SubjectId = userId.ToString(), SubjectName = email, Details = new Dictionary<string, object?> { ["sessions"] = ended },
        }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Ends one active session of an account.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> when the account has no such session.</exception>
    public async Task EndAsync(Guid userId, Guid sessionId, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        if (!await EndOneAsync(userId, sessionId, cancellation))
            throw new ProblemException(ErrorCodes.NotFound, "You have no such session.");
        await audit.AppendAsync(About("session.end", sessionId), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Ends every session of an account, in the caller's transaction and without an audit entry. Returns how many.</summary>
    public async Task<int> EndAllAsync(Guid userId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await database.NotifyAccessChangedAsync(userId, cancellation);
        return await database.Sessions.Where(s => s.UserId == userId && s.EndedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now), cancellation);
    }

    /// <summary>The active sessions of an account.</summary>
    public IQueryable<UserSession> Of(Guid userId)
    {
        var now = time.GetUtcNow();
        return database.Sessions.AsNoTracking().Where(s => s.UserId == userId && s.EndedAt == null && s.ExpiresAt > now);
    }

    /// <summary>Deletes sessions, with their tokens, a day after they ended or expired. Returns how many.</summary>
    public Task<int> PurgeAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - KeptAfterEnd;
        return database.Sessions.Where(s => s.ExpiresAt < before || s.EndedAt < before).ExecuteDeleteAsync(cancellation);
    }

    private static AuditEvent About(string action, Guid sessionId) => new(action) { SubjectType = "session", SubjectId = sessionId.ToString() };

    private async Task<bool> EndOneAsync(Guid userId, Guid sessionId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await database.NotifyAccessChangedAsync(userId, cancellation);
        return await database.Sessions.Where(s => s.Id == sessionId && s.UserId == userId && s.EndedAt == null && s.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now), cancellation) > 0;
    }

    /// <summary>A token that the same client has used a moment ago. Its further successors are as valid as the first.</summary>
    private async Task<RefreshToken?> FindRepeatedAsync(byte[] hash, ClientOrigin origin, DateTimeOffset now, CancellationToken cancellation)
    {
        var (client, since) = (Storable(origin.Client), now - RetryWindow);
        return (await database.RefreshTokens.FromSql(
            $"""
            SELECT t.* FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
            WHERE t.token_hash = {hash} AND t.used_at > {since} AND t.expires_at > {now} AND s.ended_at IS NULL
              AND s.client IS NOT DISTINCT FROM {client}::text AND s.address IS NOT DISTINCT FROM {origin.Address}::text
            FOR UPDATE OF s
            """).AsNoTracking().ToListAsync(cancellation)).SingleOrDefault();
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

    // Postgres does not store NUL, and a header can contain it. Other control characters go too.
    private static string? Storable(string? client)
    {
        if (client is null)
            return null;
        var text = string.Concat(client.EnumerateRunes().Where(rune => rune.Value >= ' ').Take(UserSession.MaximumClientLength / 2));
        return text.Length == 0 ? null : text;
    }
}
