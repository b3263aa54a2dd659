using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Orchestrations.Training;

public sealed record AttemptOpening(TrainerRun Run, int Number);

/// <param name="LooksPerHistory">Looks after which the run begins a fresh history.</param>
public sealed record AttemptTicket(Guid AttemptId, int MaxAttempts, TimeSpan RetryDelay, int LooksPerHistory);

/// <summary>What came of starting an attempt: it runs, it waits (look again later), or it has ended already.</summary>
public sealed record AttemptStart(bool Started, TimeSpan LookAgainIn, AttemptLook? End)
{
    public static AttemptStart Running { get; } = new(true, TimeSpan.Zero, null);

    public static AttemptStart Waiting(TimeSpan lookAgainIn) => new(false, lookAgainIn, null);

    public static AttemptStart Over(AttemptLook end) => new(false, TimeSpan.Zero, end);
}

/// <summary>What an attempt's row says.</summary>
/// <param name="TryAgain">Another attempt may help.</param>
/// <param name="Silent">Nothing was heard for too long. That ends an attempt only when it is seen twice: after an outage of ours the trainer needs a moment to get through.</param>
/// <param name="WakeSubjects">Jobs and exports that wait for the slot that became free.</param>
public sealed record AttemptLook(
    bool Ended, AttemptState State, Failure? Failure, bool TryAgain, TimeSpan LookAgainIn, bool Silent, IReadOnlyList<Guid> WakeSubjects)
{
    public static AttemptLook Later(Attempt attempt, TimeSpan lookAgainIn, bool silent) => new(false, attempt.State, null, false, lookAgainIn, silent, []);
}

/// <param name="SilentBefore">What the look before said.</param>
public sealed record AttemptLooking(Guid AttemptId, bool SilentBefore);

