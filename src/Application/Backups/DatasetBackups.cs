using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Backups;

/// <summary>
/// The copies of the datasets in the cold bucket: when one is due, and how old the newest is. Looked up every five minutes, or every 15 s while something is
/// wrong.
/// </summary>
public sealed class DatasetBackups : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LifetimeOfProblem = TimeSpan.FromSeconds(15);

    private readonly BackupSettings _settings;
    private readonly OperationPlans _plans;
    private readonly IServiceScopeFactory _scopes;
    private readonly TimeProvider _time;
    private readonly Meter _meter = new("VisionPlatform.Backups");
    private volatile Reading? _last;

    public DatasetBackups(BackupSettings settings, OperationPlans plans, IServiceScopeFactory scopes, TimeProvider time)
    {
        (_settings, _plans, _scopes, _time) = (settings, plans, scopes, time);
        _meter.CreateObservableGauge("dataset_backup_age_seconds", Ages, "s", "Time since the datasets were last copied to the cold bucket without a failure.");
    }

    private sealed record Reading(DateTimeOffset At, DateTimeOffset? Taken);

    /// <summary>Whether datasets are copied at all.</summary>
    public bool IsConfigured => _settings.ColdBucket is not null;

    /// <summary>The copy that the schedule wants; null if none is due.</summary>
    public DueOperation? Due() =>
        _settings.ColdBucket is { } cold && BackupSchedule.Due(_settings.DatasetsSchedule, _time.GetUtcNow()) is { } due
            ? new DueOperation(_plans.BackUpDatasets(cold), BackupSchedule.Firing("datasets", cold, due))
            : null;

    /// <summary>Why the newest copy needs attention; null when it does not.</summary>
    public async Task<string?> ProblemAsync(CancellationToken cancellation)
    {
        var now = _time.GetUtcNow();
        if (_last is not { } reading || now - reading.At >= (ProblemOf(reading.Taken) is null ? Lifetime : LifetimeOfProblem))
        {
            await using var scope = _scopes.CreateAsyncScope();
            var taken = await scope.ServiceProvider.GetRequiredService<UserDatabase>().Operations
                .Where(operation => operation.Kind == OperationKind.DatasetBackup && operation.State == OperationState.Completed)
                .OrderByDescending(operation => operation.Id).Select(operation => operation.StartedAt).FirstOrDefaultAsync(cancellation);
            _last = reading = new Reading(now, taken);
        }
        return ProblemOf(reading.Taken);
    }

    public void Dispose() => _meter.Dispose();

    private string? ProblemOf(DateTimeOffset? taken) => taken switch
    {
        null => "the datasets were never copied to the cold bucket",
        { } at when _time.GetUtcNow() - at is var age && age > _settings.DatasetsStaleAfter => $"the newest copy of the datasets is {Math.Floor(age.TotalHours)} hours old",
        _ => null,
    };

    private IEnumerable<Measurement<double>> Ages() => _last?.Taken is { } taken ? [new((_time.GetUtcNow() - taken).TotalSeconds)] : [];
}
