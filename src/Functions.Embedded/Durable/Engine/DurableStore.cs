using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The engine's database and who it is there: its hub and, new at each start, its own id as owner of leases.</summary>
internal sealed class DurableStore : IAsyncDisposable
{
    private readonly ILogger<DurableStore> _logger;
    private readonly SemaphoreSlim _upgrade = new(1, 1);
    private volatile bool _upgraded;

    public DurableStore(IOptions<DurableEngineOptions> options, TimeProvider time, ILogger<DurableStore> logger)
    {
        _logger = logger;
        Outage = new DatabaseOutage(time, logger);
        Options = options.Value;
        if (Options.ConnectionString.Length == 0)
            throw new InvalidOperationException("The durable engine needs a database: set DURABLE_DATABASE_URL or DATABASE_URL.");

        var text = new NpgsqlConnectionStringBuilder(Options.ConnectionString);
        // ContainsKey says whether the keyword exists at all, not whether it was given.
        if (!text.ShouldSerialize("Maximum Pool Size"))
            text.MaxPoolSize = 15;
        if (!text.ShouldSerialize("Max Auto Prepare"))
            text.MaxAutoPrepare = 80;
        if (!text.ShouldSerialize("Auto Prepare Min Usages"))
            text.AutoPrepareMinUsages = 2;
        if (!text.ShouldSerialize("Application Name"))
            text.ApplicationName = "durable-engine";
        if (!text.ShouldSerialize("Cancellation Timeout"))
            text.CancellationTimeout = 500;
        // A peer that is gone without a word is noticed by the system, not only when something is asked of it.
        if (!text.ShouldSerialize("TCP Keepalive"))
            (text.TcpKeepAlive, text.TcpKeepAliveTime, text.TcpKeepAliveInterval) = (true, 15, 5);
        // What is set once for a connection would be undone by a reset whenever it goes back to the pool.
        text.NoResetOnClose = true;
        var source = new NpgsqlDataSourceBuilder(text.ConnectionString);
        source.UsePhysicalConnectionInitializer(SetUp, SetUpAsync);
        Database = source.Build();
    }

    public DurableEngineOptions Options { get; }

    public NpgsqlDataSource Database { get; }

    /// <summary>Whether the engine waits for its database.</summary>
    public DatabaseOutage Outage { get; }

    public string Hub => Options.HubName;

    public Guid Owner { get; } = Guid.NewGuid();

    /// <summary>A connection to a database whose schema is up to date.</summary>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellation)
    {
        if (!_upgraded)
            await UpgradeAsync(cancellation);
        return await Database.OpenConnectionAsync(cancellation);
    }

    /// <summary>A statement that takes activity calls by their keys ($2, $3, $4), and more parameters after them.</summary>
    public NpgsqlBatchCommand KeysOf(string sql, IReadOnlyCollection<ActivityKey> keys, params ReadOnlySpan<object> more) => sql.ToCommand(
        [Hub, keys.Column(k => k.InstanceId), keys.Column(k => k.ExecutionId), keys.Column(k => k.TaskId), .. more]);

    public async Task UpgradeAsync(CancellationToken cancellation)
    {
        await _upgrade.WaitAsync(cancellation);
        try
        {
            if (_upgraded)
                return;
            await DurableSchema.UpgradeAsync(Database, _logger, cancellation);
            _upgraded = true;
        }
        finally
        {
            _upgrade.Release();
        }
    }

    private static void SetUp(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(ConnectionSql.Configure, connection);
        command.ExecuteNonQuery();
    }

    private static async Task SetUpAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(ConnectionSql.Configure, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _upgrade.Dispose();
        await Database.DisposeAsync();
    }

    /// <summary>Whether the same statement may work a moment later: the database is away, restarting, or two transactions were in each other's way.</summary>
    public static bool IsTransient(Exception error) =>
        error is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure } || IsUnavailable(error);

    /// <summary>Whether the database cannot be reached or cannot serve now.</summary>
    public static bool IsUnavailable(Exception error) => error switch
    {
        // 57P..: shutdown and restart; 08...: connection; 53...: out of connections, memory or disk; 25006: a standby, before it takes over;
        // 55P03, 57014: a lock or an answer took longer than somebody allowed.
        PostgresException refused => refused.SqlState.StartsWith("57P", StringComparison.Ordinal)
            || refused.SqlState.StartsWith("08", StringComparison.Ordinal)
            || refused.SqlState.StartsWith("53", StringComparison.Ordinal)
            || refused.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled,
        NpgsqlException or SocketException or IOException or TimeoutException => true,
        _ => false,
    };
}
