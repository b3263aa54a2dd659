using System.Collections.Concurrent;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>
/// A client of the hub that starts instances of <see cref="MixedLoad"/>, tells them what they wait for, and compares their ends with what
/// they must be. Its choices come from the seed; their interleaving with everything else is the machine's.
/// </summary>
internal sealed class LoadDriver(DurableTaskClient client, int seed)
{
    private static readonly string[] Kinds =
        ["Chain", "FanOut", "Timers", "Events", "Suspended", "Approval", "Retries", "Parent", "PingPong", "Generations", "Terminated", "Purged", "Accounts"];

    private readonly ConcurrentQueue<string> _problems = new();
    private int _started;
    private int _ended;

    public IReadOnlyCollection<string> Problems => _problems;

    /// <summary>Instances that have ended as they must.</summary>
    public int Ended => Volatile.Read(ref _ended);

    /// <summary>Keeps some instances under way until told to stop, then waits for the last.</summary>
    /// <param name="atOnce">How many.</param>
    /// <param name="startNoMore">Ends the starting, not the waiting.</param>
    /// <param name="cancellation">Ends the waiting: what has not ended by then is a problem.</param>
    public Task RunAsync(int atOnce, CancellationToken startNoMore, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, atOnce).Select(lane => RunLaneAsync(new Random(seed * 1000 + lane), lane, startNoMore, cancellation)));

    private async Task RunLaneAsync(Random random, int lane, CancellationToken startNoMore, CancellationToken cancellation)
    {
        for (int round = 0; !startNoMore.IsCancellationRequested; round++)
        {
            string kind = Kinds[(lane + round) % Kinds.Length];
            string id = $"{kind}-{Interlocked.Increment(ref _started)}";
            try
            {
                await RunOneAsync(kind, id, random, cancellation);
                Interlocked.Increment(ref _ended);
            }
            catch (Exception error)
            {
                _problems.Enqueue($"{id}: {error.GetType().Name}: {error.Message}");
                if (cancellation.IsCancellationRequested)
                    return;
            }
        }
    }

    private async Task RunOneAsync(string kind, string id, Random random, CancellationToken cancellation)
    {
        int value = random.Next(1000);
        switch (kind)
        {
            case "Chain" or "Purged":
                await StartAsync("Chain", id, value, cancellation);
                await ExpectAsync(id, MixedLoad.AfterChain(value), cancellation);
                if (kind == "Purged")
                    await PatientAsync(() => client.PurgeInstanceAsync(id, cancellation), cancellation);
                break;
            case "FanOut":
                await StartAsync("FanOut", id, value, cancellation);
                await ExpectAsync(id, Enumerable.Range(0, 16).Sum(i => MixedLoad.Next(value + i)), cancellation);
                break;
            case "Timers":
                await StartAsync("Timers", id, value, cancellation);
                await ExpectAsync(id, MixedLoad.AfterChain(value, 3), cancellation);
                break;
            case "Events" or "Suspended":
                await RunEventsAsync(id, kind == "Suspended", random, cancellation);
                break;
            case "Approval":
                await RunApprovalAsync(id, random, cancellation);
                break;
            case "Retries":
                await StartAsync("Retries", id, value, cancellation);
                await ExpectAsync(id, MixedLoad.AfterChain(value, 2), cancellation);
                break;
            case "Parent":
                await StartAsync("Parent", id, value, cancellation);
                int sum = MixedLoad.AfterChain(value) + MixedLoad.AfterChain(value + 1) + MixedLoad.Next(value + 2);
                await ExpectAsync(id, MixedLoad.Next(sum % 1_000_003), cancellation);
                break;
            case "PingPong":
                await StartAsync("Pong", id, new Rounds(id + ":ping", 4), cancellation);
                await StartAsync("Ping", id + ":ping", new Rounds(id, 4), cancellation);
                await ExpectAsync(id + ":ping", Enumerable.Range(0, 4).Sum(MixedLoad.Next), cancellation);
                await ExpectAsync(id, 4, cancellation);
                break;
            case "Generations":
                await RunGenerationsAsync(id, random, cancellation);
                break;
            case "Accounts":
                await StartAsync("Accounts", id, null, cancellation);
                OrchestrationMetadata accounts = await EndAsync(id, OrchestrationRuntimeStatus.Completed, cancellation);
                Require(accounts, accounts.ReadOutputAs<int[]>() is [294, 36]);
                break;
            case "Terminated":
                await StartAsync("Family", id, null, cancellation);
                await Task.Delay(random.Next(300), cancellation);
                await PatientAsync(
                    () => client.TerminateInstanceAsync(id, new TerminateInstanceOptions("enough", Recursive: true), cancellation), cancellation);
                await EndAsync(id, OrchestrationRuntimeStatus.Terminated, cancellation);
                break;
        }
    }

    private async Task RunEventsAsync(string id, bool suspend, Random random, CancellationToken cancellation)
    {
        const int Count = 5;
        await StartAsync("Events", id, Count, cancellation);
        if (suspend)
            await PatientAsync(() => client.SuspendInstanceAsync(id, "wait", cancellation), cancellation);
        for (int number = 0; number < Count; number++)
        {
            int sent = number;
            await PatientAsync(() => client.RaiseEventAsync(id, number % 2 == 0 ? "number" : "Number", sent, cancellation), cancellation);
            await Task.Delay(random.Next(150), cancellation);
        }

        if (suspend)
            await PatientAsync(() => client.ResumeInstanceAsync(id, "go", cancellation), cancellation);
        OrchestrationMetadata end = await EndAsync(id, OrchestrationRuntimeStatus.Completed, cancellation);
        Require(end, end.ReadOutputAs<int[]>()!.SequenceEqual(Enumerable.Range(0, Count)));
    }

    private async Task RunApprovalAsync(string id, Random random, CancellationToken cancellation)
    {
        await StartAsync("Approval", id, random.Next(50, 1500), cancellation);
        bool approved = random.Next(3) > 0;
        if (approved)
        {
            await Task.Delay(random.Next(700), cancellation);
            await PatientAsync(() => client.RaiseEventAsync(id, "approval", "yes", cancellation), cancellation);
        }

        OrchestrationMetadata end = await EndAsync(id, OrchestrationRuntimeStatus.Completed, cancellation);
        Require(end, end.ReadOutputAs<string>() is "late" || (approved && end.ReadOutputAs<string>() is "yes"));
    }

    private async Task RunGenerationsAsync(string id, Random random, CancellationToken cancellation)
    {
        const int Count = 6;
        await StartAsync("Generations", id, new Generation(0, Count - 1, 0, 0), cancellation);
        int sum = 0;
        for (int i = 0; i < Count; i++)
        {
            int added = i;
            sum += MixedLoad.Next(added);
            await PatientAsync(() => client.RaiseEventAsync(id, "add", added, cancellation), cancellation);
            await Task.Delay(random.Next(120), cancellation);
        }

        await ExpectAsync(id, sum, cancellation);
    }

    private Task StartAsync(string orchestrator, string id, object? input, CancellationToken cancellation)
    {
        bool tried = false;
        return PatientAsync(
            async () =>
            {
                try
                {
                    await client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, new StartOrchestrationOptions(id), cancellation);
                }
                catch (InvalidOperationException) when (tried)
                {
                    // The start before went through; only its answer was lost.
                }
                finally
                {
                    tried = true;
                }
            },
            cancellation);
    }

    private async Task ExpectAsync(string id, int output, CancellationToken cancellation)
    {
        OrchestrationMetadata end = await EndAsync(id, OrchestrationRuntimeStatus.Completed, cancellation);
        Require(end, end.ReadOutputAs<int>() == output);
    }

    private async Task<OrchestrationMetadata> EndAsync(string id, OrchestrationRuntimeStatus status, CancellationToken cancellation)
    {
        OrchestrationMetadata? end = null;
        await PatientAsync(async () => end = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, cancellation), cancellation);
        Require(end!, end!.RuntimeStatus == status);
        return end;
    }

    private static void Require(OrchestrationMetadata end, bool holds)
    {
        if (!holds)
            throw new InvalidDataException($"It ended as {end.RuntimeStatus} with {end.SerializedOutput ?? "nothing"} {end.FailureDetails}");
    }

    /// <summary>As a client does that knows the database may be away for a while.</summary>
    private static async Task PatientAsync(Func<Task> action, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await action();
                return;
            }
            catch (Exception error) when (DurableStore.IsTransient(error) && !cancellation.IsCancellationRequested)
            {
                await Task.Delay(100, cancellation);
            }
        }
    }
}
