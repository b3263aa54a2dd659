using Microsoft.EntityFrameworkCore;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>A job goes on to its end whoever dies meanwhile.</summary>
[Collection(nameof(TrainingLab))]
public sealed class RecoveryTests(TrainingLab lab)
{
    private const int Epochs = 25;

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
    public async Task Both_killed_at_once_and_the_job_still_completes()
    {
        var id = await lab.StartJobAsync(Epochs);
        await lab.WaitForJobAsync(id, job => job.GetProperty("currentEpoch").GetInt32() is >= 2 and < Epochs, "it trains");
        await lab.App.KillAsync();
        await lab.Trainer.KillAsync();
        await lab.App.StartAsync();
        await lab.Trainer.StartAsync();
        await lab.WaitForStateAsync(id, "completed");
    }

    [Fact]
    public async Task A_job_started_while_the_trainer_is_away_waits_for_it()
    {
        await lab.Trainer.KillAsync();
        var id = await lab.StartJobAsync(epochs: 1);
        (await lab.Admin.GetAsync("training/capabilities")).Expect(200);
        Assert.Equal("offline", (await lab.Admin.GetAsync("training/capabilities")).Items[0].GetProperty("state").GetString());
        await Waiting.UntilAsync(async () => TrainingLab.AttemptsOf(await lab.ReadJobAsync(id)).Count == 1, "the attempt waits");
        Assert.Equal("queued", TrainingLab.StateOf(await lab.ReadJobAsync(id)));
        await lab.Trainer.StartAsync();
        await lab.WaitForStateAsync(id, "completed");
    }

    [Fact]
    public async Task A_cancelled_job_stops_and_keeps_what_it_had()
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
    public async Task More_jobs_than_slots_run_in_the_order_they_were_started()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 4; i++)
            ids.Add(await lab.StartJobAsync(epochs: 2));
        var ended = new List<(Guid Id, DateTimeOffset Started)>();
        foreach (var id in ids)
            ended.Add((id, (await lab.WaitForStateAsync(id, "completed")).GetProperty("startedAt").GetDateTimeOffset()));
        Assert.True(ended.Take(2).Max(job => job.Started) <= ended.Skip(2).Min(job => job.Started));
    }

    [Fact]
    public async Task A_queued_job_whose_host_died_before_scheduling_it_is_found_and_run()
    {
        var id = await lab.NewJobAsync(epochs: 1);
        await using (var database = lab.App.Databases.OpenPlatform())
            await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET state = 'queued', queued_at = now() - interval '2 minutes' WHERE id = {id}");
        await lab.FireTimerAsync("RecoverWork");
        await lab.WaitForStateAsync(id, "completed");
    }

    [Fact]
    public async Task A_job_whose_orchestration_an_operator_terminated_is_taken_up_where_its_row_says_it_is()
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

    private async Task EveryEpochIsThereOnceAsync(Guid id)
    {
        var epochs = (await lab.Admin.GetAsync($"training/jobs/{id}/metrics")).Expect(200).Items.Select(row => row.GetProperty("epoch").GetInt32());
        Assert.Equal(Enumerable.Range(1, Epochs), epochs);
    }
}
