using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Retry policies and retry handlers.</summary>
public sealed class RetryTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_retry_policy_repeats_a_call_with_growing_waits_until_it_succeeds()
    {
        int calls = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Flaky", (string _) => ++calls < 4 ? throw new IOException() : calls)
            .Orchestrator("Retry", async context =>
            {
                DateTime begun = context.CurrentUtcDateTime;
                var policy = new RetryPolicy(5, TimeSpan.FromMilliseconds(40), backoffCoefficient: 2);
                int result = await context.CallActivityAsync<int>("Flaky", options: TaskOptions.FromRetryPolicy(policy));
                return (result, (context.CurrentUtcDateTime - begun).TotalMilliseconds);
            }));

        (int Result, double Milliseconds) output = (await engine.RunAsync("Retry")).ReadOutputAs<(int, double)>();

        Assert.Equal(4, output.Result);
        Assert.True(output.Milliseconds >= 40 + 80 + 160, $"waited {output.Milliseconds} ms");
    }

    [Fact]
    public async Task A_retry_policy_gives_up_after_its_last_attempt()
    {
        int calls = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Broken", (string _) => throw new IOException($"call {++calls}"))
            .Orchestrator("GiveUp", context => context.CallActivityAsync<int>(
                "Broken", options: new TaskOptions(new RetryPolicy(3, TimeSpan.FromMilliseconds(10))))));

        OrchestrationMetadata end = await engine.RunAsync("GiveUp");

        Assert.Equal(3, calls);
        Assert.Equal("call 3", end.FailureDetails!.InnerFailure!.ErrorMessage);
    }

    [Fact]
    public async Task A_retry_policy_gives_up_after_its_timeout_and_on_failures_that_it_does_not_handle()
    {
        int timed = 0, refused = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Timed", (string _) => throw new IOException($"{++timed}"))
            .Activity<string, int>("Refused", (string _) => throw new ArgumentException($"{++refused}"))
            .Orchestrator("Timed", context => context.CallActivityAsync<int>("Timed", options: new TaskOptions(
                new RetryPolicy(1000, TimeSpan.FromMilliseconds(100), retryTimeout: TimeSpan.FromMilliseconds(250)))))
            .Orchestrator("Refused", context => context.CallActivityAsync<int>("Refused", options: new TaskOptions(
                new RetryPolicy(1000, TimeSpan.FromMilliseconds(10)) { HandleFailure = failure => failure.IsCausedBy<IOException>() }))));

        OrchestrationMetadata end = await engine.RunAsync("Timed");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await engine.RunAsync("Refused")).RuntimeStatus);

        // By the orchestrator's clock: calls go on until a failure comes after the time is over, and no longer.
        IReadOnlyList<HistoryEvent> history = await engine.HistoryOf(end.InstanceId);
        TimeSpan[] failures = [.. history.Where(e => e.Kind == EventKind.TaskFailed).Select(e => e.At - history[0].At)];
        Assert.Equal(timed, failures.Length);
        Assert.All(failures[..^1], failure => Assert.True(failure < TimeSpan.FromMilliseconds(250), $"{failure}"));
        Assert.True(failures[^1] >= TimeSpan.FromMilliseconds(250), $"{failures[^1]}");
        Assert.Equal(1, refused);
    }

    [Fact]
    public async Task A_retry_policy_tries_again_after_the_failures_that_it_handles()
    {
        int calls = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Flaky", (string _) => ++calls < 3 ? throw new InvalidOperationException("outer", new IOException("inner")) : calls)
            .Orchestrator("Insist", context => context.CallActivityAsync<int>("Flaky", options: new TaskOptions(
                new RetryPolicy(10, TimeSpan.FromMilliseconds(10)) { HandleFailure = failure => failure.InnerFailure?.IsCausedBy<IOException>() == true }))));

        OrchestrationMetadata end = await engine.RunAsync("Insist");

        Assert.Equal(OrchestrationRuntimeStatus.Completed, end.RuntimeStatus);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task A_retry_handler_decides_after_each_failure_and_can_wait_durably()
    {
        int calls = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Flaky", (string _) => ++calls < 3 ? throw new IOException($"{calls}") : calls)
            .Orchestrator("Handled", context => context.CallActivityAsync<int>("Flaky", options: TaskOptions.FromRetryHandler(async retry =>
            {
                await retry.OrchestrationContext.CreateTimer(TimeSpan.FromMilliseconds(5), retry.CancellationToken);
                return retry.LastFailure.ErrorMessage == $"{retry.LastAttemptNumber}" && retry.LastAttemptNumber < 5;
            }))));

        Assert.Equal(3, (await engine.RunAsync("Handled")).ReadOutputAs<int>());
    }

    [Theory]
    [InlineData(0, 1, 1.0)]
    [InlineData(1, 0, 1.0)]
    [InlineData(1, 1, 0.5)]
    public void A_retry_policy_refuses_invalid_values(int attempts, int firstSeconds, double coefficient) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy(attempts, TimeSpan.FromSeconds(firstSeconds), coefficient));

    [Fact]
    public async Task Waits_between_attempts_do_not_exceed_the_longest_interval()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Broken", (string _) => throw new IOException())
            .Orchestrator("Capped", context => context.CallActivityAsync<int>("Broken", options: new TaskOptions(
                new RetryPolicy(5, TimeSpan.FromMilliseconds(10), backoffCoefficient: 10, maxRetryInterval: TimeSpan.FromMilliseconds(30))))));

        OrchestrationMetadata end = await engine.RunAsync("Capped");

        List<HistoryEvent> history = [.. await engine.HistoryOf(end.InstanceId)];
        Assert.Equal(
            [10, 30, 30, 30],
            history.Where(e => e.Kind == EventKind.TimerCreated).Select(e => (int)Math.Round((e.FireAt!.Value - e.At).TotalMilliseconds)));
    }

    [Fact]
    public async Task A_retry_policy_of_one_attempt_does_not_retry()
    {
        int calls = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Broken", (string _) => throw new IOException($"{++calls}"))
            .Orchestrator("Once", context => context.CallActivityAsync<int>("Broken", new TaskOptions(new RetryPolicy(1, TimeSpan.FromSeconds(1))))));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await engine.RunAsync("Once")).RuntimeStatus);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Retries_continue_in_another_process()
    {
        int calls = 0;
        TestFunctions functions = new TestFunctions()
            .Activity<string, int>("Flaky", (string _) => Interlocked.Increment(ref calls) < 4 ? throw new IOException() : calls)
            .Orchestrator("Retry", context => context.CallActivityAsync<int>(
                "Flaky", options: new TaskOptions(new RetryPolicy(4, TimeSpan.FromMilliseconds(100)))));
        string hub = $"retry-{Guid.NewGuid():N}";
        string id;
        await using (TestEngine first = await database.StartAsync(functions, hub: hub))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Retry", TestContext.Current.CancellationToken);
            await Eventually.TrueAsync(() => Volatile.Read(ref calls) >= 2);
        }

        await using TestEngine second = await database.StartAsync(functions, hub: hub);

        Assert.Equal(4, (await second.EndOf(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_retry_handler_that_returns_false_ends_the_retries_with_the_last_failure()
    {
        var seen = new List<(int Attempt, string Message)>();
        int calls = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Broken", (string _) => throw new IOException($"{++calls}"))
            .Orchestrator("Handled", context => context.CallActivityAsync<int>("Broken", options: TaskOptions.FromRetryHandler(retry =>
            {
                if (!retry.OrchestrationContext.IsReplaying)
                    seen.Add((retry.LastAttemptNumber, retry.LastFailure.ErrorMessage));
                return retry.LastAttemptNumber < 3 && retry.LastFailure.IsCausedBy<IOException>();
            }))));

        OrchestrationMetadata end = await engine.RunAsync("Handled");

        Assert.Equal("3", end.FailureDetails!.InnerFailure!.ErrorMessage);
        Assert.Equal([(1, "1"), (2, "2"), (3, "3")], seen);
    }
}
