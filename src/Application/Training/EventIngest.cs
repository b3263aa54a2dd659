using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

/// <summary>
/// Takes the events of trainers into the database: one transaction for each batch, under the row lock of the attempt. Each event is taken once
/// and in order. An event that was taken before, or comes after a gap or after the end of the attempt, changes nothing. An event that is not right is
/// refused and leaves no gap; the others of its batch are taken.
/// </summary>
public sealed class EventIngest(PlatformDatabase database, TimeProvider time)
{
    private const int MaxEvents = 1000;
    private const int MaxCurvePoints = 1001;
    private const int MaxEpoch = 1_000_000;

    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> for an unknown attempt; <see cref="ErrorCodes.ValidationFailed"/> for too many events.</exception>
    public async Task<IngestedEvents> TakeAsync(Guid attemptId, IReadOnlyList<ReportedEvent> batch, CancellationToken cancellation)
    {
        if (batch.Count > MaxEvents)
            throw new ProblemException(ErrorCodes.ValidationFailed, $"A batch may have up to {MaxEvents} events.", "events");
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var attempt = await database.LockAttemptAsync(attemptId, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such attempt.");
        var now = time.GetUtcNow();
        if (attempt.State.IsTerminal())
            return new IngestedEvents(new AttemptEventReply(attempt.LastSequence, Cancel: true), [attempt.SubjectId]);

        var job = attempt.Kind == AttemptKind.Train ? await database.LockJobAsync(attempt.SubjectId, cancellation) : null;
        var export = attempt.Kind == AttemptKind.Export ? await database.LockExportAsync(attempt.SubjectId, cancellation) : null;
        var prediction = attempt.Kind == AttemptKind.Predict ? await database.LockPredictionAsync(attempt.SubjectId, cancellation) : null;
        var refused = batch.Index().Where(entry => entry.Item.Seq is null).Select(entry => new RefusedEvent(entry.Index, null, entry.Item.Field!, entry.Item.Message!)).ToList();
        foreach (var (index, reported) in batch.Index().OrderBy(entry => entry.Item.Seq))
        {
            if (reported.Seq != attempt.LastSequence + 1 || attempt.State.IsTerminal())
                continue;
            try
            {
                if (reported.Event is not { } entry)
                    throw new EventRefusedException(reported.Field!, reported.Message!);
                await new Change(database, attempt, job, export, prediction, entry, now).ApplyAsync(cancellation);
            }
            catch (EventRefusedException wrong)
            {
                refused.Add(new RefusedEvent(index, reported.Seq, wrong.Field, wrong.Message));
                var what = $"The platform does not accept event {reported.Seq}{(reported.Event is { } known ? $" ({known.Type})" : "")} of the trainer: {wrong.Field}: {wrong.Message}";
                if (job is not null)
                    database.Append(job.Id, "log", new { Attempt = attempt.Number, Level = "error", Message = what, Source = "platform", Time = now }, now);
            }
            attempt.LastSequence = reported.Seq.Value;
        }

        attempt.LastHeartbeatAt = now;
        await (attempt.State.IsTerminal() ? database.ReleaseSlotAsync(attempt.Id, cancellation) : database.RenewSlotAsync(attempt.Id, now, cancellation));
        await database.SaveChangesAsync(cancellation);
        List<Guid> subjects = attempt.State.IsTerminal() ? [attempt.SubjectId, .. await database.WaitingSubjectsAsync(attempt.Trainer, now, cancellation)] : [];
        if (job is not null)
            await database.NotifyJobReadersAsync(job.Id, cancellation);
        await transaction.CommitAsync(cancellation);
        var cancel = attempt.State.IsTerminal() || job is { CancelRequested: true } or { State: JobState.Cancelled } or { State: JobState.Failed } || export?.CompletedAt is not null || prediction is { CompletedAt: not null } or { CancelRequested: true };
        return new IngestedEvents(new AttemptEventReply(attempt.LastSequence, cancel, refused.Count == 0 ? null : [.. refused.OrderBy(entry => entry.Index)]), subjects);
    }

    /// <summary>An event that cannot be stored.</summary>
    private sealed class EventRefusedException(string field, string message) : Exception(message)
    {
        public string Field { get; } = field;
    }

    /// <summary>Applies one event to the rows that it concerns. Throws <see cref="EventRefusedException"/> before it has changed any.</summary>
    private sealed class Change(PlatformDatabase database, Attempt attempt, TrainingJob? job, Export? export, BatchPrediction? prediction, AttemptEvent entry, DateTimeOffset now)
    {
        private readonly DateTimeOffset _time = entry.Time.ToUniversalTime();

        public async Task ApplyAsync(CancellationToken cancellation)
        {
            RequireFinite();
            RequireInRange();
            switch (entry.Type)
            {
                case "started": Started(); break;
                case "log": Log(); break;
                case "metrics" when job is not null: await MetricsAsync(job, cancellation); break;
                case "validation" when job is not null: await ValidationAsync(job, cancellation); break;
                case "validation" when prediction is not null: prediction.Measured = Measures(); break;
                case "checkpoint" when job is not null: await CheckpointAsync(job, cancellation); break;
                case "artifact" when export is not null: Artifact(export); break;
                case "artifact" when prediction is not null: Artifact(prediction); break;
                case "completed": Completed(); break;
                case "failed": Failed(); break;
                default: break; // A heartbeat, or a type of a newer trainer.
            }
        }

        private void Started()
        {
            if (attempt.MoveTo(AttemptState.Running, now) && job is not null)
                database.AppendAttempt(attempt, now);
            export?.MoveTo(ExportState.Running, now);
            prediction?.MoveTo(PredictionState.Running, now);
            if (job is null)
                return;
            job.TotalEpochs = entry.TotalEpochs ?? job.TotalEpochs;
            if (job.MoveTo(JobState.Running, now))
                database.AppendState(job, now);
        }

        private void Log()
        {
            var level = entry.Level is "debug" or "info" or "warning" or "error" ? entry.Level : "info";
            if (job is not null)
                database.Append(job.Id, "log", new { Attempt = attempt.Number, Level = level, Message = Require(entry.Message, "message"), Source = entry.Source ?? "trainer", Time = _time }, now);
        }

        private async Task MetricsAsync(TrainingJob target, CancellationToken cancellation)
        {
            var (epoch, metrics) = (Require(entry.Epoch, "epoch"), Require(entry.Metrics, "metrics"));
            if (await database.EpochMetrics.FindAsync([target.Id, attempt.Number, epoch], cancellation) is not null)
                return;
            Started(); // A trainer that crashed may never have sent its first event.
            var (finite, notFinite) = JobCurve.Divide(metrics);
            database.EpochMetrics.Add(new EpochMetrics
            {
                JobId = target.Id, Attempt = attempt.Number, Epoch = epoch, Metrics = finite, NotFinite = notFinite, EpochSeconds = entry.EpochSeconds, Time = _time,
            });
            target.CurrentEpoch = epoch;
            target.TotalEpochs = entry.TotalEpochs ?? target.TotalEpochs;
            target.EtaSeconds = entry.EtaSeconds;
            target.LatestMetrics = finite;
            target.Consider(epoch, finite);
            database.Append(target.Id, "metrics", new { Attempt = attempt.Number, Epoch = epoch, target.TotalEpochs, Metrics = finite, NotFinite = notFinite, entry.EpochSeconds, entry.EtaSeconds }, now);
            // A trainer that goes on would only waste its machine.
            if (notFinite?.GetValueOrDefault("loss") is { } loss)
                End(AttemptState.Failed, Failure.Of(ErrorCodes.LossDiverged, $"The loss of epoch {epoch} is {loss}."));
        }

        private async Task ValidationAsync(TrainingJob target, CancellationToken cancellation)
        {
            var epoch = Require(entry.Epoch, "epoch");
            if (!Enum.TryParse<Split>(Require(entry.Split, "split"), ignoreCase: true, out var split) || !Enum.IsDefined(split))
                throw Invalid("split", "The split is train, val or test.");
            if (await database.ValidationResults.FindAsync([target.Id, attempt.Number, epoch, split], cancellation) is not null)
                return;
            var measured = Measures();
            database.ValidationResults.Add(new ValidationResult
            {
                JobId = target.Id, Attempt = attempt.Number, Epoch = epoch, Split = split, Metrics = new(measured.Metrics), Classes = [.. measured.Classes],
                ConfusionMatrix = entry.ConfusionMatrix ?? [], PerClass = [.. measured.PerClass], PrecisionCurves = [.. measured.PrecisionCurves], Time = _time,
            });
            database.Append(target.Id, "validation", new { Epoch = epoch, Split = split, measured.Metrics }, now);
        }

        private CheckpointMeasures Measures()
        {
            var (metrics, classes, perClass) = (Require(entry.Metrics, "metrics"), Require(entry.Classes, "classes"), Require(entry.PerClass, "perClass"));
            var matrix = entry.ConfusionMatrix ?? [];
            if (matrix.Count > 0 && ((matrix.Count != classes.Count && matrix.Count != classes.Count + 1) || matrix.Any(row => row is null || row.Count != matrix.Count || row.Any(count => count < 0))))
                throw Invalid("confusionMatrix", $"A square of counts with {classes.Count} rows, or one more for the background.");
            var curves = (entry.PrPoints ?? []).ConvertAll(curve => new PrecisionCurve(Require(curve?.Class, "prPoints"), Require(curve!.Precision, "prPoints")));
            if (curves.Any(curve => curve.Precision.Count is < 2 or > MaxCurvePoints || curve.Precision.Any(value => value is not (>= 0 and <= 1))))
                throw Invalid("prPoints", $"Each curve has 2 to {MaxCurvePoints} values from 0 to 1.");
            return new CheckpointMeasures(JobCurve.Divide(metrics).Finite, classes, matrix, perClass.ConvertAll(row => row.ToMetrics()), curves);
        }

        private async Task CheckpointAsync(TrainingJob target, CancellationToken cancellation)
        {
            var (epoch, name) = (Require(entry.Epoch, "epoch"), Require(entry.Name, "name"));
            var known = database.Checkpoints.Local.Any(
                    checkpoint => checkpoint.JobId == target.Id && checkpoint.Attempt == attempt.Number && checkpoint.Epoch == epoch)
                || await database.Checkpoints.AnyAsync(
                checkpoint => checkpoint.JobId == target.Id && checkpoint.Attempt == attempt.Number && checkpoint.Epoch == epoch, cancellation);
            if (known)
                return;
            var checkpoint = new Checkpoint
            {
                JobId = target.Id, Attempt = attempt.Number, Epoch = epoch, Name = name, Key = OwnKey(), Size = Require(entry.Size, "size"),
                Sha256 = Require(entry.Sha256, "sha256"), Best = entry.Best ?? false, Metrics = JobCurve.Divide(entry.Metrics ?? []).Finite, CreatedAt = now,
            };
            database.Checkpoints.Add(checkpoint);
            database.Append(target.Id, "checkpoint", new { Attempt = attempt.Number, Epoch = epoch, Name = name, checkpoint.Best, checkpoint.Size }, now);
        }

        private void Artifact(Export target)
        {
            var (key, size, sha256) = (OwnKey(), Require(entry.Size, "size"), Require(entry.Sha256, "sha256"));
            if (entry.Kind == "package")
                (target.PackageKey, target.PackageSize, target.PackageSha256) = (key, size, sha256);
            else
                (target.Key, target.Size, target.Sha256) = (key, size, sha256);
        }

        private void Artifact(BatchPrediction target)
        {
            var (key, size, sha256) = (OwnKey(), Require(entry.Size, "size"), Require(entry.Sha256, "sha256"));
            (target.Key, target.Size, target.Sha256) = (key, size, sha256);
        }

        private void Completed()
        {
            attempt.Result = entry.Result;
            attempt.MoveTo(AttemptState.Completed, now);
            if (job is null)
                return;
            database.AppendAttempt(attempt, now);
            job.FinalMetrics = entry.FinalMetrics ?? job.LatestMetrics;
            // A trainer that resumed may not know how good the epochs before were.
            var reported = entry.BestMetrics ?? job.BestMetrics ?? job.FinalMetrics;
            if (job.BestMetrics is null || reported is null || !job.TaskType.Primary().IsBetter(job.BestMetrics, reported))
                job.SetBest(entry.BestEpoch ?? job.BestEpoch, reported);
            if (job.MoveTo(JobState.Finalizing, now))
                database.AppendState(job, now);
        }

        private void Failed()
        {
            var code = Require(entry.Code, "code");
            var known = ErrorCodes.OfTrainerFailure(code);
            var category = Enum.TryParse<ErrorCategory>(entry.Category, ignoreCase: true, out var said) && Enum.IsDefined(said) ? said : known.Category;
            var failure = new Failure(known.Code, category, entry.Message ?? known.Title) { Measured = entry.Measured, TryConfig = entry.TryConfig };
            End(code == ErrorCodes.AttemptCancelled.Code ? AttemptState.Cancelled : AttemptState.Failed, failure);
        }

        private void End(AttemptState end, Failure failure)
        {
            if (attempt.MoveTo(end, now, failure) && job is not null)
                database.AppendAttempt(attempt, now);
        }

        private string OwnKey()
        {
            var key = Require(entry.Key, "key");
            return key.StartsWith(attempt.ArtifactPrefix, StringComparison.Ordinal) && !key.Contains("..", StringComparison.Ordinal)
                ? key
                : throw Invalid("key", $"The key must begin with {attempt.ArtifactPrefix}.");
        }

        private static T Require<T>(T? value, string field) where T : class => value ?? throw Invalid(field, "This field is required.");

        private static T Require<T>(T? value, string field) where T : struct => value ?? throw Invalid(field, "This field is required.");

        /// <summary>JSON can write numbers that are larger than any other, and the database cannot store what they become.</summary>
        private void RequireFinite()
        {
            foreach (var (field, values) in new (string, IEnumerable<double>?)[]
                     {
                         ("finalMetrics", entry.FinalMetrics?.Values), ("bestMetrics", entry.BestMetrics?.Values),
                         ("measured", entry.Measured?.Values), ("epochSeconds", entry.EpochSeconds is { } seconds ? [seconds] : null), ("etaSeconds", entry.EtaSeconds is { } eta ? [eta] : null),
                         ("perClass", entry.PerClass?.SelectMany(row => (IEnumerable<double>)[row.Precision ?? 0, row.Recall ?? 0, row.F1 ?? 0, .. row.Metrics?.Values ?? []])),
                     })
                if (values?.All(double.IsFinite) == false)
                    throw Invalid(field, "A value is too large.");
        }

        /// <summary>A retry would go on from the epoch that a checkpoint names, and sums are made of sizes.</summary>
        private void RequireInRange()
        {
            foreach (var (field, value, least) in new (string, int?, int)[]
                     {
                         ("epoch", entry.Epoch, entry.Type == "metrics" ? 1 : 0), ("totalEpochs", entry.TotalEpochs, 0), ("bestEpoch", entry.BestEpoch, 0),
                     })
                if (value < least || value > MaxEpoch)
                    throw Invalid(field, $"A number from {least} to {MaxEpoch}.");
            if (entry.Size < 0)
                throw Invalid("size", "A number of bytes.");
        }

        private static EventRefusedException Invalid(string field, string message) => new(field, message);
    }
}
