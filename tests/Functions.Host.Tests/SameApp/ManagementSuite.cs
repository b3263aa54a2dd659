using System.Net;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Http.Answers;
using VisionPlatform.Api.Http.Lists;
using VisionPlatform.Api.Http.Limits;
using VisionPlatform.Api.Http.Requests;
using VisionPlatform.Api.Http.Idempotency;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Training;

namespace VisionPlatform.Functions.Host.Tests.SameApp;

/// <summary>What operators use of the host: functions, timers, orchestrations, streams that end in time.</summary>
public abstract class ManagementSuite(TrainingLab lab)
{
    private const string Instances = "/runtime/webhooks/durabletask/instances";

    [Fact]
    public async Task Every_function_is_there()
    {
        var names = (await lab.HostAsync(HttpMethod.Get, "/admin/functions")).EnumerateArray().Select(function => function.GetProperty("name").GetString()).ToList();

        Assert.Empty(FunctionDeclaration.AllHttpFunctionsIn(typeof(ApiDocument).Assembly).Select(function => function.Name).Except(names));
        Assert.Superset(new HashSet<string?> { "TrainModel", "RunOnTrainer", "ExportModels", "FinalizeJob", "RecoverWork", "RemoveExpired" }, names.ToHashSet());
    }

    [Fact]
    public async Task The_endpoints_of_the_host_need_its_key()
    {
        Assert.SkipUnless(lab.AppHost.AsksForKeys, "This host asks for no keys on a developer's machine.");
        foreach (var path in (string[])["/admin/functions", "/admin/host/status", Instances])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await lab.AskHostAsync(HttpMethod.Get, path, withKey: false)).Status);
            Assert.Equal(HttpStatusCode.OK, (await lab.AskHostAsync(HttpMethod.Get, path)).Status);
        }
    }

    [Fact]
    public async Task An_event_stream_ends_before_a_load_balancer_cuts_it_and_the_next_request_continues_it()
    {
        // The job waits to be started: nothing but the limit ends the response, and ReadOnceAsync fails on one that is cut off.
        var id = await lab.NewJobAsync(epochs: 1);
        var first = await EventStream.ReadOnceAsync(lab.Admin, id);
        Assert.DoesNotContain(first, e => e.Type == "end");
        (await lab.Admin.PostAsync($"training/jobs/{id}/cancel")).Expect(202);

        var rest = await EventStream.ReadAsync(lab.Admin, id);

        Assert.Equal("cancelled", rest[^1].Data.GetProperty("state").GetString());
    }

    [Fact]
    public async Task Events_of_one_instance_are_seen_on_another()
    {
        await using var second = await lab.StartSecondAsync();
        using var elsewhere = second.NewClient();
        elsewhere.WithToken(lab.Admin.AccessToken);
        var id = await lab.NewJobAsync(epochs: 1);
        var stream = EventStream.ReadAsync(elsewhere, id);

        (await lab.Admin.PostAsync($"training/jobs/{id}/cancel")).Expect(202);

        Assert.Equal("cancelled", (await stream)[^1].Data.GetProperty("state").GetString());
        (await elsewhere.GetAsync($"training/jobs/{id}")).Expect(200);
    }

    [Fact]
    public async Task An_orchestration_is_suspended_resumed_sent_an_event_and_purged()
    {
        var id = await lab.StartJobAsync(epochs: 1000);
        await lab.WaitForJobAsync(id, job => TrainingLab.StateOf(job) == "running", "it runs");
        await lab.HostAsync(HttpMethod.Post, $"{Instances}/run-{id}/suspend?reason=maintenance");
        await IsAsync($"run-{id}", "Suspended");
        await lab.HostAsync(HttpMethod.Post, $"{Instances}/run-{id}/resume");
        await IsAsync($"run-{id}", "Running");
        await lab.HostAsync(HttpMethod.Post, $"{Instances}/run-{id}/raiseEvent/wake");
        (await lab.Admin.PostAsync($"training/jobs/{id}/cancel")).Expect(202);
        await lab.WaitForStateAsync(id, "cancelled");
        await IsAsync($"train-{id}", "Completed");

        await lab.HostAsync(HttpMethod.Delete, $"{Instances}/train-{id}");
        Assert.Equal(HttpStatusCode.NotFound, (await lab.AskHostAsync(HttpMethod.Get, $"{Instances}/train-{id}")).Status);
    }

    [Fact]
    public async Task A_job_whose_orchestration_was_terminated_continues_from_the_state_in_its_row()
    {
        var id = await lab.StartJobAsync(epochs: 1000);
        await lab.WaitForJobAsync(id, job => job.GetProperty("currentEpoch").GetInt32() >= 1, "it trains");
        foreach (var instance in (string[])["train", "run"])
            await lab.HostAsync(HttpMethod.Post, $"/runtime/webhooks/durabletask/instances/{instance}-{id}/terminate");
        await using (var database = lab.App.Databases.OpenPlatform())
            await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET queued_at = now() - interval '2 minutes' WHERE id = {id}");
        await lab.FireTimerAsync("RecoverWork");

        (await lab.Admin.PostAsync($"training/jobs/{id}/cancel")).Expect(202);
        Assert.Single(TrainingLab.AttemptsOf(await lab.WaitForStateAsync(id, "cancelled")));
    }

    private Task IsAsync(string instance, string status) => Waiting.UntilAsync(
        async () => (await lab.HostAsync(HttpMethod.Get, $"{Instances}/{instance}")).GetProperty("runtimeStatus").GetString() == status, $"{instance} is {status}");
}
