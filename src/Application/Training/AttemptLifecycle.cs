using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

/// <summary>
/// Opens, starts and checks the attempts of jobs and exports. Each step may run more than once and finds what an earlier run left.
/// What trainers report in between is taken in by <see cref="EventIngest"/>.
/// </summary>
public sealed class AttemptLifecycle(
    PlatformDatabase database, TrainerCatalog catalog, TrainerLaunch launch, TrainerRequestBuilder requests, TrainerSettings settings, TimeProvider time)
{
    /// <summary>How often an attempt asks for a slot; a slot that becomes free wakes it at once.</summary>
    private static readonly TimeSpan WaitForSlot = TimeSpan.FromSeconds(15);

    /// <summary>How often an attempt asks a trainer that does not answer. It asks until somebody cancels; the job stays queued.</summary>
    private static readonly TimeSpan AskTrainerAgain = TimeSpan.FromSeconds(3);

    /// <summary>How often Azure is asked about an execution. One that has died sends no callback that would wake anybody.</summary>
    private static readonly TimeSpan AskForExecution = TimeSpan.FromSeconds(15);

    /// <summary>Adds the attempt with this number to a job or export, unless it is there.</summary>
    public async Task<AttemptTicket> OpenAsync(AttemptKind kind, Guid subjectId, int number, CancellationToken cancellation)
    {
        var attempt = await database.Attempts.AsNoTracking().FirstOrDefaultAsync(a => a.SubjectId == subjectId && a.Number == number, cancellation);
        if (attempt is null)
        {
            attempt = new Attempt { Kind = kind, SubjectId = subjectId, Number = number, CreatedAt = time.GetUtcNow(), Trainer = await FrameworkAsync(kind, subjectId, cancellation) };
            database.Attempts.Add(attempt);
            await database.SaveChangesAsync(cancellation);
        }

        return new AttemptTicket(attempt.Id, settings.MaxAttempts, settings.RetryDelay, settings.LooksPerHistory);
    }

    /// <summary>Leases a slot for the attempt and sends it to its trainer.</summary>
    public async Task<AttemptStart> StartAsync(Guid attemptId, CancellationToken cancellation)
    {
        var framework = await database.Attempts.AsNoTracking().Where(a => a.Id == attemptId).Select(a => a.Trainer).SingleAsync(cancellation);
        var trainer = await catalog.FindAsync(framework, cancellation);
        Attempt attempt;
        await using (var transaction = await database.Database.BeginTransactionAsync(cancellation))
        {
            (attempt, var job) = await LockAsync(attemptId, cancellation);
            if (attempt.State.IsTerminal())
                return AttemptStart.Over(await DescribeEndAsync(attempt, job, cancellation));
            if (attempt.State != AttemptState.Waiting)
                return AttemptStart.Running;
            if (job is { CancelRequested: true } || job?.State.IsTerminal() == true || await IsEndedAsync(attempt, cancellation))
                return AttemptStart.Over(await EndAsync(attempt, job, AttemptState.Cancelled, Failure.Of(ErrorCodes.AttemptCancelled), transaction, cancellation));
            if (trainer.Capabilities is null || (!trainer.Online && !launch.StartsExecutions(framework)))
                return AttemptStart.Waiting(AskTrainerAgain);
            if (!await database.TryLeaseSlotAsync(attempt, trainer.Capabilities.Slots, time.GetUtcNow(), cancellation))
                return AttemptStart.Waiting(WaitForSlot);
            await transaction.CommitAsync(cancellation);
        }

        var built = await requests.BuildAsync(attempt, cancellation);
        var outcome = built.Request is { } request
            ? await launch.StartAsync(attempt, request, cancellation)
            : new TrainerStart.Rejected(built.Failure!);
        return await RecordStartAsync(attemptId, outcome, built.ResumedFromEpoch, cancellation);
    }

    /// <summary>Says whether the attempt has ended, and ends it if its job was cancelled, its trainer stays silent or its execution has ended without a word.</summary>
    /// <param name="silentBefore">Whether the check before found the trainer silent.</param>
    public async Task<AttemptStatus> CheckAsync(Guid attemptId, bool silentBefore, CancellationToken cancellation)
    {
        AttemptStatus status;
        // Before the attempt is locked: a trainer that reported its end did so before its execution ended.
        var execution = await launch.FindExecutionAsync(await database.Attempts.AsNoTracking().SingleAsync(a => a.Id == attemptId, cancellation), cancellation);
        Attempt attempt;
        await using (var transaction = await database.Database.BeginTransactionAsync(cancellation))
        {
            (attempt, var job) = await LockAsync(attemptId, cancellation);
            if (attempt.State.IsTerminal())
                return await DescribeEndAsync(attempt, job, cancellation);
            var silentFor = time.GetUtcNow() - (attempt.LastHeartbeatAt ?? attempt.StartedAt ?? attempt.CreatedAt);
            if (job is { CancelRequested: true } || await IsEndedAsync(attempt, cancellation))
                status = await EndAsync(attempt, job, AttemptState.Cancelled, Failure.Of(ErrorCodes.AttemptCancelled), transaction, cancellation);
            else if (execution is { HasEnded: true })
                status = await EndAsync(attempt, job, AttemptState.Failed, Failure.Of(
                    ErrorCodes.TrainerCrashed, $"The execution {attempt.Execution} ended as '{execution.Status}' without a result."), transaction, cancellation);
            else if (silentFor <= (IsStartingExecution(attempt) ? settings.ExecutionStart : settings.HeartbeatTimeout))
            {
                if (execution is not null)
                {
                    // Callbacks renew the slot, and there is none while an execution waits for its machine.
                    await database.RenewSlotAsync(attempt.Id, time.GetUtcNow(), cancellation);
                    await transaction.CommitAsync(cancellation);
                }
                return GoesOn(attempt, settings.HeartbeatTimeout - silentFor + TimeSpan.FromSeconds(1), silent: false);
            }
            else if (!silentBefore)
                return GoesOn(attempt, settings.LongestCallbackWait + TimeSpan.FromSeconds(5), silent: true);
            else
                status = await EndAsync(attempt, job, AttemptState.Failed, Failure.Of(
                    ErrorCodes.TrainerSilent, $"The trainer has sent nothing for {silentFor.TotalSeconds:0} s."), transaction, cancellation);
        }

        // The trainer would learn it from the reply to its next callback; this spares it the work until then.
        if (execution is not { HasEnded: true })
            await launch.StopAsync(attempt, cancellation);
        return status;
    }

    // Until its first callback, an execution waits for a machine and its image.
    private static bool IsStartingExecution(Attempt attempt) => attempt is { Execution: not null, State: AttemptState.Starting };

    private static AttemptStatus GoesOn(Attempt attempt, TimeSpan checkAgainIn, bool silent) =>
        AttemptStatus.GoesOn(attempt, attempt.Execution is not null && (checkAgainIn > AskForExecution || checkAgainIn <= TimeSpan.Zero) ? AskForExecution : checkAgainIn, silent);

    private async Task<AttemptStart> RecordStartAsync(Guid attemptId, TrainerStart outcome, int? resumedFrom, CancellationToken cancellation)
    {
        database.ChangeTracker.Clear();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var (attempt, job) = await LockAsync(attemptId, cancellation);
        if (attempt.State.IsTerminal())
            return AttemptStart.Over(await DescribeEndAsync(attempt, job, cancellation));
        var now = time.GetUtcNow();
        if (attempt.State != AttemptState.Waiting)
            outcome = new TrainerStart.Accepted(); // Its first events came before this answer, so it runs whatever the answer was.
        if (outcome is TrainerStart.Rejected rejected)
            return AttemptStart.Over(await EndAsync(attempt, job, AttemptState.Failed, rejected.Failure, transaction, cancellation));
        if (outcome is TrainerStart.Accepted accepted)
        {
            attempt.Execution ??= accepted.Execution;
            attempt.ResumedFromEpoch = resumedFrom;
            attempt.LastHeartbeatAt ??= now;
            if (attempt.MoveTo(AttemptState.Starting, now) && job is not null)
                database.AppendAttempt(attempt, now);
            if (job is not null && attempt.Number > 1)
                await ForgetLostEpochsAsync(job, attempt, cancellation);
            if (job?.MoveTo(JobState.Starting, now) == true)
                database.AppendState(job, now);
        }
        else
            await database.ReleaseSlotAsync(attempt.Id, cancellation);

        await database.SaveChangesAsync(cancellation);
        if (job is not null)
            await database.NotifyJobReadersAsync(job.Id, cancellation);
        await transaction.CommitAsync(cancellation);
        return outcome is TrainerStart.Accepted ? AttemptStart.Running
            : AttemptStart.Waiting(outcome is TrainerStart.Unreachable { RetryAfter: { } wait } && wait > AskTrainerAgain ? wait : AskTrainerAgain);
    }

    /// <summary>Finds the best epoch among those whose work is not lost: an epoch after the checkpoint from which an attempt goes on has no weights.</summary>
    private async Task ForgetLostEpochsAsync(TrainingJob job, Attempt started, CancellationToken cancellation)
    {
        if (job.BestEpoch is not { } best || best <= (started.ResumedFromEpoch ?? 0))
            return;
        var attempts = await database.Attempts.Where(attempt => attempt.SubjectId == job.Id).ToListAsync(cancellation);
        var epochs = await database.EpochMetrics.AsNoTracking().Where(epoch => epoch.JobId == job.Id).OrderBy(epoch => epoch.Attempt).ThenBy(epoch => epoch.Epoch).ToListAsync(cancellation);
        job.SetBest(null, null);
        foreach (var epoch in epochs.Where(epoch => !JobCurve.IsDiscarded(epoch.Attempt, epoch.Epoch, attempts)))
            job.Consider(epoch.Epoch, epoch.Metrics);
    }

    /// <summary>Ends the attempt, frees its slot, and commits.</summary>
    private async Task<AttemptStatus> EndAsync(
        Attempt attempt, TrainingJob? job, AttemptState state, Failure failure, IDbContextTransaction transaction, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        attempt.MoveTo(state, now, failure);
        if (job is not null)
        {
            database.AppendAttempt(attempt, now);
            await database.NotifyJobReadersAsync(job.Id, cancellation);
        }

        await database.ReleaseSlotAsync(attempt.Id, cancellation);
        await database.SaveChangesAsync(cancellation);
        // Only who frees a slot wakes those who wait for it. When a trainer reported the end, its callback did.
        var status = await DescribeEndAsync(attempt, job, cancellation) with { WakeSubjects = await database.WaitingSubjectsAsync(attempt.Trainer, now, cancellation) };
        await transaction.CommitAsync(cancellation);
        return status;
    }

    private async Task<AttemptStatus> DescribeEndAsync(Attempt attempt, TrainingJob? job, CancellationToken cancellation)
    {
        // A trainer that was stopped reports a cancellation that nobody asked the platform for: try again.
        var tryAgain = attempt.State switch
        {
            _ when job is { CancelRequested: true } || await IsEndedAsync(attempt, cancellation) => false,
            AttemptState.Cancelled => true,
            AttemptState.Failed => attempt.Error?.Category == ErrorCategory.Transient,
            _ => false,
        };
        return new AttemptStatus(true, attempt.State, attempt.Error, tryAgain, TimeSpan.Zero, false, []);
    }

    // An export ends before its attempt when its project is deleted; a prediction is to end when somebody cancelled it.
    private async Task<bool> IsEndedAsync(Attempt attempt, CancellationToken cancellation) => attempt.Kind switch
    {
        AttemptKind.Export => await database.Exports.AnyAsync(export => export.Id == attempt.SubjectId && export.CompletedAt != null, cancellation),
        AttemptKind.Predict => await database.Predictions.AnyAsync(row => row.Id == attempt.SubjectId && (row.CompletedAt != null || row.CancelRequested), cancellation),
        _ => false,
    };

    private async Task<(Attempt Attempt, TrainingJob? Job)> LockAsync(Guid attemptId, CancellationToken cancellation)
    {
        var attempt = (await database.LockAttemptAsync(attemptId, cancellation))!;
        return (attempt, attempt.Kind == AttemptKind.Train ? await database.LockJobAsync(attempt.SubjectId, cancellation) : null);
    }

    private Task<string> FrameworkAsync(AttemptKind kind, Guid subjectId, CancellationToken cancellation) => kind switch
    {
        AttemptKind.Train => database.TrainingJobs.Where(job => job.Id == subjectId).Select(job => job.Framework).SingleAsync(cancellation),
        AttemptKind.Predict => database.Predictions.Where(row => row.Id == subjectId).Select(row => row.Framework).SingleAsync(cancellation),
        _ => database.Exports.Where(export => export.Id == subjectId)
            .Join(database.ModelVersions, export => export.ModelVersionId, version => version.Id, (_, version) => version.Framework)
            .SingleAsync(cancellation),
    };
}
