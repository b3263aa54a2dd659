using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

/// <summary>
/// Creates sweeps, starts their runs as places become free, chooses those that go on, and ends them. A run is a training job like any other; the orchestration
/// of the sweep runs it.
/// </summary>
public sealed class SweepLifecycle(PlatformDatabase database, JobLifecycle jobs, TrainerCatalog catalog, Quotas quotas, TimeProvider time)
{
    private const string EpochsField = "epochs";

    /// <summary>How often a sweep looks when nothing wakes it: at a quota that was used up, and for a wake that was lost.</summary>
    private static readonly TimeSpan CheckAgain = TimeSpan.FromMinutes(1);

    /// <summary>Creates a sweep with its first runs. Schedule <see cref="TrainingWork.Sweep"/> after it.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ValidationFailed"/> for the search space, and those of <see cref="JobLifecycle.CreateAsync"/>.</exception>
    public async Task<Created<Sweep>> CreateAsync(Guid userId, JobSettings settings, SweepSettings wanted, IdempotentCreate<Sweep> once, CancellationToken cancellation)
    {
        var (dataset, trainer) = await jobs.CheckAsync(settings, cancellation);
        var schema = trainer.ConfigSchema;
        if (SweepPlan.Problems(wanted.Space, wanted.Method, schema) is { Count: > 0 } problems)
            throw new ProblemException(ErrorCodes.ValidationFailed, string.Join(" ", problems.Select(problem => $"{problem.Key}: {problem.Value[0]}")), problems);
        var most = wanted.Method == SweepMethod.Grid ? SweepPlan.Combinations(wanted.Space)!.Value : wanted.Configurations ?? 10;
        if (most > SweepPlan.MostConfigurations)
            throw new ProblemException(ErrorCodes.ValidationFailed, $"The sweep has {most} configurations; {SweepPlan.MostConfigurations} are allowed.", "space");
        var seed = wanted.Seed ?? Random.Shared.Next();
        var configurations = SweepPlan.Configurations(wanted.Method, wanted.Space, (int)most, seed, schema);
        var (min, max) = wanted.Method == SweepMethod.SuccessiveHalving ? Epochs(settings, wanted, schema) : (null, null);
        var sweep = new Sweep
        {
            ProjectId = settings.ProjectId, DatasetVersionId = settings.DatasetVersionId, Name = (settings.Name ?? $"{dataset.Name} {settings.Model} sweep").AsName(), Framework = settings.Framework,
            Model = settings.Model, TaskType = dataset.TaskType, Config = settings.Config, Split = settings.Split, Method = wanted.Method, Space = [.. wanted.Space],
            Configurations = configurations.Count, Parallel = wanted.Parallel, Priority = settings.Priority, Seed = seed, MinEpochs = min, MaxEpochs = max, Factor = wanted.Factor, CreatedBy = userId, CreatedAt = time.GetUtcNow(),
        };
        // Each configuration is a job: the trainer's rules and the permission for advanced fields hold for it.
        foreach (var values in configurations)
        {
            var config = ConfigOf(sweep, values, 1);
            JobLifecycle.Check(trainer, settings with { Config = config }, dataset.TaskType);
            await database.RequireWeightsAsync(sweep.Framework, sweep.Model, config, cancellation);
        }

        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        await database.RequireLiveProjectAsync(sweep.ProjectId, "project", cancellation);
        await database.RequireLiveDatasetOfVersionAsync(sweep.DatasetVersionId, cancellation);
        database.Sweeps.Add(sweep);
        AddRound(sweep, 1, [.. configurations.Index().Select(run => (run.Index + 1, run.Item))]);
        await database.SaveChangesAsync(cancellation);
        return await create.CommitAsync(sweep, cancellation);
    }

    /// <summary>Marks a sweep and its running jobs as cancelled. Wake the sweep and the jobs after it.</summary>
    /// <returns>The jobs that were running.</returns>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/> when it has ended already.</exception>
    public async Task<(Sweep Sweep, IReadOnlyList<Guid> Jobs)> CancelAsync(Guid id, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var sweep = (await database.LockSweepAsync(id, cancellation))!;
        if (sweep.State != SweepState.Running)
            throw new ProblemException(ErrorCodes.InvalidState, "The sweep has ended already.");
        sweep.CancelRequested = true;
        var running = await CancelJobsAsync(id, cancellation);
        await database.SaveChangesAsync(cancellation);
        await NotifyAsync(id, cancellation);
        await transaction.CommitAsync(cancellation);
        return (sweep, running);
    }

