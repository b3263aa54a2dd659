using System.Diagnostics;
using Microsoft.DurableTask;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

/// <summary>Not tests: numbers, asked for by <c>-explicit only -class '*Measurements'</c>, best with TEST_DATABASE_URL at a server that syncs.</summary>
public sealed class Measurements(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    [Fact(Explicit = true)]
    public async Task Chains_of_three_activities_alone_and_five_hundred_at_once()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<int, int>("Add", value => value + 1)
            .Orchestrator("Chain", async context =>
            {
                int value = 0;
                for (int i = 0; i < 3; i++)
                    value = await context.CallActivityAsync<int>("Add", value);
                return value;
            })
            .Orchestrator("FanOut", async context =>
                (await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => context.CallActivityAsync<int>("Add", i)))).Sum()),
            options =>
            {
                options.LeaseDuration = TimeSpan.FromSeconds(12);
                options.PollInterval = TimeSpan.FromSeconds(1.5);
            });
        for (int i = 0; i < 50; i++)
            await engine.RunAsync("Chain");

        double[] alone = new double[100];
        for (int i = 0; i < alone.Length; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            await engine.RunAsync("Chain");
            alone[i] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        }

        Array.Sort(alone);
        Write($"one chain: median {alone[50]:F1} ms, p95 {alone[95]:F1} ms, least {alone[0]:F1} ms");
        for (int round = 0; round < 4; round++)
        {
            long begun = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => engine.RunAsync("Chain")));
            TimeSpan took = Stopwatch.GetElapsedTime(begun);
            Write($"500 chains: {took.TotalMilliseconds:F0} ms, {500 / took.TotalSeconds:F0} a second");
        }

        for (int round = 0; round < 3; round++)
        {
            long begun = Stopwatch.GetTimestamp();
            await engine.RunAsync("FanOut");
            Write($"fan-out of 1,000: {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:F0} ms");
        }

        long commit = Stopwatch.GetTimestamp();
        for (int i = 0; i < 100; i++)
            await engine.QueryAsync<string>("SELECT txid_current()::text");
        Write($"bare commit: {Stopwatch.GetElapsedTime(commit).TotalMilliseconds / 100:F2} ms");
    }

    private static void Write(string line) => TestContext.Current.SendDiagnosticMessage(line);
}
