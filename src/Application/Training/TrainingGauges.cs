using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>
/// Metrics of training jobs, their queue and the slots of trainers, from the database. They report what <see cref="ReadAsync"/> last read, and
/// nothing when that is too old.
/// </summary>
public sealed class TrainingGauges : IDisposable
{
    /// <summary>A job that ended is reported for this long, so that its last values are collected.</summary>
    private static readonly TimeSpan AfterTheEnd = TimeSpan.FromMinutes(10);

    /// <summary>Values older than this are left out.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    /// <summary>The newest jobs that are reported one by one: each adds about ten series.</summary>
    private const int MostJobs = 200;

    private readonly IServiceScopeFactory _scopes;
    private readonly TimeProvider _time;
    private readonly Meter _meter = new("VisionPlatform.Training");
    private volatile Reading? _last;

    public TrainingGauges(IServiceScopeFactory scopes, TimeProvider time)
    {
        (_scopes, _time) = (scopes, time);
        Gauge("total_training_jobs", "Training jobs by framework and state.", reading => reading.Counts.Select(count =>
            Of(count.Jobs, ("framework", count.Framework), ("status", count.State.AsText()))));
        Gauge("active_training_jobs", "Training jobs that are queued, starting, running or finalizing, by framework.", reading =>
            reading.Counts.GroupBy(count => count.Framework).Select(counts => Of(
                counts.Where(count => count.State is not JobState.Pending && !count.State.IsTerminal()).Sum(count => count.Jobs), ("framework", counts.Key))));
        Gauge("training_queue_depth", "Attempts that wait for a slot, by trainer.", reading => reading.Trainers.Select(trainer => Of(trainer.Waiting, ("trainer", trainer.Name))));
        Gauge("training_queue_age", "How long the oldest of them has waited; 0 when none waits.", reading =>
            reading.Trainers.Select(trainer => Of(trainer.Oldest is { } oldest ? (reading.At - oldest).TotalSeconds : 0, ("trainer", trainer.Name))), "s");
        Gauge("trainer_slots", "Jobs that a trainer takes at the same time.", reading => reading.Trainers.Select(trainer => Of(trainer.Slots, ("trainer", trainer.Name))));
        Gauge("trainer_slots_in_use", "Slots of a trainer that attempts hold.", reading => reading.Trainers.Select(trainer => Of(trainer.Held, ("trainer", trainer.Name))));
        Gauge("training_status", "1 for the state that a job is in. Reported until ten minutes after its end, as are the values below.", reading =>
            reading.Jobs.Select(job => Of(1, [.. job.Labels, ("status", job.State.AsText())])));
        OfJobs("training_epoch", "Epoch that a job has completed.", job => job.Epoch);
        OfJobs("training_loss", "Loss of the last epoch.", job => job.Metric("loss"));
        OfJobs("training_accuracy", "Accuracy of the last epoch; mAP50-95 for detectors.", job => job.Metric("accuracy") ?? job.Metric("mAP50-95"));
        OfJobs("training_eta", "Time until the training ends, as the trainer estimates.", job => job.EtaSeconds, "s");
        OfJobs("training_samples_per_second", "Images that a job trains on in a second, over the last epoch.", job => job.SamplesPerSecond);
        OfJobs("training_gpu_utilization", "Use of the GPU in percent, where the trainer reports `gpu_utilization`.", job => job.Metric("gpu_utilization"));
        OfJobs("training_memory_utilization", "Use of the GPU's memory in percent, where the trainer reports `memory_utilization`.", job => job.Metric("memory_utilization"));
    }