/// <summary>The steps of one attempt. Each may run more than once and finds what an earlier run left.</summary>
public sealed class AttemptActivities(
    PlatformDatabase database, TrainerCatalog catalog, TrainerClient trainers, TrainerJobs jobs, TrainerSettings settings, TimeProvider time)
{
    /// <summary>Between looks of an attempt that waits for a slot; a freed slot wakes it at once.</summary>
    private static readonly TimeSpan WaitForSlot = TimeSpan.FromSeconds(15);

    /// <summary>Between looks of an attempt whose trainer does not answer. It waits for as long as nobody cancels: the job stays queued.</summary>
    private static readonly TimeSpan AskTrainerAgain = TimeSpan.FromSeconds(3);

    /// <summary>The longest a trainer lets pass between tries of a callback (trainers/protocol.md).</summary>
    private static readonly TimeSpan LongestCallbackWait = TimeSpan.FromSeconds(35);

    [Function(nameof(OpenAttempt))]
    public async Task<AttemptTicket> OpenAttempt([ActivityTrigger] AttemptOpening opening, CancellationToken cancellation)
    {
        var (run, number) = (opening.Run, opening.Number);
        var attempt = await database.Attempts.FirstOrDefaultAsync(a => a.SubjectId == run.SubjectId && a.Number == number, cancellation);
        if (attempt is null)
        {
            attempt = new Attempt
            {
                Kind = run.Kind, SubjectId = run.SubjectId, Number = number, CreatedAt = time.GetUtcNow(),
                Trainer = await FrameworkAsync(run, cancellation),
            };
            database.Attempts.Add(attempt);
            await database.SaveChangesAsync(cancellation);
        }

        return new AttemptTicket(attempt.Id, settings.MaxAttempts, settings.RetryDelay, settings.LooksPerHistory);
    }

    [Function(nameof(StartAttempt))]
    public async Task<AttemptStart> StartAttempt([ActivityTrigger] Guid attemptId, CancellationToken cancellation)
    {
        var framework = await database.Attempts.AsNoTracking().Where(a => a.Id == attemptId).Select(a => a.Trainer).SingleAsync(cancellation);
        var trainer = await catalog.FindAsync(framework, cancellation);
        Attempt attempt;
        await using (var transaction = await database.Database.BeginTransactionAsync(cancellation))
        {
            attempt = (await database.LockAttemptAsync(attemptId, cancellation))!;
            if (attempt.State.IsTerminal())
                return AttemptStart.Over(await DescribeEndAsync(attempt, cancellation));
            if (attempt.State != AttemptState.Waiting)
                return AttemptStart.Running;
            var (now, job) = (time.GetUtcNow(), await JobOfAsync(attempt, cancellation));
            if (job is { CancelRequested: true } || job?.State.IsTerminal() == true)
                return AttemptStart.Over(await EndAsync(attempt, AttemptState.Cancelled, Failure.Of(ErrorCodes.AttemptCancelled), transaction, cancellation));
            if (!trainer.Online || trainer.Capabilities is null)
                return AttemptStart.Waiting(AskTrainerAgain);
            if (!await database.TryLeaseSlotAsync(attempt, trainer.Capabilities.Slots, now, cancellation))
                return AttemptStart.Waiting(WaitForSlot);
            await database.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
        }

        var built = await jobs.BuildAsync(attempt, cancellation);
        var outcome = built.Request is { } request
            ? await trainers.StartAsync(framework, request, cancellation)
            : new TrainerStart.Rejected(built.Failure!);
        return await RecordStartAsync(attemptId, outcome, built.ResumedFromEpoch, cancellation);
    }

    [Function(nameof(LookAtAttempt))]
    public async Task<AttemptLook> LookAtAttempt([ActivityTrigger] AttemptLooking looking, CancellationToken cancellation)
    {
        var attemptId = looking.AttemptId;
        AttemptLook look;
        Attempt attempt;
        await using (var transaction = await database.Database.BeginTransactionAsync(cancellation))
        {
            attempt = (await database.LockAttemptAsync(attemptId, cancellation))!;
            if (attempt.State.IsTerminal())
                return await DescribeEndAsync(attempt, cancellation);
            var job = await JobOfAsync(attempt, cancellation);
            var silentFor = time.GetUtcNow() - (attempt.LastHeartbeatAt ?? attempt.StartedAt ?? attempt.CreatedAt);
            if (job is { CancelRequested: true })
                look = await EndAsync(attempt, AttemptState.Cancelled, Failure.Of(ErrorCodes.AttemptCancelled), transaction, cancellation);
            else if (silentFor > settings.HeartbeatTimeout && !looking.SilentBefore)
                return AttemptLook.Later(attempt, settings.HeartbeatTimeout < LongestCallbackWait ? settings.HeartbeatTimeout : LongestCallbackWait, silent: true);
            else if (silentFor > settings.HeartbeatTimeout)
                look = await EndAsync(attempt, AttemptState.Failed, Failure.Of(
                    ErrorCodes.TrainerSilent, $"The trainer has said nothing for {silentFor.TotalSeconds:0} s."), transaction, cancellation);
            else
                return AttemptLook.Later(attempt, settings.HeartbeatTimeout - silentFor + TimeSpan.FromSeconds(1), silent: false);
        }

        // The row says it is over, so the trainer hears so with its next callback as well; this only spares it the work until then.
        await trainers.CancelAsync(attempt.Trainer, attempt.SubjectId, attempt.Number, cancellation);
        return look;
    }

    private async Task<AttemptStart> RecordStartAsync(Guid attemptId, TrainerStart outcome, int? resumedFrom, CancellationToken cancellation)
    {
        database.ChangeTracker.Clear();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var attempt = (await database.LockAttemptAsync(attemptId, cancellation))!;
        if (attempt.State.IsTerminal())
            return AttemptStart.Over(await DescribeEndAsync(attempt, cancellation));
        var (now, job) = (time.GetUtcNow(), await JobOfAsync(attempt, cancellation));
        if (attempt.State != AttemptState.Waiting)
            outcome = new TrainerStart.Accepted(); // Its report came before our answer, so it runs whatever became of the answer.
        if (outcome is TrainerStart.Rejected rejected)
            return AttemptStart.Over(await EndAsync(attempt, AttemptState.Failed, rejected.Failure, transaction, cancellation));
        var accepted = outcome is TrainerStart.Accepted;
        if (accepted)
        {
            attempt.ResumedFromEpoch = resumedFrom;
            attempt.LastHeartbeatAt ??= now;
            if (attempt.MoveTo(AttemptState.Starting, now) && job is not null)
                database.AppendAttempt(attempt, now);
            if (job?.MoveTo(JobState.Starting, now) == true)
                database.AppendState(job, now);
        }
        else
            await database.ReleaseSlotAsync(attempt.Id, cancellation);

        await database.SaveChangesAsync(cancellation);
        if (job is not null)
            await database.NotifyJobReadersAsync(job.Id, cancellation);
        await transaction.CommitAsync(cancellation);
        return accepted ? AttemptStart.Running : AttemptStart.Waiting(AskTrainerAgain);
    }

    /// <summary>Ends the attempt, frees its slot, and commits.</summary>
    private async Task<AttemptLook> EndAsync(
        Attempt attempt, AttemptState state, Failure failure, IDbContextTransaction transaction, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        attempt.MoveTo(state, now, failure);
        if (attempt.Kind == AttemptKind.Train)
        {
            database.AppendAttempt(attempt, now);
            await database.NotifyJobReadersAsync(attempt.SubjectId, cancellation);
        }

        await database.ReleaseSlotAsync(attempt.Id, cancellation);
        await database.SaveChangesAsync(cancellation);
        var look = await DescribeEndAsync(attempt, cancellation);
        await transaction.CommitAsync(cancellation);
        return look;
    }

    private async Task<AttemptLook> DescribeEndAsync(Attempt attempt, CancellationToken cancellation)
    {
        var cancelled = attempt.Kind == AttemptKind.Train
            && await database.TrainingJobs.AsNoTracking().AnyAsync(job => job.Id == attempt.SubjectId && job.CancelRequested, cancellation);
        // A trainer that gives up by itself (it was stopped) reports a cancellation nobody asked for.
        var tryAgain = attempt.State switch
        {
            _ when cancelled => false,
            AttemptState.Cancelled => true,
            AttemptState.Failed => attempt.Error?.Category == ErrorCategory.Transient,
            _ => false,
        };
        return new AttemptLook(
            true, attempt.State, attempt.Error, tryAgain, TimeSpan.Zero, false, await database.WaitingSubjectsAsync(attempt.Trainer, cancellation));
    }

    private async Task<TrainingJob?> JobOfAsync(Attempt attempt, CancellationToken cancellation) =>
        attempt.Kind == AttemptKind.Train ? await database.LockJobAsync(attempt.SubjectId, cancellation) : null;

    private Task<string> FrameworkAsync(TrainerRun run, CancellationToken cancellation) => run.Kind switch
    {
        AttemptKind.Train => database.TrainingJobs.Where(job => job.Id == run.SubjectId).Select(job => job.Framework).SingleAsync(cancellation),
        _ => database.Exports.Where(export => export.Id == run.SubjectId)
            .Join(database.ModelVersions, export => export.ModelVersionId, version => version.Id, (_, version) => version.Framework)
            .SingleAsync(cancellation),
    };
}
