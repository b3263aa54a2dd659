using System.Runtime.CompilerServices;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Says what an orchestration waits for, and whether the orchestrations in flight can go on with a build's code. It reads the database and replays
/// histories in memory; it takes no lease and writes nothing, so it may run beside the app or before a deployment.
/// </summary>
public sealed class HubInspector : IAsyncDisposable
{
    private const int PageSize = 100;

    private readonly NpgsqlDataSource _database;
    private readonly string _hub;
    private readonly IDurableFunctions _functions;
    private readonly DataConverter _converter;
    private readonly bool _ownsDatabase;

    internal HubInspector(DurableStore store, IDurableFunctions functions, DataConverter converter)
        : this(store.Database, store.Hub, functions, converter)
    {
    }

    private HubInspector(NpgsqlDataSource database, string hub, IDurableFunctions functions, DataConverter converter, bool ownsDatabase = false) =>
        (_database, _hub, _functions, _converter, _ownsDatabase) = (database, hub, functions, converter, ownsDatabase);

    /// <summary>Opens the hub that the settings name: <c>DURABLE_DATABASE_URL</c> or <c>DATABASE_URL</c>.</summary>
    /// <param name="configuration">The settings.</param>
    /// <param name="hub">Name of the hub, as in host.json.</param>
    /// <param name="code">The build to replay with.</param>
    /// <exception cref="InvalidOperationException">No database is set.</exception>
    public static HubInspector Open(IConfiguration configuration, string hub, OrchestratorCode code)
    {
        var options = new DurableEngineOptions();
        DurableEngineOptions.Read(configuration, options);
        if (options.ConnectionString.Length == 0)
            throw new InvalidOperationException("The hub needs a database: set DURABLE_DATABASE_URL or DATABASE_URL.");
        return new HubInspector(NpgsqlDataSource.Create(options.ConnectionString), hub, new CodeOfBuild(code), code.Converter, ownsDatabase: true);
    }

    /// <summary>Explains one instance; null when the hub has none of this id.</summary>
    /// <exception cref="InvalidOperationException">The database has no tables of the engine.</exception>
    public async Task<InstanceExplanation?> ExplainAsync(string instanceId, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        if (await ReadAsync(instanceId, cancellation) is not { } facts)
            return null;
        InstanceReplay replay = facts.Row.Status.IsFinal() ? new InstanceReplay([], null) : InstanceReplay.Of(facts.Row, facts.History, _functions, _converter);
        return new ExplanationWriter(facts, replay).Write();
    }

