using VisionPlatform.Application.Modules;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>The work that orchestrations do for training jobs.</summary>
public static class TrainingWork
{
    /// <summary>Takes a job from the queue to its end.</summary>
    public static RecoverableWork Train { get; } = RecoverableWork.Of<PlatformDatabase>("TrainModel", "train", (database, before) => database.TrainingJobs
        .Where(job => (job.State == JobState.Queued || job.State == JobState.Starting || job.State == JobState.Running || job.State == JobState.Finalizing) && job.QueuedAt < before && job.SweepId == null)
        .OrderBy(job => job.QueuedAt).Select(job => job.Id));

    /// <summary>Has a trainer predict the images of a dataset version.</summary>
    public static RecoverableWork Predict { get; } = RecoverableWork.Of<PlatformDatabase>("PredictDataset", "predict", (database, before) => database.Predictions
        .Where(row => (row.State == PredictionState.Pending || row.State == PredictionState.Running) && row.CreatedAt < before).OrderBy(row => row.CreatedAt).Select(row => row.Id));

    /// <summary>Proposes, accepts or rejects the labels of many images.</summary>
    public static RecoverableWork Propose { get; } = RecoverableWork.Of<PlatformDatabase>("WorkOnProposals", "proposals", (database, before) => database.ProposalRuns
        .Where(run => run.State == ProposalRunState.Running && run.CreatedAt < before).OrderBy(run => run.CreatedAt).Select(run => run.Id));

    /// <summary>Starts the runs of a sweep and waits for them; it runs their jobs itself.</summary>
    public static RecoverableWork Sweep { get; } = RecoverableWork.Of<PlatformDatabase>("RunSweep", "sweep", (database, before) => database.Sweeps
        .Where(sweep => sweep.State == SweepState.Running && sweep.CreatedAt < before).OrderBy(sweep => sweep.CreatedAt).Select(sweep => sweep.Id));
}
