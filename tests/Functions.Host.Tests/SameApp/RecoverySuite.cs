using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Training;

namespace VisionPlatform.Functions.Host.Tests.SameApp;

/// <summary>A job ends as it should whoever dies, stops or is told to stop meanwhile.</summary>
public abstract class RecoverySuite(TrainingLab lab)
{
    private const int Epochs = 15;

    [Fact]
    public async Task A_platform_killed_in_mid_training_finishes_the_job_after_its_restart()
    {
        var id = await lab.StartJobAsync(Epochs);
        await lab.WaitForJobAsync(id, job => job.GetProperty("currentEpoch").GetInt32() is >= 2 and < Epochs, "it trains");
        await lab.App.KillAsync();
        await lab.App.StartAsync();

        var job = await lab.WaitForStateAsync(id, "completed");
        Assert.Single(TrainingLab.AttemptsOf(job));
        await EveryEpochIsThereOnceAsync(id);
    }

    [Fact]
    public async Task A_trainer_killed_in_mid_training_goes_on_from_its_last_checkpoint()
    {
        var id = await lab.StartJobAsync(Epochs);
        await lab.WaitForJobAsync(id, job => job.GetProperty("currentEpoch").GetInt32() is >= 3 and < Epochs, "it trains");
        await lab.Trainer.KillAsync();
        await lab.Trainer.StartAsync();

        var job = await lab.WaitForStateAsync(id, "completed");
        var attempts = TrainingLab.AttemptsOf(job);
        Assert.Equal(2, attempts.Count);
        Assert.Equal("TRAINER_SILENT", attempts[0].GetProperty("error").GetProperty("code").GetString());
        var resumed = attempts[1].GetProperty("resumedFromEpoch").GetInt32();
        Assert.InRange(resumed, 1, Epochs - 1);
        var second = (await lab.Admin.GetAsync($"training/jobs/{id}/metrics")).Expect(200).Items.Where(row => row.GetProperty("attempt").GetInt32() == 2);
        Assert.Equal(Enumerable.Range(resumed + 1, Epochs - resumed), second.Select(row => row.GetProperty("epoch").GetInt32()));
    }

    [Fact]
    public async Task A_cancelled_job_stops_and_keeps_its_results()
    {
        var id = await lab.StartJobAsync(epochs: 1000);
        await lab.WaitForJobAsync(id, job => job.GetProperty("currentEpoch").GetInt32() >= 2, "it trains and has its first checkpoint");
        (await lab.Admin.PostAsync($"training/jobs/{id}/cancel")).Expect(202);
        var job = await lab.WaitForStateAsync(id, "cancelled");
        Assert.Equal(System.Text.Json.JsonValueKind.Null, job.GetProperty("modelVersionId").ValueKind);
        Assert.NotEmpty((await lab.Admin.GetAsync($"training/jobs/{id}/checkpoints")).Expect(200).Items);
        (await lab.Admin.PostAsync($"training/jobs/{id}/cancel")).Expect(409, "INVALID_STATE");

        // The slot is free again and the trainer has stopped: two more jobs run at once on its two slots.
        var next = await Task.WhenAll(lab.StartJobAsync(epochs: 1), lab.StartJobAsync(epochs: 1));
        foreach (var one in next)
            await lab.WaitForStateAsync(one, "completed");
    }

    [Fact]
    public async Task A_job_that_the_trainer_refuses_fails_with_the_reason_and_its_orchestration_completes()
    {
        // Each value is within the schema; together they make no sense to the trainer. An expected failure is a value to the orchestration.
        var id = (await lab.Admin.PostAsync("training/jobs", lab.Job(new { epochs = 1, optimizer = "adam", momentum = 0.5 }))).Expect(201).Id;
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);

        var job = await lab.WaitForStateAsync(id, "failed");

        Assert.Equal("INVALID_CONFIG", job.GetProperty("error").GetProperty("code").GetString());
        await Waiting.UntilAsync(async () => (await lab.HostAsync(HttpMethod.Get, $"/runtime/webhooks/durabletask/instances/train-{id}")).GetProperty("runtimeStatus").GetString() == "Completed", "its orchestration completes");
    }

    [Fact]
    public async Task A_host_that_is_asked_to_stop_ends_its_streams_and_leaves_the_job_to_the_next()
    {
        var id = await lab.StartJobAsync(Epochs);
        await lab.WaitForJobAsync(id, job => job.GetProperty("currentEpoch").GetInt32() is >= 1 and < Epochs, "it trains");
        var stream = EventStream.ReadOnceAsync(lab.Admin, id);

        Assert.Equal(0, await lab.App.StopAsync());
        await stream;
        await lab.App.StartAsync();

        Assert.Single(TrainingLab.AttemptsOf(await lab.WaitForStateAsync(id, "completed")));
        await EveryEpochIsThereOnceAsync(id);
    }

    private async Task EveryEpochIsThereOnceAsync(Guid id)
    {
        var epochs = (await lab.Admin.GetAsync($"training/jobs/{id}/metrics")).Expect(200).Items.Select(row => row.GetProperty("epoch").GetInt32());
        Assert.Equal(Enumerable.Range(1, Epochs), epochs);
    }
}
