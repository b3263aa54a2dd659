using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The engine's database, its hub there, and its id as the owner of leases, which is new at each start.</summary>
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
        // ContainsKey would be true for every keyword that Npgsql knows, set or not.
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
        // The system notices a dead peer by itself, not only when a query is sent.
        if (!text.ShouldSerialize("TCP Keepalive"))
            (text.TcpKeepAlive, text.TcpKeepAliveTime, text.TcpKeepAliveInterval) = (true, 15, 5);
        // A reset, whenever a connection goes back to the pool, would undo its settings.
        text.NoResetOnClose = true;
        var source = new NpgsqlDataSourceBuilder(text.ConnectionString) { Name = "durable" };
        source.UsePhysicalConnectionInitializer(SetUp, SetUpAsync);
        // The engine's own loops belong to no trace.
        source.ConfigureTracing(tracing => tracing
            .ConfigureCommandFilter(_ => Activity.Current is not null).ConfigureBatchFilter(_ => Activity.Current is not null).EnablePhysicalOpenTracing(false));
        Database = source.Build();
    }

    public DurableEngineOptions Options { get; }

    public NpgsqlDataSource Database { get; }

    /// <summary>The database's outage, if there is one.</summary>
    public DatabaseOutage Outage { get; }

    public string Hub => Options.HubName;

    public Guid Owner { get; } = Guid.NewGuid();

    /// <summary>Opens a connection, and upgrades the schema before the first.</summary>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellation)
    {
        if (!_upgraded)
            await UpgradeAsync(cancellation);
        return await Database.OpenConnectionAsync(cancellation);
    }

    /// <summary>A command for activity calls by their keys ($2, $3, $4), with more parameters after them.</summary>
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

    /// <summary>Whether the same statement may succeed a moment later: the database is unavailable, or two transactions were in each other's way.</summary>
    public static bool IsTransient(Exception error) =>
        error is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure } || IsUnavailable(error);

    /// <summary>Whether the database cannot be reached or cannot serve requests now.</summary>
    public static bool IsUnavailable(Exception error) => error switch
    {
        // 57P..: shutdown and restart; 08...: connection; 53...: out of connections, memory or disk; 25006: a standby that is not promoted yet;
        // 55P03, 57014: a lock or an answer took longer than a timeout.
        PostgresException refused => refused.SqlState.StartsWith("57P", StringComparison.Ordinal)
            || refused.SqlState.StartsWith("08", StringComparison.Ordinal)
            || refused.SqlState.StartsWith("53", StringComparison.Ordinal)
            || refused.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled,
        NpgsqlException or SocketException or IOException or TimeoutException => true,
        _ => false,
    };
}
