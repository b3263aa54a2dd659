using Npgsql;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>Two engines under <see cref="MixedLoad"/> whose database, and the network to it, fail in every way a seed chooses.</summary>
internal sealed class DatabaseFaults(RestartablePostgres server, string database, FaultyNetwork network, int seed) : IAsyncDisposable
{
    private readonly string _hub = $"faults-{Guid.NewGuid():N}";
    private readonly Random _random = new(seed);
    private readonly List<string> _done = [];
    private readonly List<TestEngine> _engines = [];

    public async Task<SoakReport> RunAsync(int rounds, int atOnce, CancellationToken cancellation)
    {
        await Effects.CreateTablesAsync(database);
        await using var effects = new Effects(database, _hub);
        TestFunctions functions = MixedLoad.Functions(effects);
        for (int i = 0; i < 2; i++)
            _engines.Add(await TestEngine.StartAsync(network.ConnectionString, _hub, functions, options =>
                (options.MaxConcurrentActivities, options.LeaseDuration) = (8, TimeSpan.FromSeconds(2))));
        await using TestEngine client = await TestEngine.StartAsync(network.ConnectionString, _hub, functions, start: false);
        var driver = new LoadDriver(client.Client, seed);
        using var startNoMore = new CancellationTokenSource();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);

        Task load = driver.RunAsync(atOnce, startNoMore.Token, limit.Token);
        int first = _random.Next(7);
        for (int round = 0; round < rounds; round++)
        {
            await Task.Delay(_random.Next(50, 300), cancellation);
            await FailAsync((first + round) % 7);
        }

        await startNoMore.CancelAsync();
        limit.CancelAfter(Eventually.Limit);
        await load;
        foreach (TestEngine engine in _engines)
            await engine.StopAsync();
        List<string> problems =
        [
            .. driver.Problems,
            .. await HubCheck.ProblemsAsync(database, _hub),
            .. _engines.SelectMany(engine => engine.Log).Where(line => line.StartsWith("Error", StringComparison.Ordinal)),
        ];
        return new SoakReport($"database faults: seed {seed}; {string.Join(", ", _done)}; {driver.Ended} instances ended as they must", problems);
    }

    public async ValueTask DisposeAsync()
    {
        network.LosesAnswerOfEvery = 0;
        network.Refuse(false);
        network.Resume();
        foreach (TestEngine engine in _engines)
            await engine.DisposeAsync();
    }

    private async Task FailAsync(int kind)
    {
        switch (kind)
        {
            case 0:
                _done.Add("crash");
                await server.CrashAsync();
                await Task.Delay(_random.Next(300));
                await server.StartAsync();
                break;
            case 1:
                _done.Add("connections terminated");
                await TerminateConnectionsAsync();
                break;
            case 2:
                _done.Add("network cut");
                network.Cut();
                break;
            case 3:
                _done.Add("network away");
                network.Refuse(true);
                await Task.Delay(_random.Next(700));
                network.Refuse(false);
                break;
            case 4:
                _done.Add("network stalled and on again");
                network.Stall();
                await Task.Delay(_random.Next(1000));
                network.Resume();
                break;
            case 5:
                _done.Add("network stalled and cut");
                network.Stall();
                await Task.Delay(_random.Next(700));
                network.Cut();
                network.Resume();
                break;
            case 6:
                _done.Add("answers lost");
                int before = network.AnswersLost;
                network.LosesAnswerOfEvery = 11;
                await Eventually.TrueAsync(() => network.AnswersLost > before + 2);
                network.LosesAnswerOfEvery = 0;
                break;
        }
    }

    private async Task TerminateConnectionsAsync()
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'durable-engine'", connection);
        await command.ExecuteScalarAsync();
    }
}
