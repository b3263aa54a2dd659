using Npgsql;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>What a soak did and found.</summary>
internal sealed record SoakReport(string Summary, IReadOnlyList<string> Problems)
{
    public override string ToString() => string.Join(Environment.NewLine, [Summary, .. Problems]);
}

/// <summary>
/// Some processes on one hub under <see cref="MixedLoad"/>, killed at random and replaced by new ones. A few are halted for longer than a
/// lease and go on, or are stopped by SIGTERM, instead.
/// </summary>
internal sealed class KillSoak(string connectionString, int hosts, int kills, int atOnce, int seed)
{
    /// <summary>Longer than a lease of <see cref="EngineProcess"/>.</summary>
    private static readonly TimeSpan Halt = TimeSpan.FromSeconds(3);

    private readonly string _hub = $"soak-{Guid.NewGuid():N}";
    private readonly Random _random = new(seed);
    private readonly List<EngineProcess> _hosts = [];
    private readonly List<string> _problems = [];
    private readonly List<Task> _halted = [];
    private int _killed;
    private int _halts;
    private int _stops;

    public async Task<SoakReport> RunAsync(CancellationToken cancellation)
    {
        await Effects.CreateTablesAsync(connectionString);
        await using var effects = new Effects(connectionString, _hub);
        await using TestEngine client = await TestEngine.StartAsync(connectionString, _hub, MixedLoad.Functions(effects), start: false);
        var driver = new LoadDriver(client.Client, seed);
        using var startNoMore = new CancellationTokenSource();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            for (int i = 0; i < hosts; i++)
                _hosts.Add(EngineProcess.Start(connectionString, _hub));
            Task load = driver.RunAsync(atOnce, startNoMore.Token, limit.Token);
            while (_killed < kills && !cancellation.IsCancellationRequested)
                await DisturbAsync();

            await startNoMore.CancelAsync();
            limit.CancelAfter(Eventually.Limit);
            await load;
            await Task.WhenAll(_halted);
            foreach (EngineProcess host in _hosts.ToArray())
                await EndAsync(host, host.StopAsync());
        }
        finally
        {
            foreach (EngineProcess host in _hosts)
                host.Dispose();
        }

        _problems.AddRange(driver.Problems);
        _problems.AddRange(await HubCheck.ProblemsAsync(connectionString, _hub));
        return new SoakReport(await SummaryAsync(driver.Ended), _problems);
    }

    private async Task DisturbAsync()
    {
        int chosen = _random.Next(_hosts.Count);
        EngineProcess host = _hosts[chosen];
        await host.Ready.EndsAsync();
        await Task.Delay(_random.Next(600));
        switch (_random.Next(20))
        {
            case < 16:
                Kill(host);
                Replace(host);
                break;
            case 16:
                foreach (EngineProcess each in _hosts)
                    Kill(each);
                foreach (EngineProcess each in _hosts.ToArray())
                    Replace(each);
                break;
            case 17:
                _stops++;
                Replace(host);
                await EndAsync(host, host.StopAsync());
                break;
            default:
                _halts++;
                Replace(host);
                _halted.Add(HaltAsync(host));
                break;
        }
    }

    private void Kill(EngineProcess host)
    {
        host.Kill();
        _killed++;
    }

    private void Replace(EngineProcess host)
    {
        lock (_problems)
            _problems.AddRange(host.Errors);
        _hosts[_hosts.IndexOf(host)] = EngineProcess.Start(connectionString, _hub);
    }

    private async Task HaltAsync(EngineProcess host)
    {
        await host.SignalAsync("STOP");
        await Task.Delay(Halt);
        await host.SignalAsync("CONT");
        await EndAsync(host, host.StopAsync());
    }

    private async Task EndAsync(EngineProcess host, Task stop)
    {
        await stop;
        lock (_problems)
            _problems.AddRange(host.Errors);
        host.Dispose();
    }

    private async Task<string> SummaryAsync(int ended)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT count(*), count(DISTINCT (instance_id, step)) FROM soak.runs WHERE hub = $1", connection) { Parameters = { new() { Value = _hub } } };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        (long runs, long calls) = (reader.GetInt64(0), reader.GetInt64(1));
        return $"soak: seed {seed}, {hosts} processes, {_killed} killed, {_halts} halted, {_stops} stopped; {ended} instances ended as they must, "
            + $"{calls} activity calls in {runs} runs; {(_problems.Count == 0 ? "nothing lost, nothing twice" : $"{_problems.Count} PROBLEMS")}";
    }
}
