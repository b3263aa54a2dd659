using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Limits;

/// <summary>What a shared bucket gave.</summary>
/// <param name="Tokens">Tokens that now belong to the process that asked; 0 if the bucket was empty.</param>
/// <param name="UntilFull">Time until the bucket is full again if nobody takes more. At most a minute.</param>
public sealed record BucketGrant(int Tokens, TimeSpan UntilFull);

/// <summary>
/// Token buckets in the user database that all instances of the app share. A bucket holds the tokens of one minute and refills steadily. A row
/// says when the bucket is full again, by the clock of the database; a bucket without a row is full. The table is unlogged: after a crash of
/// PostgreSQL all buckets are full.
/// </summary>
public sealed partial class SharedBuckets([FromKeyedServices(Databases.Users)] NpgsqlDataSource users, TimeProvider time, ILogger<SharedBuckets> logger)
{
    /// <summary>Time in which an empty bucket becomes full.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // $1 key, $2 tokens wanted, $3 seconds in which the bucket gains a token, $4 seconds of the window. The last digits of the times are rounded,
    // so a thousandth of a token may be missing.
    private const string Take =
        """
        INSERT INTO rate_buckets AS b (key, granted, full_at) VALUES ($1, $2, now() + make_interval(secs => $2 * $3))
        ON CONFLICT (key) DO UPDATE SET (granted, full_at) = (
            SELECT n, greatest(b.full_at, now()) + make_interval(secs => n * $3)
            FROM (SELECT greatest(0, least($2, floor(($4 - extract(epoch FROM greatest(b.full_at, now()) - now())::float8) / $3 + 0.001)))::int AS n) room)
        RETURNING granted, extract(epoch FROM full_at - now())::float8
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    private long _awayUntil = long.MinValue;

    /// <summary>Whether the database did not answer lately. While this is so it is not asked.</summary>
    public bool IsAway => time.GetTimestamp() < Volatile.Read(ref _awayUntil);

    /// <summary>Takes tokens out of a bucket, fewer than wanted if it holds no more. Null while the database does not answer.</summary>
    /// <param name="key">Names the bucket.</param>
    /// <param name="perMinute">Tokens that a full bucket holds.</param>
    /// <param name="wanted">At least 1, at most <paramref name="perMinute"/>.</param>
    public async Task<BucketGrant?> TakeAsync(byte[] key, int perMinute, int wanted)
    {
        if (IsAway)
            return null;
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            await using var command = users.CreateCommand(Take);
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = key });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = wanted });
            command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = Window.TotalSeconds / perMinute });
            command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = Window.TotalSeconds });
            await using var row = await command.ExecuteReaderAsync(limit.Token);
            await row.ReadAsync(limit.Token);
            return new BucketGrant(row.GetInt32(0), TimeSpan.FromSeconds(row.GetDouble(1)));
        }
        catch (Exception failure) when (failure is NpgsqlException or SocketException or TimeoutException or OperationCanceledException)
        {
            Volatile.Write(ref _awayUntil, time.GetTimestamp() + (long)(PauseAfterFailure.TotalSeconds * time.TimestampFrequency));
            CountsAlone(failure.Message);
            return null;
        }
    }

    /// <summary>Removes buckets that are full. Returns how many.</summary>
    public async Task<int> PurgeAsync(CancellationToken cancellation)
    {
        await using var command = users.CreateCommand("DELETE FROM rate_buckets WHERE full_at < now()");
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    [LoggerMessage(LogLevel.Warning, "The database did not count requests ({Reason}). This instance counts its own requests for some seconds.")]
    private partial void CountsAlone(string reason);
}
