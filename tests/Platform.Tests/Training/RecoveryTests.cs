using Microsoft.EntityFrameworkCore;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>A job reaches its end even if the app or the trainer dies on the way.</summary>
[Collection(nameof(TrainingLab))]
public sealed class RecoveryTests(TrainingLab lab)
{
    private const int Epochs = 25;

    [Fact]
    public async Task A_job_completes_although_app_and_trainer_are_killed_at_the_same_time()
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
        var id = await lab.NewJobAsync(epochs: 1); // Creating a job needs the capabilities of the trainer; starting it does not.
        await lab.Trainer.KillAsync();
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        (await lab.Admin.GetAsync("training/capabilities")).Expect(200);
        Assert.Equal("offline", (await lab.Admin.GetAsync("training/capabilities")).Items[0].GetProperty("state").GetString());
        await Waiting.UntilAsync(async () => TrainingLab.AttemptsOf(await lab.ReadJobAsync(id)).Count == 1, "the attempt waits");
        Assert.Equal("queued", TrainingLab.StateOf(await lab.ReadJobAsync(id)));
        await lab.Trainer.StartAsync();
        await lab.WaitForStateAsync(id, "completed");
    }

    [Fact]
    public async Task More_jobs_than_slots_run_in_the_order_in_which_they_were_started()
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
    public async Task Recovery_runs_a_queued_job_whose_host_died_before_scheduling_it()
    {
        var id = await lab.NewJobAsync(epochs: 1);
        await using (var database = lab.App.Databases.OpenPlatform())
            await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET state = 'queued', queued_at = now() - interval '2 minutes' WHERE id = {id}");
        await lab.FireTimerAsync("RecoverWork");
        await lab.WaitForStateAsync(id, "completed");
    }
}
