using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>A call of the load's activity.</summary>
/// <param name="Step">Names the call within its instance, over all its executions.</param>
/// <param name="Value">What the result is computed from.</param>
internal sealed record Call(string Step, int Value);

internal sealed record Rounds(string Partner, int Count);

/// <param name="Number">Of the execution, from 0.</param>
/// <param name="Last">Number of the last one.</param>
/// <param name="Sum">Of the results so far.</param>
/// <param name="Seen">Payloads taken so far, as bits.</param>
internal sealed record Generation(int Number, int Last, int Sum, int Seen);

/// <summary>An entity that adds up.</summary>
internal sealed class Account : TaskEntity<int>
{
    public int Add(int value) => State += value;
}

/// <summary>Orchestrators of every kind whose results are known beforehand, whoever ran them and however often they were interrupted.</summary>
internal static class MixedLoad
{
    private const int Modulus = 1_000_003;

    public static int Next(int value) => (value * 31 + 7) % Modulus;

    /// <summary>What <see cref="Chain"/> gives.</summary>
    public static int AfterChain(int value, int steps = 5)
    {
        for (int i = 0; i < steps; i++)
            value = Next(value);
        return value;
    }

    public static TestFunctions Functions(Effects effects) => new TestFunctions()
        .Activity<Call, int>("Work", async (instance, call, cancellation) =>
        {
            await effects.BeginAsync(instance, call.Step, cancellation);
            await Task.Delay(call.Value % 40, cancellation);
            await effects.DoAsync(instance, call.Step, cancellation);
            return Next(call.Value);
        })
        .Activity<Call, int>("Flaky", async (instance, call, cancellation) =>
        {
            // Fails twice, each time with an effect of its own; a failure that was not recorded any more counts all the same.
            for (int failure = 1; failure <= 2; failure++)
            {
                string step = $"{call.Step}.failure{failure}";
                if (await effects.BeginAsync(instance, step, cancellation))
                    continue;
                await effects.DoAsync(instance, step, cancellation);
                throw new InvalidOperationException($"Failure {failure} of {call.Step}.");
            }

            await effects.DoAsync(instance, call.Step, cancellation);
            return Next(call.Value);
        })
        .Orchestrator("Chain", Chain)
        .Orchestrator("FanOut", FanOut)
        .Orchestrator("Timers", Timers)
        .Orchestrator("Events", Events)
        .Orchestrator("Approval", Approval)
        .Orchestrator("Retries", Retries)
        .Orchestrator("FlakySub", context => context.CallActivityAsync<int>("Flaky", new Call("flaky", context.GetInput<int>())))
        .Orchestrator("Parent", Parent)
        .Orchestrator("Ping", Ping)
        .Orchestrator("Pong", Pong)
        .Orchestrator("Generations", Generations)
        .Entity<Account>("Account")
        .Orchestrator("Accounts", Accounts)
        .Orchestrator("Forever", context => context.WaitForExternalEvent<bool>("never"))
        .Orchestrator("Family", context => Task.WhenAll(
            context.CallSubOrchestratorAsync<bool>("Forever"),
            context.CallSubOrchestratorAsync<bool>("Forever", options: new SubOrchestrationOptions(instanceId: context.InstanceId + ":two"))));

    private static async Task<int> Chain(TaskOrchestrationContext context)
    {
        int value = context.GetInput<int>();
        for (int i = 0; i < 5; i++)
            value = await context.CallActivityAsync<int>("Work", new Call($"chain{i}", value));
        return value;
    }

