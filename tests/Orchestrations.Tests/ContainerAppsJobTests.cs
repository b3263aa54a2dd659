using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Training;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Orchestrations.Tests;

/// <summary>Jobs that run as executions of an Azure Container Apps job: the orchestrations against Azure's management API as it is documented.</summary>
public sealed class ContainerAppsJobTests(Servers servers) : IClassFixture<Servers>, IAsyncLifetime
{
    private FakeAzure _azure = null!;
    private Workbench _bench = null!;

    public async ValueTask InitializeAsync()
    {
        _azure = await FakeAzure.StartAsync();
        _bench = await Workbench.StartAsync(servers, azure: _azure);
    }

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        await _azure.DisposeAsync();
    }

    [Fact]
    public async Task A_job_runs_as_an_execution_with_the_container_of_the_job_and_a_ticket_for_its_request()
    {
        var id = await QueueAsync();
        var name = await StartedAsync();

        var container = _azure.Executions[name]["properties"]!["template"]!["containers"]![0]!;
        Assert.Equal(("registry.example/vision-trainer-torchvision:v1", "56Gi"), ((string?)container["image"], (string?)container["resources"]!["memory"]));
        var environment = container["env"]!.AsArray();
        Assert.Equal("trainer-api-key", (string?)Variable(environment, "TRAINER_API_KEY")["secretRef"]);
        var attempt = (await _bench.AttemptsAsync(id)).Single();
        Assert.Equal(name, attempt.Execution);
        Assert.EndsWith($"/api/v1/trainer/attempts/{attempt.Id}/request", (string?)Variable(environment, ContainerAppsJobs.RequestUrl)["value"], StringComparison.Ordinal);
        var ticket = (string)Variable(environment, ContainerAppsJobs.RequestToken)["value"]!;
        Assert.Equal(attempt.Id, Workbench.Tokens.VerifyTicket(ticket).AttemptId);
        // What stands in the template can be read in Azure's portal: it reports nothing in the trainer's name.
        Assert.Null(Workbench.Tokens.Verify(ticket).AttemptId);
        Assert.Empty(_bench.Trainer.Jobs);

        await _bench.ReportAsync(id, Event("failed") with { Code = "OUT_OF_MEMORY", Message = "too large" });
        Assert.Equal("OUT_OF_MEMORY", (await EndAsync(id)).Failure!.Code);
    }

    [Fact]
    public async Task An_execution_that_dies_without_a_callback_fails_its_attempt_as_transient_and_the_next_one_starts()
    {
        var id = await QueueAsync();
        var first = await StartedAsync();

        _azure.Ends(first, "Failed");
        await _bench.WakeAsync(id);

        await Eventually.TrueAsync(() => _azure.Executions.Count == 2, "the second execution");
        var attempt = (await _bench.AttemptsAsync(id))[0];
        Assert.Equal((AttemptState.Failed, "TRAINER_CRASHED", $"The execution {first} ended as 'Failed' without a result."), (attempt.State, attempt.Error!.Code, attempt.Error.Message));
        await StopAsync(id);
    }

    [Fact]
    public async Task An_execution_that_Azure_cannot_run_at_all_fails_every_attempt_and_then_the_job()
    {
        _azure.FirstStatus = "Failed";

        var id = await QueueAsync();
        await WakeUntilAsync(id, async () => (await _bench.AttemptsAsync(id)).Count(attempt => attempt.State == AttemptState.Failed) == 2);

        Assert.Equal("TRAINER_CRASHED", (await EndAsync(id)).Failure!.Code);
        Assert.Equal(2, _azure.Executions.Count);
    }

    [Fact]
    public async Task A_throttled_start_is_tried_again_after_the_time_that_Azure_asks_for()
    {
        _azure.Failures.Enqueue(("start", 429, "TooManyRequests", 1));
        _azure.Failures.Enqueue(("start", 503, "ServiceUnavailable", null));

        var id = await QueueAsync();
        await StartedAsync();

        Assert.Equal(3, _azure.Requests.Count(request => request == "POST /start"));
        Assert.Single(await _bench.AttemptsAsync(id));
        await StopAsync(id);
    }

    [Fact]
    public async Task A_start_that_Azure_refuses_for_good_fails_the_job_with_the_reason()
    {
        _azure.Failures.Enqueue(("start", 400, "InvalidParameterValueInContainerTemplate", null));

        var failure = (await EndAsync(await QueueAsync())).Failure!;

        Assert.Equal(("TRAINER_NOT_STARTED", "Azure answered 400: InvalidParameterValueInContainerTemplate no"), (failure.Code, failure.Message));
        Assert.Empty(_azure.Executions);
    }

    [Fact]
    public async Task A_missing_right_keeps_the_job_waiting_until_somebody_gives_it()
    {
        _azure.Failures.Enqueue(("start", 403, "AuthorizationFailed", null));

        var id = await QueueAsync();
        await StartedAsync();

        Assert.Single(await _bench.AttemptsAsync(id));
        await StopAsync(id);
    }

    [Fact]
    public async Task An_expired_token_is_renewed_and_the_request_sent_again()
    {
        var id = await QueueAsync();
        var name = await StartedAsync();
        Assert.Equal(1, _azure.Credential.Given);

        _azure.Credential.Expire();
        _azure.Ends(name, "Failed");
        await _bench.WakeAsync(id);

        await Eventually.TrueAsync(() => _azure.Executions.Count == 2, "the second execution");
        Assert.Equal(2, _azure.Credential.Given);
        await StopAsync(id);
    }

    [Fact]
    public async Task A_cancelled_job_stops_its_execution_also_when_Azure_is_busy()
    {
        var id = await QueueAsync();
        var name = await StartedAsync();
        _azure.Failures.Enqueue(("stop", 429, "TooManyRequests", 1));

        await StopAsync(id);

        Assert.Equal("Stopped", (string?)_azure.Executions[name]["properties"]!["status"]);
        Assert.Equal(JobState.Cancelled, (await EndAsync(id)).State);
    }

    [Fact]
    public async Task An_execution_that_waits_for_a_machine_is_not_silent()
    {
        await using var impatient = await Workbench.StartAsync(servers, heartbeatTimeout: TimeSpan.FromMilliseconds(1), azure: _azure);
        var (job, _) = await servers.Training.QueueAsync();
        await impatient.Engine.Client.ScheduleOnceAsync(TrainingWork.Train, job.Id, TestContext.Current.CancellationToken);
        var name = await StartedAsync();
        var asked = $"GET /executions/{name}";
        for (var looks = 1; looks <= 3; looks++)
        {
            await impatient.WakeAsync(job.Id);
            await Eventually.TrueAsync(() => _azure.Requests.Count(request => request == asked) >= looks, "a look at the execution");
        }

        var attempt = Assert.Single(await impatient.AttemptsAsync(job.Id));
        Assert.Equal(AttemptState.Starting, attempt.State);
        // It keeps its slot, however long it waits.
        await using (var database = servers.Training.Open())
            Assert.True(await database.TrainerLeases.AnyAsync(lease => lease.AttemptId == attempt.Id && lease.ExpiresAt > lease.AcquiredAt + TrainerSlots.LeaseTime));
        await impatient.CancelAsync(job.Id);
        await impatient.Engine.EndOf(TrainingWork.Train.InstanceId(job.Id));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_start_that_was_not_recorded_is_found_again(bool withoutBody)
    {
        _azure.StartsWithoutBody = withoutBody;
        var environment = new Dictionary<string, string> { [ContainerAppsJobs.RequestUrl] = "https://platform.example/request/1", [ContainerAppsJobs.RequestToken] = "ticket" };
        using var jobs = _bench.NewExecutions();
        var job = _bench.Settings.Jobs["torchvision"];

        var other = await Start(new Dictionary<string, string>(environment) { [ContainerAppsJobs.RequestUrl] = "https://platform.example/request/2" });
        var first = await Start(environment);
        var again = await Start(environment);
        _azure.Ends(first!, "Failed");
        var afterItsEnd = await Start(environment);

        Assert.Equal(first, again);
        Assert.Equal(3, new[] { other, first, afterItsEnd }.Distinct().Count());
        Assert.Equal(3, _azure.Executions.Count);
        Assert.True((await jobs.FindStateAsync(job, "unknown", TestContext.Current.CancellationToken))!.HasEnded);

        async Task<string?> Start(IReadOnlyDictionary<string, string> variables) =>
            Assert.IsType<TrainerStart.Accepted>(await jobs.StartAsync(job, variables, TestContext.Current.CancellationToken)).Execution;
    }

    private async Task<Guid> QueueAsync()
    {
        var (job, _) = await servers.Training.QueueAsync();
        await _bench.Engine.Client.ScheduleOnceAsync(TrainingWork.Train, job.Id, TestContext.Current.CancellationToken);
        return job.Id;
    }

    /// <summary>The execution, once its attempt has recorded it.</summary>
    private async Task<string> StartedAsync()
    {
        await using var database = servers.Training.Open();
        await Eventually.TrueAsync(() => _azure.Executions.Keys.Any(name => database.Attempts.Any(attempt => attempt.Execution == name)), "an execution");
        return _azure.Executions.Keys.Single();
    }

    private async Task<JobEnd> EndAsync(Guid id) => (await _bench.Engine.EndOf(TrainingWork.Train.InstanceId(id))).ReadOutputAs<JobEnd>()!;

    private async Task StopAsync(Guid id)
    {
        await _bench.CancelAsync(id);
        await EndAsync(id);
    }

    private async Task WakeUntilAsync(Guid id, Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (!await condition())
        {
            await _bench.WakeAsync(id);
            await Task.Delay(50, limit.Token);
        }
    }

    private static AttemptEvent Event(string type) => new() { Seq = 0, Time = default, Type = type };

    private static JsonNode Variable(JsonArray environment, string name) => environment.Single(variable => (string?)variable!["name"] == name)!;
}
