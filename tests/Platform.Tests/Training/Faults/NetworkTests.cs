using System.Diagnostics;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training.Faults;

/// <summary>A job and the network between trainer, platform and object store. With LONG_TESTS=1 it is away for a minute, not for some tries.</summary>
[Collection(nameof(TrainingLab))]
public sealed class NetworkTests(TrainingLab lab)
{
    private const int Epochs = 3;
    private const int Tries = 3;

    private static readonly TimeSpan Away = Environment.GetEnvironmentVariable("LONG_TESTS") == "1" ? TimeSpan.FromMinutes(1) : TimeSpan.Zero;

    [Fact]
    public async Task A_job_goes_on_when_an_object_store_that_was_away_is_back()
    {
        var id = await lab.NewJobAsync(Epochs);
        var held = lab.Store.HoldNext($"/checkpoints/{id}/1/", "epoch-0002");
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        await held.ArrivedAsync();

        lab.Store.TakeDown(true);
        held.Cut();
        await StayAsync(lab.Store);
        lab.Store.TakeDown(false);

        await lab.CompletesAsync(id, Epochs, attempts: 1);
    }

    [Fact]
    public async Task Callbacks_that_are_lost_doubled_reordered_and_late_make_each_epoch_once()
    {
        await Waiting.UntilAsync(() => lab.Trainer.JobProcesses().Count == 0, "no other job calls back");
        var id = await lab.NewJobAsync(Epochs);
        lab.Callbacks.Record("/events ");
        var lost = lab.Callbacks.AnswersLost;
        lab.Callbacks.LoseAnswers("/events ", Tries);
        var held = lab.Callbacks.HoldNext("/events ", "\"type\":\"metrics\",\"epoch\":2,");
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        await held.ArrivedAsync();

        // Lost and late: the trainer keeps what it has to say until somebody listens.
        lab.Callbacks.TakeDown(true);
        held.Cut();
        await StayAsync(lab.Callbacks);
        lab.Callbacks.TakeDown(false);
        await lab.WaitForJobAsync(id, job => job.GetProperty("currentEpoch").GetInt32() >= 2, "the second epoch is told");
        var soFar = lab.Callbacks.Record("/events ");
        foreach (var request in soFar.Reverse())
            Assert.Equal(200, await lab.Callbacks.RepeatAsync(request));
        await lab.WaitForStateAsync(id, "completed");
        var before = (await lab.Admin.GetAsync($"training/jobs/{id}")).Expect(200).Body.ToString();
        foreach (var request in soFar.Concat(lab.Callbacks.Record(null)).Reverse())
            Assert.Equal(200, await lab.Callbacks.RepeatAsync(request));

        Assert.Equal(lost + Tries, lab.Callbacks.AnswersLost);
        Assert.NotEmpty(soFar);
        Assert.Equal(before, (await lab.Admin.GetAsync($"training/jobs/{id}")).Expect(200).Body.ToString());
        await lab.CompletesAsync(id, Epochs, attempts: 1);
    }

    [Fact]
    public async Task A_trainer_that_comes_back_after_its_job_was_moved_changes_nothing()
    {
        await Waiting.UntilAsync(() => lab.Trainer.JobProcesses().Count == 0, "no other job calls back");
        var id = await lab.NewJobAsync(Epochs);
        var held = lab.Callbacks.HoldNext("/events ", "\"type\":\"metrics\",\"epoch\":2,");
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        await held.ArrivedAsync();

        // Long enough to be given up: the next attempt begins while the first one still has events to tell.
        lab.Callbacks.TakeDown(true);
        held.Cut();
        await lab.WaitForJobAsync(id, job => TrainingLab.AttemptsOf(job).Count == 2, "the attempt is given up");
        lab.Callbacks.TakeDown(false);

        await lab.CompletesAsync(id, Epochs, attempts: 2);
        var attempts = TrainingLab.AttemptsOf(await lab.ReadJobAsync(id));
        Assert.Equal(("failed", "TRAINER_SILENT"), (TrainingLab.StateOf(attempts[0]), attempts[0].GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(1, attempts[1].GetProperty("resumedFromEpoch").GetInt32());
    }

    [Fact]
    public async Task A_cancel_that_comes_before_the_model_version_wins()
    {
        var id = await lab.NewJobAsync(Epochs);
        var held = lab.Store.HoldNext("GET ", $"/models/{id}/");
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        await held.ArrivedAsync();

        (await lab.Admin.PostAsync($"training/jobs/{id}/cancel")).Expect(202);
        held.Release();

        await lab.IsCancelledAsync(id);
    }

    [Fact]
    public async Task A_cancel_at_the_moment_of_the_end_leaves_a_job_that_is_one_or_the_other()
    {
        await Waiting.UntilAsync(() => lab.Trainer.JobProcesses().Count == 0, "no other job calls back");
        var id = await lab.NewJobAsync(Epochs);
        var held = lab.Callbacks.HoldNext("/events ", "\"type\":\"completed\"");
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        await held.ArrivedAsync();

        var cancelling = lab.Admin.PostAsync($"training/jobs/{id}/cancel");
        held.Release();

        var accepted = (await cancelling).Status == System.Net.HttpStatusCode.Accepted;
        await Waiting.UntilAsync(async () => TrainingLab.StateOf(await lab.ReadJobAsync(id)) is "completed" or "cancelled", "it ends");
        if (TrainingLab.StateOf(await lab.ReadJobAsync(id)) == "cancelled")
            await lab.IsCancelledAsync(id);
        else
            await lab.CompletesAsync(id, Epochs, attempts: 1);
        Assert.True(accepted || TrainingLab.StateOf(await lab.ReadJobAsync(id)) == "completed");
    }

    private static async Task StayAsync(FaultyNetwork network)
    {
        var since = Stopwatch.GetTimestamp();
        await Waiting.UntilAsync(() => network.Refused >= Tries && Stopwatch.GetElapsedTime(since) >= Away, "it was asked for in vain");
    }
}