    /// <summary>Replays every instance that has not ended. Instances that end meanwhile are left out.</summary>
    /// <exception cref="InvalidOperationException">The database has no tables of the engine.</exception>
    public async IAsyncEnumerable<ReplayCheck> CheckReplaysAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        string last = "";
        List<(InstanceRow Row, IReadOnlyList<HistoryEvent> History)> page;
        do
        {
            page = await ReadUnfinishedAsync(last, cancellation);
            foreach ((InstanceRow row, IReadOnlyList<HistoryEvent> history) in page)
            {
                last = row.InstanceId;
                yield return new ReplayCheck(row.InstanceId, row.Name, InstanceReplay.Of(row, history, _functions, _converter).Problem);
            }
        }
        while (page.Count == PageSize);
    }

    /// <summary>Activities that orchestrations in flight have called and this build does not have.</summary>
    /// <exception cref="InvalidOperationException">The database has no tables of the engine.</exception>
    public async Task<IReadOnlyList<UnknownActivity>> UnknownActivitiesAsync(CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await _database.OpenConnectionAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(InspectionSql.CountActivities.ToCommand(_hub));
        await using NpgsqlDataReader reader = await ExecuteAsync(batch, cancellation);
        List<UnknownActivity> unknown = [];
        while (await reader.ReadAsync(cancellation))
        {
            if (!_functions.HasActivity(reader.GetString(0)))
                unknown.Add(new UnknownActivity(reader.GetString(0), reader.GetInt64(1)));
        }

        return unknown;
    }

    public async ValueTask DisposeAsync()
    {
        if (_ownsDatabase)
            await _database.DisposeAsync();
    }

    // One snapshot, so that what is read of the queue and of the history belongs together.
    private async Task<InstanceFacts?> ReadAsync(string instanceId, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await _database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellation);
        InstanceFacts facts;
        await using (NpgsqlBatch batch = connection.ToBatch(InspectionSql.ReadInstance.ToCommand(_hub, instanceId), InspectionSql.ReadHosts.ToCommand(_hub)))
        await using (NpgsqlDataReader reader = await ExecuteAsync(batch, cancellation))
        {
            if (!await reader.ReadAsync(cancellation))
                return null;
            facts = new InstanceFacts(
                InstanceFetcher.ReadRow(reader), reader.GetDateTime(14), Time(reader, 15), Time(reader, 16), reader.Uuid(17), reader.Text(18), reader.GetDateTime(19),
                [], [], new Dictionary<int, OpenCall>(), []);
            await reader.NextResultAsync(cancellation);
            List<HostFacts> hosts = [];
            while (await reader.ReadAsync(cancellation))
                hosts.Add(new HostFacts(reader.GetGuid(0), reader.GetFieldValue<string[]>(1).ToHashSet(), reader.GetDateTime(2), reader.GetBoolean(3)));
            facts = facts with { Hosts = hosts };
        }

        List<HistoryEvent> history = [];
        Dictionary<int, OpenCall> calls = [];
        List<StoredMessage> messages = [];
        await using (NpgsqlBatch batch = connection.ToBatch(
            HistoryOf([facts.Row]),
            InspectionSql.ReadActivities.ToCommand(_hub, instanceId, facts.Row.ExecutionId),
            InspectionSql.ReadMessages.ToCommand(_hub, instanceId, facts.Row.ExecutionId)))
        await using (NpgsqlDataReader reader = await ExecuteAsync(batch, cancellation))
        {
            while (await reader.ReadAsync(cancellation))
                history.Add(EventOf(reader));
            await reader.NextResultAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
                calls[reader.GetInt32(0)] = new OpenCall(reader.Uuid(1), reader.GetDateTime(2), reader.GetBoolean(3), reader.GetBoolean(4));
            await reader.NextResultAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                messages.Add(new StoredMessage(
                    Enum.Parse<EventKind>(reader.GetString(0)), reader.GetInt32(1), reader.Text(2), reader.GetDateTime(3), reader.GetBoolean(4)));
            }
        }

        string[] called = [.. history.Where(e => e.Kind == EventKind.SubOrchestrationCreated && e.Target is not null).Select(e => e.Target!)];
        return new InstanceFacts(facts.Row, facts.UpdatedAt, facts.StartAt, facts.ReadyAt, facts.LockedBy, facts.Failure, facts.Now, history, messages, calls, facts.Hosts)
        {
            Called = called.Length > 0 ? await ReadStatesAsync(connection, called, cancellation) : new Dictionary<string, InstanceState>(),
        };
    }

    private async Task<Dictionary<string, InstanceState>> ReadStatesAsync(NpgsqlConnection connection, string[] ids, CancellationToken cancellation)
    {
        await using NpgsqlBatch batch = connection.ToBatch(InspectionSql.ReadStates.ToCommand(_hub, ids));
        await using NpgsqlDataReader reader = await ExecuteAsync(batch, cancellation);
        Dictionary<string, InstanceState> states = [];
        while (await reader.ReadAsync(cancellation))
            states[reader.GetString(0)] = new InstanceState(reader.GetString(1), Enum.Parse<OrchestrationRuntimeStatus>(reader.GetString(2)), reader.GetDateTime(3));
        return states;
    }

    private async Task<List<(InstanceRow, IReadOnlyList<HistoryEvent>)>> ReadUnfinishedAsync(string after, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await _database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellation);
        List<InstanceRow> rows = [];
        await using (NpgsqlBatch batch = connection.ToBatch(InspectionSql.ListUnfinished.ToCommand(_hub, after, PageSize)))
        await using (NpgsqlDataReader reader = await ExecuteAsync(batch, cancellation))
        {
            while (await reader.ReadAsync(cancellation))
                rows.Add(InstanceFetcher.ReadRow(reader));
        }

        Dictionary<string, List<HistoryEvent>> histories = rows.ToDictionary(row => row.InstanceId, _ => new List<HistoryEvent>());
        await using (NpgsqlBatch batch = connection.ToBatch(HistoryOf(rows)))
        await using (NpgsqlDataReader reader = await ExecuteAsync(batch, cancellation))
        {
            while (await reader.ReadAsync(cancellation))
                histories[reader.GetString(0)].Add(EventOf(reader));
        }

        return [.. rows.Select(row => (row, (IReadOnlyList<HistoryEvent>)histories[row.InstanceId]))];
    }

    private NpgsqlBatchCommand HistoryOf(IReadOnlyCollection<InstanceRow> rows) => HistorySql.Read.ToCommand(
        _hub, rows.Column(row => row.InstanceId), rows.Column(row => row.ExecutionId), rows.Column(row => row.HistoryLength));

    private static HistoryEvent EventOf(NpgsqlDataReader reader) => new(Enum.Parse<EventKind>(reader.GetString(1)), reader.GetDateTime(2))
    {
        TaskId = reader.GetInt32(3),
        Name = reader.Text(4),
        Data = reader.Text(5),
        Target = reader.Text(6),
        FireAt = Time(reader, 7),
    };

    private static DateTime? Time(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDateTime(column);

    private static async Task<NpgsqlDataReader> ExecuteAsync(NpgsqlBatch batch, CancellationToken cancellation)
    {
        try
        {
            return await batch.ExecuteReaderAsync(cancellation);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            throw new InvalidOperationException("This database holds no orchestrations: no embedded host has ever used it.", error);
        }
    }

    /// <summary>A build's code as the engine calls it. Only replays use it, so nothing but orchestrators runs.</summary>
    private sealed class CodeOfBuild(OrchestratorCode code) : IDurableFunctions
    {
        private readonly HashSet<string> _orchestrators = new(code.Orchestrators, StringComparer.OrdinalIgnoreCase);
        private readonly HashSet<string> _activities = new(code.Activities, StringComparer.OrdinalIgnoreCase) { DurableHttpCalls.Activity };

        public IEnumerable<string> Orchestrators => _orchestrators;

        public IEnumerable<string> Activities => _activities;

        public IEnumerable<string> Entities => [];

        public bool HasOrchestrator(string name) => _orchestrators.Contains(name);

        public bool HasActivity(string name) => _activities.Contains(name);

        public bool HasEntity(string name) => false;

        public async Task<object?> RunOrchestratorAsync(string name, OrchestrationContext context)
        {
            await code.RunAsync(name, context);
            return null;
        }

        public Task<object?> RunActivityAsync(ActivityCall call, CancellationToken cancellation) => throw new NotSupportedException();

        public Task RunEntityAsync(string name, EntityBatch batch, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
