using System.Globalization;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>Processes that are killed while they work. The long one is run by <c>./platform test soak</c>.</summary>
public sealed class SoakTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    [Fact]
    public async Task Nothing_is_lost_or_duplicated_when_processes_are_killed_at_random()
    {
        var soak = new KillSoak(database.ConnectionString, hosts: 2, kills: 3, atOnce: 12, seed: Random.Shared.Next(100_000));

        SoakReport report = await soak.RunAsync(TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper!.WriteLine(report.Summary);
        Assert.True(report.Problems.Count == 0, report.ToString());
    }

    [Fact(Explicit = true)]
    public async Task Soak()
    {
        var soak = new KillSoak(
            database.ConnectionString,
            Setting("SOAK_PROCESSES", 3),
            Setting("SOAK_KILLS", 60),
            Setting("SOAK_INSTANCES", 40),
            Setting("SOAK_SEED", Random.Shared.Next(100_000)));

        SoakReport report = await soak.RunAsync(TestContext.Current.CancellationToken);

        // The console, not the test's output: the command shows this line.
        await Console.Out.WriteLineAsync(report.ToString());
        Assert.Empty(report.Problems);
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