    /// <summary>
    /// One step: starts runs while there is room, begins the next round when one is over, and ends the sweep after the last. It may run more than once; the jobs
    /// that are under way are always named.
    /// </summary>
    public async Task<SweepStep> AdvanceAsync(Guid id, CancellationToken cancellation)
    {
        var found = await database.Sweeps.AsNoTracking().SingleAsync(row => row.Id == id, cancellation);
        var slots = found.Parallel ?? (await catalog.FindAsync(found.Framework, cancellation)).Capabilities?.Slots ?? 1;
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // The parents before the sweep: the order of locks.
        var end = await ParentsEndAsync(found, cancellation);
        var sweep = (await database.LockSweepAsync(id, cancellation))!;
        if (sweep.State != SweepState.Running)
            return new SweepStep(true, [], TimeSpan.Zero);
        var runs = await database.SweepRuns.Where(run => run.SweepId == id).OrderBy(run => run.Round).ThenBy(run => run.Number).ToListAsync(cancellation);
        var known = await database.TrainingJobs.AsNoTracking().Where(job => job.SweepId == id).ToDictionaryAsync(job => job.Id, cancellation);
        if (sweep.CancelRequested || end is not null)
            await CancelJobsAsync(id, cancellation);
        else
        {
            if (runs.All(run => run.JobId is { } job && known[job].State.IsTerminal()))
                runs.AddRange(NextRound(sweep, runs, known));
            await StartAsync(sweep, runs, known, slots, cancellation);
        }
        List<Guid> active = [.. known.Values.Where(job => !job.State.IsTerminal()).Select(job => job.Id)];
        sweep.BestJobId = Best(sweep, known.Values)?.Id;
        if (active.Count == 0 && (sweep.CancelRequested || end is not null || runs.All(run => run.JobId is not null)))
            End(sweep, known.Values, end);
        await database.SaveChangesAsync(cancellation);
        await NotifyAsync(id, cancellation);
        await transaction.CommitAsync(cancellation);
        return new SweepStep(sweep.State != SweepState.Running, active, CheckAgain);
    }

    private void End(Sweep sweep, IEnumerable<TrainingJob> runs, Failure? because)
    {
        var now = time.GetUtcNow();
        if (sweep.CancelRequested)
            sweep.End(SweepState.Cancelled, now);
        else if (because is not null)
            sweep.End(SweepState.Failed, now, because);
        else if (runs.Any(job => job.State == JobState.Completed))
            sweep.End(SweepState.Completed, now);
        else
            sweep.End(SweepState.Failed, now, Failure.Of(ErrorCodes.SweepFoundNothing, runs.Select(job => job.Error?.Message).FirstOrDefault(message => message is not null)));
    }

    private async Task<Failure?> ParentsEndAsync(Sweep sweep, CancellationToken cancellation)
    {
        try
        {
            await database.RequireLiveProjectAsync(sweep.ProjectId, "project", cancellation);
            await database.RequireLiveDatasetOfVersionAsync(sweep.DatasetVersionId, cancellation);
            return null;
        }
        catch (ProblemException ended)
        {
            return ended.ToFailure();
        }
    }

    private async Task StartAsync(Sweep sweep, List<SweepRun> runs, Dictionary<Guid, TrainingJob> known, int slots, CancellationToken cancellation)
    {
        var room = slots - known.Values.Count(job => !job.State.IsTerminal());
        foreach (var run in runs.Where(run => run.JobId is null).Take(Math.Max(room, 0)))
        {
            try
            {
                await quotas.RequireRoomForJobAsync(sweep.CreatedBy, cancellation);
            }
            catch (ProblemException full) when (full.Error == ErrorCodes.QuotaExceeded)
            {
                return; // Other jobs of the person end, or the month does.
            }
            var now = time.GetUtcNow();
            var start = await CheckpointBeforeAsync(run, runs, cancellation);
            var job = new TrainingJob
            {
                ProjectId = sweep.ProjectId, DatasetVersionId = sweep.DatasetVersionId, Name = sweep.Name, Framework = sweep.Framework, Model = sweep.Model, TaskType = sweep.TaskType,
                Config = ConfigOf(sweep, run.Config, run.Round), Split = sweep.Split, SweepId = sweep.Id, StartFrom = start,
                Priority = sweep.Priority, CreatedBy = sweep.CreatedBy, CreatedAt = now,
            };
            if (start is null)
                job.Weights = await database.FindWeightsAsync(job, cancellation);
            job.MoveTo(JobState.Queued, now);
            database.TrainingJobs.Add(job);
            database.AppendState(job, now);
            run.JobId = job.Id;
            known[job.Id] = job;
            // The quota counts rows.
            await database.SaveChangesAsync(cancellation);
        }
    }

