using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>How failures are told: types, messages, causes.</summary>
public sealed class FailureTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    [Fact]
    public async Task The_failure_of_an_activity_has_its_type_message_stack_and_inner_failures()
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
        Assert.Contains(nameof(The_failure_of_an_activity_has_its_type_message_stack_and_inner_failures), seen.StackTrace);
    }

    [Fact]
    public async Task An_unhandled_failure_fails_the_instance_with_its_cause()
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
    public async Task A_result_of_another_type_fails_the_call()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, string>("Text", (string _) => "not a number")
            .Orchestrator("Misread", context => context.CallActivityAsync<int>("Text")));

        OrchestrationMetadata end = await engine.RunAsync("Misread");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.True(end.FailureDetails!.IsCausedBy<System.Text.Json.JsonException>());
    }

    [Fact]
    public async Task A_result_that_cannot_be_serialized_fails_the_activity()
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

    [Fact]
    public async Task Failure_details_pass_through_several_levels_of_sub_orchestrations()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Fails", (string _) => throw new InvalidDataException("corrupt", new TimeoutException("disk")))
            .Orchestrator("Inner", context => context.CallActivityAsync<int>("Fails"))
            .Orchestrator("Outer", context => context.CallSubOrchestratorAsync<int>("Inner")));

        TaskFailureDetails outer = (await engine.RunAsync("Outer")).FailureDetails!;

        Assert.True(outer.IsCausedBy<TaskFailedException>());
        Assert.Contains("Task 'Inner' (#0)", outer.ErrorMessage);
        TaskFailureDetails inner = outer.InnerFailure!;
        Assert.True(inner.IsCausedBy<TaskFailedException>());
        Assert.True(inner.InnerFailure!.IsCausedBy<InvalidDataException>());
        Assert.Equal("disk", inner.InnerFailure.InnerFailure!.ErrorMessage);
    }

    [Fact]
    public async Task A_failure_among_activities_awaited_together_keeps_the_results_of_the_others()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<int, int>("Odd", value => value % 2 == 1 ? value : throw new ArithmeticException($"{value} is even"))
            .Orchestrator("Together", async context =>
            {
                Task<int>[] calls = [.. Enumerable.Range(1, 4).Select(i => context.CallActivityAsync<int>("Odd", i))];
                try
                {
                    await Task.WhenAll(calls);
                }
                catch (TaskFailedException)
                {
                    // Looked at below.
                }

                return calls.Select(call => call.IsFaulted ? ((TaskFailedException)call.Exception!.InnerException!).FailureDetails.ErrorMessage : $"{call.Result}").ToArray();
            }));

        OrchestrationMetadata end = await engine.RunAsync("Together");

        Assert.Equal((string[])["1", "2 is even", "3", "4 is even"], end.ReadOutputAs<string[]>());
    }

    [Fact]
    public async Task An_exception_type_that_this_process_does_not_know_has_its_name()
    {
        var unknown = new TaskFailureDetails("Elsewhere.SpecialException", "m", null, null, null);

        Assert.False(unknown.IsCausedBy<InvalidOperationException>());
        Assert.Equal("Elsewhere.SpecialException", unknown.ErrorType);
        Assert.Throws<ArgumentException>(() => unknown.IsCausedBy(typeof(string)));
    }

    [Fact]
    public async Task An_orchestrator_that_throws_fails_with_its_own_exception()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator<int>("Throws", _ => throw new NotSupportedException("no", new FormatException("inner"))));

        OrchestrationMetadata end = await engine.RunAsync("Throws");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Equal((typeof(NotSupportedException).FullName, "no"), (end.FailureDetails!.ErrorType, end.FailureDetails.ErrorMessage));
        Assert.True(end.FailureDetails.InnerFailure!.IsCausedBy<FormatException>());
        Assert.Null(end.SerializedOutput);
    }

    [Fact]
    public async Task A_caught_failure_lets_the_orchestrator_compensate_and_complete()
    {
        var undone = new List<string>();
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, string>("Do", step => step == "ship" ? throw new IOException(step) : step)
            .Activity<string, int>("Undo", step =>
            {
                undone.Add(step);
                return 0;
            })
            .Orchestrator("Saga", async context =>
            {
                var done = new Stack<string>();
                try
                {
                    foreach (string step in (string[])["reserve", "pay", "ship"])
                        done.Push(await context.CallActivityAsync<string>("Do", step));
                    return "shipped";
                }
                catch (TaskFailedException)
                {
                    foreach (string step in done)
                        await context.CallActivityAsync("Undo", step);
                    return "taken back";
                }
            }));

        Assert.Equal("taken back", (await engine.RunAsync("Saga")).ReadOutputAs<string>());
        Assert.Equal(["pay", "reserve"], undone);
    }
}
