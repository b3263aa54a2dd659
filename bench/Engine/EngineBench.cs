namespace VisionPlatform.Bench.Engine;

/// <summary>How much a run does.</summary>
/// <param name="Chains">Chains one after the other.</param>
/// <param name="AtOnce">Chains at once.</param>
/// <param name="Width">Activities of the fan-out.</param>
/// <param name="Rounds">Measured repetitions of what is done at once.</param>
/// <param name="Events">Events raised.</param>
/// <param name="Timers">Timers due at the same time.</param>
/// <param name="WarmUps">Rounds before those that are measured, until the JIT compiler has optimized the code that runs often.</param>
/// <param name="TimersDueIn">Time to set the timers up.</param>
/// <param name="Waiting">Waiting instances of an idle host, and of a grown hub.</param>
/// <param name="Finished">Finished instances of a grown hub.</param>
/// <param name="Idle">How long an idle host is watched.</param>
/// <param name="Settle">Time for an idle host to have given up what it keeps in memory.</param>
/// <param name="PgBenchSeconds">How long each of the two runs of pgbench takes.</param>
internal sealed record Sizes(
    int Chains, int AtOnce, int Width, int Rounds, int WarmUps, int Events, int Timers, TimeSpan TimersDueIn,
    int Waiting, int Finished, TimeSpan Idle, TimeSpan Settle, int PgBenchSeconds)
{
    public static Sizes Full { get; } = new(
        300, 500, 1_000, 8, 20, 200, 1_000, TimeSpan.FromSeconds(6), 10_000, 100_000, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30), 5);

    /// <summary>Only to see that everything runs.</summary>
    public static Sizes Tiny { get; } = new(
        5, 20, 30, 1, 1, 5, 20, TimeSpan.FromSeconds(1), 20, 50, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 1);
}

/// <summary>Measures the durable engine: <c>engine [--tiny] [SCENARIO…]</c>. All scenarios, or those named.</summary>
internal static class EngineBench
{
    private static readonly Dictionary<string, Func<Server, Sizes, CancellationToken, Task>> s_scenarios = new(StringComparer.Ordinal)
    {
        ["chain"] = Scenarios.ChainAsync,
        ["chains-500"] = Scenarios.ChainsAsync,
        ["fanout-1000"] = Scenarios.FanOutAsync,
        ["event"] = Scenarios.EventAsync,
        ["timers-1000"] = Scenarios.TimersAsync,
        ["idle-10000"] = IdleScenario.RunAsync,
        ["growth-finished-100000"] = GrowthScenarios.FinishedAsync,
        ["growth-waiting-10000"] = GrowthScenarios.WaitingAsync,
    };

    public static async Task RunAsync(string[] arguments, CancellationToken cancellation)
    {
        Sizes sizes = arguments.Contains("--tiny") ? Sizes.Tiny : Sizes.Full;
        string[] named = [.. arguments.Where(argument => argument != "--tiny")];
        if (named.FirstOrDefault(name => !s_scenarios.ContainsKey(name)) is { } unknown)
            throw new BenchArgumentException($"There is no scenario '{unknown}'; there are: {string.Join(", ", s_scenarios.Keys)}.");

        var server = Server.FromEnvironment();
        await PgBench.RunAsync(server, sizes.PgBenchSeconds, cancellation);
        foreach ((string name, Func<Server, Sizes, CancellationToken, Task> run) in s_scenarios)
        {
            if (named.Length > 0 && !named.Contains(name))
                continue;
            Report.Progress(name);
            await run(server, sizes, cancellation);
        }
    }
}