    private static async Task<int> FanOut(TaskOrchestrationContext context)
    {
        int first = context.GetInput<int>();
        int[] results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => context.CallActivityAsync<int>("Work", new Call($"fan{i}", first + i))));
        return results.Sum();
    }

    /// <summary>Short timers, and long ones that are cancelled.</summary>
    private static async Task<int> Timers(TaskOrchestrationContext context)
    {
        int value = context.GetInput<int>();
        for (int i = 0; i < 3; i++)
        {
            DateTime due = context.CurrentUtcDateTime.AddMilliseconds(20 + value % 200);
            await context.CreateTimer(due, CancellationToken.None);
            if (context.CurrentUtcDateTime < due)
                throw new InvalidOperationException($"The timer of {due:O} fired at {context.CurrentUtcDateTime:O}.");

            using var enough = new CancellationTokenSource();
            Task hour = context.CreateTimer(TimeSpan.FromHours(1), enough.Token);
            Task<int> work = context.CallActivityAsync<int>("Work", new Call($"timed{i}", value));
            await Task.WhenAny(hour, work);
            enough.Cancel(); // in the turn; CancelAsync would leave it
            value = await work;
        }

        return value;
    }

    /// <summary>Collects as many different numbers as it is told, in the order they come, and works between them.</summary>
    private static async Task<int[]> Events(TaskOrchestrationContext context)
    {
        int count = context.GetInput<int>();
        List<int> numbers = [];
        while (numbers.Count < count)
        {
            int number = await context.WaitForExternalEvent<int>("number");
            if (numbers.Contains(number))
                continue; // sent again, because the sender did not learn that it had arrived
            numbers.Add(number);
            await context.CallActivityAsync<int>("Work", new Call($"event{number}", number));
        }

        return [.. numbers];
    }

    private static async Task<string> Approval(TaskOrchestrationContext context)
    {
        try
        {
            return await context.WaitForExternalEvent<string>("approval", TimeSpan.FromMilliseconds(context.GetInput<int>()));
        }
        catch (TaskCanceledException)
        {
            await context.CallActivityAsync<int>("Work", new Call("escalation", 1));
            return "late";
        }
    }

    private static async Task<int> Retries(TaskOrchestrationContext context)
    {
        int value = context.GetInput<int>();
        value = await context.CallActivityAsync<int>(
            "Flaky", new Call("policy", value), new TaskOptions(new RetryPolicy(3, TimeSpan.FromMilliseconds(30), 2)));
        return await context.CallActivityAsync<int>(
            "Flaky", new Call("handler", value), TaskOptions.FromRetryHandler(retry => retry.LastAttemptNumber < 3));
    }

    private static async Task<int> Parent(TaskOrchestrationContext context)
    {
        int value = context.GetInput<int>();
        int[] results = await Task.WhenAll(
            context.CallSubOrchestratorAsync<int>("Chain", value),
            context.CallSubOrchestratorAsync<int>("Chain", value + 1, new SubOrchestrationOptions(instanceId: context.InstanceId + ":chosen")),
            context.CallSubOrchestratorAsync<int>("FlakySub", value + 2, new TaskOptions(new RetryPolicy(3, TimeSpan.FromMilliseconds(30)))));
        return await context.CallActivityAsync<int>("Work", new Call("after", results.Sum() % Modulus));
    }

    private static async Task<int> Ping(TaskOrchestrationContext context)
    {
        Rounds rounds = context.GetInput<Rounds>()!;
        int value = 0;
        for (int i = 0; i < rounds.Count; i++)
        {
            context.SendEvent(rounds.Partner, "ping", i);
            value += await context.WaitForExternalEvent<int>("pong");
        }

        return value;
    }

    private static async Task<int> Pong(TaskOrchestrationContext context)
    {
        Rounds rounds = context.GetInput<Rounds>()!;
        for (int i = 0; i < rounds.Count; i++)
        {
            int ping = await context.WaitForExternalEvent<int>("ping");
            if (ping != i)
                throw new InvalidOperationException($"Ping {ping} came as number {i}.");
            context.SendEvent(rounds.Partner, "pong", await context.CallActivityAsync<int>("Work", new Call($"pong{i}", i)));
        }

        return rounds.Count;
    }

    /// <summary>Adds to two accounts by signals, calls and in critical sections; gives what is on them.</summary>
    private static async Task<int[]> Accounts(TaskOrchestrationContext context)
    {
        var one = new EntityInstanceId("Account", context.InstanceId + ":one");
        var two = new EntityInstanceId("Account", context.InstanceId + ":two");
        for (int i = 1; i <= 3; i++)
        {
            await context.Entities.SignalEntityAsync(one, "Add", 100);
            await context.Entities.CallEntityAsync<int>(two, "Add", 10);
            await using (await context.Entities.LockEntitiesAsync(one, two))
            {
                await context.Entities.CallEntityAsync<int>(one, "Add", -i);
                await context.CallActivityAsync<int>("Work", new Call($"transfer{i}", i));
                await context.Entities.CallEntityAsync<int>(two, "Add", i);
            }
        }

        return [await context.Entities.CallEntityAsync<int>(one, "Add", 0), await context.Entities.CallEntityAsync<int>(two, "Add", 0)];
    }

    /// <summary>Adds one event a generation; those that come early are handed on.</summary>
    private static async Task<int> Generations(TaskOrchestrationContext context)
    {
        Generation generation = context.GetInput<Generation>()!;
        int added;
        do
            added = await context.WaitForExternalEvent<int>("add");
        while ((generation.Seen & (1 << added)) != 0);

        int sum = generation.Sum + await context.CallActivityAsync<int>("Work", new Call($"generation{generation.Number}", added));
        if (generation.Number < generation.Last)
            context.ContinueAsNew(new Generation(generation.Number + 1, generation.Last, sum, generation.Seen | (1 << added)));
        return sum;
    }
}
