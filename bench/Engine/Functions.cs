using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace VisionPlatform.Bench.Engine;

/// <summary>The functions of the scenarios, written as in an app.</summary>
public static class Functions
{
    /// <summary>Adds one.</summary>
    [Function(nameof(Add))]
    public static int Add([ActivityTrigger] int value) => value + 1;

    [Function(nameof(Chain))]
    public static async Task<int> Chain([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        int value = 0;
        for (int step = 0; step < 3; step++)
            value = await context.CallActivityAsync<int>(nameof(Add), value);
        return value;
    }

    /// <summary>Makes as many parallel calls as its input says.</summary>
    [Function(nameof(FanOut))]
    public static async Task<int> FanOut([OrchestrationTrigger] TaskOrchestrationContext context, int width) =>
        (await Task.WhenAll(Enumerable.Range(0, width).Select(_ => context.CallActivityAsync<int>(nameof(Add), 0)))).Sum();

    /// <summary>Waits for an event, then starts an activity that notes when it was started.</summary>
    [Function(nameof(React))]
    public static async Task React([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        await context.WaitForExternalEvent<string>("go");
        await context.CallActivityAsync(nameof(Note), context.InstanceId);
    }

    [Function(nameof(Note))]
    public static void Note([ActivityTrigger] string instance)
    {
        long now = Stopwatch.GetTimestamp();
        if (Noted.TryGetValue(instance, out TaskCompletionSource<long>? noted))
            noted.TrySetResult(now);
    }

    /// <summary>Waits for the time given, and notes how late it went on.</summary>
    [Function(nameof(Sleep))]
    public static async Task Sleep([OrchestrationTrigger] TaskOrchestrationContext context, DateTime due)
    {
        await context.CreateTimer(due, CancellationToken.None);
        if (!context.IsReplaying)
            Lateness.Add(MillisecondsSince(due));
    }

#pragma warning disable DURABLE0001 // What is measured is the distance to the real time; no decision depends on it.
    private static double MillisecondsSince(DateTime due) => (DateTime.UtcNow - due).TotalMilliseconds;
#pragma warning restore DURABLE0001

    /// <summary>Waits for an event that does not come, at most a month, as an orchestration does that waits for a person.</summary>
    [Function(nameof(Wait))]
    public static Task<string> Wait([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.WaitForExternalEvent<string>("approval", TimeSpan.FromDays(30));

    /// <summary>Where <see cref="Note"/> says when it started (<see cref="Stopwatch.GetTimestamp"/>), by instance.</summary>
    internal static ConcurrentDictionary<string, TaskCompletionSource<long>> Noted { get; } = new();

    /// <summary>Milliseconds after their time at which instances of <see cref="Sleep"/> went on.</summary>
    internal static ConcurrentBag<double> Lateness { get; } = [];
}
