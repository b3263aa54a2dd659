using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Secrets;

namespace VisionPlatform.Api.Http;

/// <summary>
/// The transaction in which a POST makes something. With an <c>Idempotency-Key</c> the answer is kept in the same
/// transaction: a second request with that key (same caller, same address) gets it again and makes nothing, and there is no
/// moment at which a crash leaves the one without the other. Failures are not kept: they made nothing and may be tried again.
/// </summary>
/// <remarks>
/// What is kept is encrypted under the caller's key, of which only a hash is stored, because answers hold secrets that are shown once.
/// </remarks>
public sealed class Creation : IAsyncDisposable
{
    public const string Header = "Idempotency-Key";
    public const string ReplayedHeader = "Idempotency-Replayed";

    /// <summary>How long an answer is kept.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(24);

    private const int MaximumKey = 255;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly DbContext _database;
    private readonly IDbContextTransaction _transaction;
    private readonly KeptRequest? _request;

    private Creation(DbContext database, IDbContextTransaction transaction, KeptRequest? request, IResult? earlier) =>
        (_database, _transaction, _request, Earlier) = (database, transaction, request, earlier);

    /// <summary>What the first request with this key was answered; return it and do nothing.</summary>
    public IResult? Earlier { get; }

    internal static async Task<Creation> BeginAsync(HttpRequest request, DbContext database, TimeProvider time, CancellationToken cancellation)
    {
        var kept = KeptRequest.Of(request, time);
        var transaction = await database.Database.BeginTransactionAsync(cancellation);
        try
        {
            return new Creation(database, transaction, kept, kept is null ? null : await EarlierAsync(kept, database, cancellation));
        }
        catch
        {
            await transaction.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes it lasting, together with its answer.</summary>
    public async Task<IResult> CommitAsync(Answer answer, CancellationToken cancellation)
    {
        if (_request is not null)
        {
            var (tag, body) = answer.Render();
            var sealedAnswer = _request.Seal(new KeptAnswer(answer.Status, answer.Location, tag, body));
            // Overwrite an expired answer under this key.
            await _database.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO idempotent_answers (key, fingerprint, answer, created_at) VALUES ({_request.Id}, {_request.Fingerprint}, {sealedAnswer}, {_request.Now})
                ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, answer = excluded.answer, created_at = excluded.created_at
                """, cancellation);
        }
        await _transaction.CommitAsync(cancellation);
        return answer;
    }

    public ValueTask DisposeAsync() => _transaction.DisposeAsync();

    private static async Task<IResult?> EarlierAsync(KeptRequest request, DbContext database, CancellationToken cancellation)
    {
        // Held until the transaction ends, by commit or by crash. Two statements: the second must see what the first waited for.
        var free = await database.Database.SqlQuery<bool>($"SELECT pg_try_advisory_xact_lock({request.Lock}) AS \"Value\"").SingleAsync(cancellation);
        if (!free)
            throw new ProblemException(ErrorCodes.RequestInProgress) { RetryAfter = Patience };
        var since = request.Now - Memory;
        var earlier = await database.Set<IdempotentAnswer>().AsNoTracking().SingleOrDefaultAsync(answer => answer.Key == request.Id && answer.CreatedAt > since, cancellation);
        if (earlier is null)
            return null;
        if (!earlier.Fingerprint.AsSpan().SequenceEqual(request.Fingerprint))
            throw new ProblemException(ErrorCodes.IdempotencyKeyReused, $"The {Header} was used with another body.", Header);
        return new Replay(request.Open(earlier.Answer));
    }

    /// <summary>A request with an <c>Idempotency-Key</c>.</summary>
    private sealed record KeptRequest(byte[] Id, SealingKey Key, byte[] Fingerprint, DateTimeOffset Now)
    {
        public long Lock => BitConverter.ToInt64(Id);

        public static KeptRequest? Of(HttpRequest request, TimeProvider time)
        {
            if (!request.Headers.TryGetValue(Header, out var values))
                return null;
            var key = values.ToString();
            if (values.Count != 1 || key.Length is 0 or > MaximumKey || key.Any(c => c is <= ' ' or > '~'))
                throw new ProblemException(ErrorCodes.InvalidParameter, $"{Header} must be 1 to {MaximumKey} visible ASCII characters; a UUID is good.", Header);
            var scope = Encoding.UTF8.GetBytes($"{request.HttpContext.FindCurrentUser()?.Id}\n{request.Method} {request.Path}\n{key}");
            return new KeptRequest(SHA256.HashData(scope), SealingKey.Derive(scope, "idempotent answer"), request.BodyFingerprint(), time.GetUtcNow());
        }

        public byte[] Seal(KeptAnswer answer) => Key.Seal(JsonSerializer.SerializeToUtf8Bytes(answer));

        public KeptAnswer Open(ReadOnlySpan<byte> content) =>
            JsonSerializer.Deserialize<KeptAnswer>(Key.Open(content) ?? throw new CryptographicException("A kept answer does not open under the key that it is kept for."))!;
    }

    private sealed record KeptAnswer(int Status, string? Location, string? Tag, byte[]? Body);

    private sealed class Replay(KeptAnswer answer) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers[ReplayedHeader] = "true";
            return Answer.WriteAsync(httpContext, answer.Status, answer.Location, answer.Tag, answer.Body);
        }
    }
}

public static class CreationExtensions
{
    /// <summary>
    /// Begins the transaction of a POST that makes something. Read the body first; return <see cref="Creation.Earlier"/>
    /// if there is one; end with <see cref="Creation.CommitAsync"/>, and only then start what goes on after the answer.
    /// </summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.InvalidParameter"/> for a key that is none, <see cref="ErrorCodes.IdempotencyKeyReused"/> for another body,
    /// <see cref="ErrorCodes.RequestInProgress"/> while the first request with the key still runs.
    /// </exception>
    public static Task<Creation> BeginCreationAsync(this HttpRequest request, DbContext database, TimeProvider time, CancellationToken cancellation) =>
        Creation.BeginAsync(request, database, time, cancellation);
}
