using System.Diagnostics;
using System.Text.Json.Nodes;

namespace VisionPlatform.Bench.Engine;

/// <summary>The scenarios on a fresh hub in a fresh database. Each warms up before it measures.</summary>
internal static class Scenarios
{
    /// <summary>A chain of three activities, alone on an idle host.</summary>
    public static async Task ChainAsync(Server server, Sizes sizes, CancellationToken cancellation)
    {
        await using EngineApp app = await FreshAsync(server, cancellation);
        await app.ChainsInTurnAsync(sizes.Chains * 2, cancellation);
        double[] times = await app.ChainsInTurnAsync(sizes.Chains, cancellation);
        Report.Result("chain", times.Length, times, times.Length * 1000 / times.Sum(), new JsonObject { ["leastMs"] = Report.Rounded(times.Min()) });
    }

    /// <summary>Many chains scheduled at once; the figures are those of the median round.</summary>
    public static async Task ChainsAsync(Server server, Sizes sizes, CancellationToken cancellation)
    {
        await using EngineApp app = await FreshAsync(server, cancellation);
        for (int i = 0; i < sizes.WarmUps; i++)
            await app.ChainsAtOnceAsync(sizes.AtOnce, cancellation);
        List<(double[] Times, double PerSecond)> rounds = [];
        TimeSpan cpuBefore = Process.GetCurrentProcess().TotalProcessorTime;
        for (int i = 0; i < sizes.Rounds; i++)
            rounds.Add(await app.ChainsAtOnceAsync(sizes.AtOnce, cancellation));
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime - cpuBefore;
        rounds.Sort((one, other) => one.PerSecond.CompareTo(other.PerSecond));
        (double[] times, double perSecond) = rounds[rounds.Count / 2];
        Report.Result("chains-500", sizes.AtOnce, times, perSecond, new JsonObject
        {
            ["rounds"] = rounds.Count,
            ["leastPerSecond"] = Report.Rounded(rounds[0].PerSecond),
            ["mostPerSecond"] = Report.Rounded(rounds[^1].PerSecond),
            ["hostCpuMsPerChain"] = Report.Rounded(cpu.TotalMilliseconds / rounds.Count / sizes.AtOnce),
        });
    }

    /// <summary>One orchestration that calls many activities at once.</summary>
    public static async Task FanOutAsync(Server server, Sizes sizes, CancellationToken cancellation)
    {
        await using EngineApp app = await FreshAsync(server, cancellation);
        List<double> times = [];
        for (int i = -sizes.WarmUps; i < sizes.Rounds; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            await app.RunAsync(nameof(Functions.FanOut), sizes.Width, cancellation);
            if (i >= 0)
                times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        Report.Result("fanout-1000", sizes.Width, times, sizes.Width * times.Count * 1000 / times.Sum(), new JsonObject { ["rounds"] = times.Count });
    }

    /// <summary>From the raising of an event to the start of the activity that follows it.</summary>
    public static async Task EventAsync(Server server, Sizes sizes, CancellationToken cancellation)
    {
        await using EngineApp app = await FreshAsync(server, cancellation);
        await RaiseAsync(app, sizes.Events * 2, cancellation);
        double[] times = await RaiseAsync(app, sizes.Events, cancellation);
        Report.Result("event", times.Length, times, times.Length * 1000 / times.Sum());
    }

    /// <summary>Many instances whose timers are due at the same moment.</summary>
    public static async Task TimersAsync(Server server, Sizes sizes, CancellationToken cancellation)
    {
        await using EngineApp app = await FreshAsync(server, cancellation);
        await SleepAsync(app, sizes, cancellation);
        (double[] lateness, double completedMs) = await SleepAsync(app, sizes, cancellation);
        Report.Result("timers-1000", lateness.Length, lateness, lateness.Length * 1000 / lateness.Max(), new JsonObject
        {
            ["lastMs"] = Report.Rounded(lateness.Max()),
            ["allCompletedMs"] = Report.Rounded(completedMs),
        });
    }

    public static async Task<EngineApp> FreshAsync(Server server, CancellationToken cancellation) =>
        await EngineApp.StartAsync(await server.NewDatabaseAsync("fresh", cancellation), "fresh", cancellation);

    private static async Task<double[]> RaiseAsync(EngineApp app, int count, CancellationToken cancellation)
    {
        string[] ids = await app.StartWaitingAsync(nameof(Functions.React), null, count, cancellation);
        var times = new double[count];
        for (int i = 0; i < count; i++)
        {
            var noted = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            Functions.Noted[ids[i]] = noted;
            long begun = Stopwatch.GetTimestamp();
            await app.Client.RaiseEventAsync(ids[i], "go", "now", cancellation);
            times[i] = Stopwatch.GetElapsedTime(begun, await noted.Task.WaitAsync(cancellation)).TotalMilliseconds;
            await app.Client.WaitForInstanceCompletionAsync(ids[i], cancellation);
        }

        return times;
    }

    private static async Task<(double[] Lateness, double CompletedMs)> SleepAsync(EngineApp app, Sizes sizes, CancellationToken cancellation)
    {
        for (TimeSpan dueIn = sizes.TimersDueIn; ; dueIn *= 2)
        {
            Functions.Lateness.Clear();
            DateTime due = DateTime.UtcNow + dueIn;
            string[] ids = await app.StartWaitingAsync(nameof(Functions.Sleep), due, sizes.Timers, cancellation);
            bool inTime = DateTime.UtcNow < due;
            await Task.WhenAll(ids.Select(id => app.Client.WaitForInstanceCompletionAsync(id, cancellation)));
            double completed = (DateTime.UtcNow - due).TotalMilliseconds;
            if (inTime)
                return ([.. Functions.Lateness], completed);
            Report.Progress($"timers-1000: the timers were due before all were set; once more with {2 * dueIn.TotalSeconds:F0} s");
        }
    }
}