    /// <summary>The last checkpoint of the configuration's run in the round before.</summary>
    private async Task<StartCheckpoint?> CheckpointBeforeAsync(SweepRun run, List<SweepRun> runs, CancellationToken cancellation)
    {
        var before = runs.FirstOrDefault(other => other.Round == run.Round - 1 && other.Number == run.Number)?.JobId;
        return before is not { } job ? null : await database.Checkpoints.AsNoTracking().Where(checkpoint => checkpoint.JobId == job)
            .OrderByDescending(checkpoint => checkpoint.Attempt).ThenByDescending(checkpoint => checkpoint.Epoch)
            .Select(checkpoint => new StartCheckpoint(job, checkpoint.Attempt, checkpoint.Epoch, checkpoint.Key, checkpoint.Sha256)).FirstOrDefaultAsync(cancellation);
    }

    private List<SweepRun> NextRound(Sweep sweep, List<SweepRun> runs, Dictionary<Guid, TrainingJob> known)
    {
        var round = runs.Max(run => run.Round);
        if (sweep is not { MinEpochs: { } min, MaxEpochs: { } max } || SweepPlan.EpochsOf(round + 1, min, max, sweep.Factor) is null)
            return [];
        var primary = sweep.TaskType.Primary();
        var scores = runs.Where(run => run.Round == round).Select(run => (run.Number, Job: known[run.JobId!.Value]))
            .Where(run => run.Job.State == JobState.Completed && run.Job.BestMetrics?.ContainsKey(primary.Name) == true)
            .Select(run => (run.Number, primary.HigherIsBetter ? run.Job.BestMetrics![primary.Name] : -run.Job.BestMetrics![primary.Name])).ToList();
        if (scores.Count == 0)
            return [];
        var survivors = SweepPlan.Survivors(scores, sweep.Factor);
        return AddRound(sweep, round + 1, [.. runs.Where(run => run.Round == round && survivors.Contains(run.Number)).Select(run => (run.Number, run.Config))]);
    }

    private List<SweepRun> AddRound(Sweep sweep, int round, List<(int Number, Dictionary<string, JsonElement> Config)> configurations)
    {
        var added = configurations.ConvertAll(run => new SweepRun { SweepId = sweep.Id, Round = round, Number = run.Number, Config = run.Config });
        database.SweepRuns.AddRange(added);
        return added;
    }

    private async Task<List<Guid>> CancelJobsAsync(Guid sweepId, CancellationToken cancellation)
    {
        var running = await database.TrainingJobs.Where(job => job.SweepId == sweepId && job.CompletedAt == null).OrderBy(job => job.Id).Select(job => job.Id).ToListAsync(cancellation);
        await database.TrainingJobs.Where(job => running.Contains(job.Id)).ExecuteUpdateAsync(set => set.SetProperty(job => job.CancelRequested, true), cancellation);
        return running;
    }

    private static TrainingJob? Best(Sweep sweep, IEnumerable<TrainingJob> runs)
    {
        var primary = sweep.TaskType.Primary();
        return primary.BestOf(runs.Where(job => job.State == JobState.Completed && job.BestMetrics?.ContainsKey(primary.Name) == true).OrderBy(job => job.Id), job => job.BestMetrics!);
    }

    private static Dictionary<string, JsonElement> ConfigOf(Sweep sweep, IReadOnlyDictionary<string, JsonElement> values, int round)
    {
        var config = new Dictionary<string, JsonElement>(sweep.Config, StringComparer.Ordinal);
        foreach (var (field, value) in values)
            config[field] = value;
        if (sweep is { MinEpochs: { } min, MaxEpochs: { } max })
            config[EpochsField] = JsonSerializer.SerializeToElement(SweepPlan.EpochsOf(round, min, max, sweep.Factor));
        return config;
    }

    /// <exception cref="ProblemException"><see cref="ErrorCodes.ValidationFailed"/>.</exception>
    private static (int? Min, int? Max) Epochs(JobSettings settings, SweepSettings wanted, ConfigSchema schema)
    {
        var field = schema.Fields.FirstOrDefault(candidate => candidate.Name == EpochsField)
            ?? throw new ProblemException(ErrorCodes.ValidationFailed, "Successive halving needs a trainer with the field 'epochs'.", "method");
        if (wanted.Space.Any(parameter => parameter.Field == EpochsField))
            throw new ProblemException(ErrorCodes.ValidationFailed, "Successive halving sets the epochs itself.", "space");
        var max = settings.Config.TryGetValue(EpochsField, out var said) ? said.GetInt32() : field.Default?.GetInt32() ?? 1;
        var min = wanted.MinEpochs ?? 1;
        return min <= max ? (min, max) : throw new ProblemException(ErrorCodes.ValidationFailed, $"minEpochs may be at most the {max} epochs of the configuration.", "minEpochs");
    }

    private Task NotifyAsync(Guid id, CancellationToken cancellation) =>
        database.Database.ExecuteSqlAsync($"SELECT pg_notify({JobEventFeed.Channel}, {id.ToString()})", cancellation);
}
