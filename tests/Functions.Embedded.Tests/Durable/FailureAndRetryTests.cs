using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

public sealed class FailureAndRetryTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    [Fact]
    public async Task A_failed_activity_is_told_with_its_type_message_and_inner_failures()
    {
        TaskFailureDetails? seen = null;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Fails", (string _) => throw new InvalidOperationException("outer", new FileNotFoundException("inner")))
            .Orchestrator("Catch", async context =>
            {
                try
                {
                    await context.CallActivityAsync("Fails", "x");
                    return "no failure";
                }
                catch (TaskFailedException failure)
                {
                    seen = failure.FailureDetails;
                    return $"{failure.TaskName} #{failure.TaskId}: {failure.FailureDetails.ErrorMessage}";
                }
            }));

        OrchestrationMetadata end = await engine.RunAsync("Catch");

        Assert.Equal("Fails #0: outer", end.ReadOutputAs<string>());
        Assert.Equal(typeof(InvalidOperationException).FullName, seen!.ErrorType);
        Assert.True(seen.IsCausedBy<InvalidOperationException>());
        Assert.True(seen.IsCausedBy<SystemException>());
        Assert.False(seen.IsCausedBy<FileNotFoundException>());
        Assert.True(seen.InnerFailure!.IsCausedBy<IOException>());
        Assert.Contains(nameof(A_failed_activity_is_told_with_its_type_message_and_inner_failures), seen.StackTrace);
    }

    [Fact]
    public async Task An_unhandled_failure_fails_the_instance_and_its_details_lead_to_the_cause()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Fails", (string _) => throw new TimeoutException("too slow"))
            .Orchestrator("Fail", context => context.CallActivityAsync<int>("Fails")));

        OrchestrationMetadata end = await engine.RunAsync("Fail");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.True(end.FailureDetails!.IsCausedBy<TaskFailedException>());
        Assert.True(end.FailureDetails.InnerFailure!.IsCausedBy<TimeoutException>());
        Assert.Equal("too slow", end.FailureDetails.InnerFailure.ErrorMessage);
    }

    [Fact]
    public async Task A_retry_policy_calls_again_with_growing_waits_until_it_works()
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
    public async Task A_retry_policy_gives_up_after_its_attempts()
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
    public async Task A_retry_policy_gives_up_when_its_time_is_over_or_the_failure_is_not_worth_it()
    {
        int timed = 0, refused = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Timed", (string _) => throw new IOException($"{++timed}"))
            .Activity<string, int>("Refused", (string _) => throw new ArgumentException($"{++refused}"))
            .Orchestrator("Timed", context => context.CallActivityAsync<int>("Timed", options: new TaskOptions(
                new RetryPolicy(1000, TimeSpan.FromMilliseconds(100), retryTimeout: TimeSpan.FromMilliseconds(250)))))
            .Orchestrator("Refused", context => context.CallActivityAsync<int>("Refused", options: new TaskOptions(
                new RetryPolicy(1000, TimeSpan.FromMilliseconds(10)) { HandleFailure = failure => failure.IsCausedBy<IOException>() }))));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await engine.RunAsync("Timed")).RuntimeStatus);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await engine.RunAsync("Refused")).RuntimeStatus);

        Assert.InRange(timed, 2, 4);
        Assert.Equal(1, refused);
    }

    [Fact]
    public async Task A_retry_handler_decides_on_each_failure_and_may_wait_durably()
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

    [Fact]
    public async Task A_result_that_is_not_what_the_orchestrator_asked_for_fails_the_call()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, string>("Text", (string _) => "not a number")
            .Orchestrator("Misread", context => context.CallActivityAsync<int>("Text")));

        OrchestrationMetadata end = await engine.RunAsync("Misread");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.True(end.FailureDetails!.IsCausedBy<System.Text.Json.JsonException>());
    }

    [Fact]
    public async Task A_result_that_cannot_be_written_fails_the_activity_and_the_orchestrator_goes_on()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, object>("Loop", (string _) =>
            {
                var self = new Dictionary<string, object>();
                self["self"] = self;
                return self;
            })
            .Orchestrator("Catch", async context =>
            {
                try
                {
                    await context.CallActivityAsync("Loop");
                    return "?";
                }
                catch (TaskFailedException failure)
                {
                    return failure.FailureDetails.ErrorType;
                }
            }));

        Assert.Equal("System.Text.Json.JsonException", (await engine.RunAsync("Catch")).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData(0, 1, 1.0)]
    [InlineData(1, 0, 1.0)]
    [InlineData(1, 1, 0.5)]
    public void A_retry_policy_refuses_values_that_make_no_sense(int attempts, int firstSeconds, double coefficient) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy(attempts, TimeSpan.FromSeconds(firstSeconds), coefficient));
}
