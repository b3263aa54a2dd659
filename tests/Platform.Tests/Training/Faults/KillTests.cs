using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training.Faults;

/// <summary>When a process dies.</summary>
public enum Phase
{
    /// <summary>The trainer has accepted the job, and the platform has heard nothing of it.</summary>
    Start,

    /// <summary>The platform has the first checkpoint, and the second epoch is on its way.</summary>
    Epoch,

    /// <summary>The second checkpoint is being uploaded.</summary>
    Upload,

    /// <summary>The last checkpoint is reported, and the end is not.</summary>
    Finish,

    /// <summary>The checkpoint was copied for the model version, which does not exist yet.</summary>
    Copy,

    /// <summary>The job has completed, and its logs and metrics are not stored yet.</summary>
    Records,
}

/// <summary>Trainer and platform are killed in each phase of a job. By default in the phases that lose most; in all of them with LONG_TESTS=1.</summary>
[Collection(nameof(TrainingLab))]
public sealed class KillTests(TrainingLab lab)
{
    private const int Epochs = 3;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("LONG_TESTS") == "1";

    public static TheoryData<Phase> OfTheTrainer => IsLong ? [Phase.Start, Phase.Epoch, Phase.Upload, Phase.Finish] : [Phase.Upload];

    public static TheoryData<Phase> OfThePlatform => IsLong ? [Phase.Start, Phase.Epoch, Phase.Upload, Phase.Finish, Phase.Copy, Phase.Records] : [Phase.Copy, Phase.Records];

    [Theory, MemberData(nameof(OfTheTrainer))]
    public async Task A_job_completes_whose_trainer_is_killed(Phase phase)
    {
        var (id, held) = await ReachAsync(phase);
        await lab.Trainer.KillAsync();
        held.Cut();
        await lab.Trainer.StartAsync();
        await lab.CompletesAsync(id, Epochs, attempts: 2);
    }

    [Theory, MemberData(nameof(OfThePlatform))]
    public async Task A_job_completes_whose_platform_is_killed(Phase phase)
    {
        var (id, held) = await ReachAsync(phase);
        await lab.App.KillAsync();
        // What the trainer was sending goes on: to nobody, if it was a callback.
        held.Release();
        await lab.App.StartAsync();
        await lab.CompletesAsync(id, Epochs);
    }

    /// <summary>Starts a job and stops it in a phase, by holding the request that ends it.</summary>
    private async Task<(Guid Job, HeldRequest Held)> ReachAsync(Phase phase)
    {
        await Waiting.UntilAsync(() => lab.Trainer.JobProcesses().Count == 0, "no other job calls back");
        var id = await lab.NewJobAsync(Epochs);
        var held = phase switch
        {
            Phase.Start => lab.Callbacks.HoldNext("/events "),
            Phase.Epoch => lab.Callbacks.HoldNext("/events ", "\"type\":\"metrics\",\"epoch\":2,"),
            Phase.Upload => lab.Store.HoldNext($"/checkpoints/{id}/1/", "epoch-0002"),
            Phase.Finish => lab.Callbacks.HoldNext("/events ", "\"type\":\"completed\""),
            Phase.Copy => lab.Store.HoldNext("GET ", $"/models/{id}/"),
            _ => lab.Store.HoldNext("PUT ", $"/logs/{id}/"),
        };
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        await held.ArrivedAsync();
        return (id, held);
    }
}