    /// <summary>Reads the values from the database.</summary>
    public async Task ReadAsync(CancellationToken cancellation)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<PlatformDatabase>();
        var now = _time.GetUtcNow();
        _last = new Reading(now, await CountAsync(database, cancellation), await ReadTrainersAsync(database, now, cancellation), await ReadJobsAsync(database, now, cancellation));
    }

    /// <summary>Leaves all values out until they are read again.</summary>
    public void Forget() => _last = null;

    public void Dispose() => _meter.Dispose();

    private static async Task<IReadOnlyList<StateCount>> CountAsync(PlatformDatabase database, CancellationToken cancellation) =>
        await database.TrainingJobs.GroupBy(job => new { job.Framework, job.State }).Select(jobs => new StateCount(jobs.Key.Framework, jobs.Key.State, jobs.Count())).ToListAsync(cancellation);

    private static async Task<IReadOnlyList<TrainerFigures>> ReadTrainersAsync(PlatformDatabase database, DateTimeOffset now, CancellationToken cancellation)
    {
        var waiting = await database.Attempts.Where(attempt => attempt.State == AttemptState.Waiting).GroupBy(attempt => attempt.Trainer)
            .Select(attempts => new { attempts.Key, Count = attempts.Count(), Oldest = attempts.Min(attempt => attempt.CreatedAt) }).ToDictionaryAsync(trainer => trainer.Key, cancellation);
        var held = await database.TrainerLeases.Where(lease => lease.ExpiresAt > now).GroupBy(lease => lease.Trainer)
            .Select(leases => new { leases.Key, Count = leases.Count() }).ToDictionaryAsync(trainer => trainer.Key, trainer => trainer.Count, cancellation);
        var known = await database.Trainers.AsNoTracking().ToListAsync(cancellation);
        return
        [
            .. known.Select(trainer => new TrainerFigures(
                trainer.Framework, trainer.Capabilities.Slots, held.GetValueOrDefault(trainer.Framework),
                waiting.GetValueOrDefault(trainer.Framework)?.Count ?? 0, waiting.GetValueOrDefault(trainer.Framework)?.Oldest)),
        ];
    }

    private static async Task<IReadOnlyList<JobFigures>> ReadJobsAsync(PlatformDatabase database, DateTimeOffset now, CancellationToken cancellation)
    {
        var since = now - AfterTheEnd;
        JobState[] listed = [JobState.Queued, JobState.Starting, JobState.Running, JobState.Finalizing];
        var jobs = await database.TrainingJobs.AsNoTracking().Where(job => listed.Contains(job.State) || job.CompletedAt > since).OrderByDescending(job => job.Id).Take(MostJobs)
            .Select(job => new
            {
                job.Id, job.Framework, job.Model, job.State, job.CurrentEpoch, job.EtaSeconds, job.LatestMetrics, HasOwnSplit = job.Split != null,
                Version = database.DatasetVersions.Where(version => version.Id == job.DatasetVersionId).Select(version => version.SplitCounts).FirstOrDefault(),
                Seconds = database.EpochMetrics.Where(epoch => epoch.JobId == job.Id).OrderByDescending(epoch => epoch.Attempt).ThenByDescending(epoch => epoch.Epoch).Select(epoch => epoch.EpochSeconds).FirstOrDefault(),
            }).ToListAsync(cancellation);
        return
        [
            .. jobs.Select(job => new JobFigures(
                [("job_id", job.Id.ToString()), ("framework", job.Framework), ("model", job.Model)], job.State, job.CurrentEpoch, job.EtaSeconds, job.LatestMetrics,
                job.HasOwnSplit || job.Version is null ? null : job.Version.Train / job.Seconds)),
        ];
    }

    private void Gauge(string name, string what, Func<Reading, IEnumerable<Measurement<double>>> measure, string? unit = null) =>
        _meter.CreateObservableGauge(name, () => _last is { } reading && _time.GetUtcNow() - reading.At < Lifetime ? measure(reading) : [], unit, what);

    private void OfJobs(string name, string what, Func<JobFigures, double?> value, string? unit = null) =>
        Gauge(name, what, reading => reading.Jobs.Select(job => (job, value: value(job))).Where(found => found.value is { } number && double.IsFinite(number))
            .Select(found => Of(found.value!.Value, [.. found.job.Labels])), unit);

    private static Measurement<double> Of(double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var tags = new KeyValuePair<string, object?>[labels.Length];
        for (var i = 0; i < labels.Length; i++)
            tags[i] = new(labels[i].Name, labels[i].Value);
        return new Measurement<double>(value, tags);
    }

    private sealed record Reading(DateTimeOffset At, IReadOnlyList<StateCount> Counts, IReadOnlyList<TrainerFigures> Trainers, IReadOnlyList<JobFigures> Jobs);

    private sealed record StateCount(string Framework, JobState State, int Jobs);

    private sealed record TrainerFigures(string Name, int Slots, int Held, int Waiting, DateTimeOffset? Oldest);

    private sealed record JobFigures(
        IReadOnlyList<(string Name, string Value)> Labels, JobState State, int Epoch, double? EtaSeconds, IReadOnlyDictionary<string, double>? Latest, double? SamplesPerSecond)
    {
        public double? Metric(string name) => Latest?.TryGetValue(name, out var value) == true ? value : null;
    }
}
