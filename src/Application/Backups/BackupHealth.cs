using System.Diagnostics.Metrics;
using VisionPlatform.Application.Operations;
using VisionPlatform.Infrastructure.Backups;

namespace VisionPlatform.Application.Backups;

/// <summary>How old the newest backup of each database is, and how long ago a restore was tried. Looked up in the bucket every five minutes, or every 15 s while something is wrong.</summary>
public sealed class BackupHealth : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>A problem is looked at again sooner, so that its end is seen.</summary>
    private static readonly TimeSpan LifetimeOfProblem = TimeSpan.FromSeconds(15);

    private readonly BackupRuns _runs;
    private readonly BackupSettings _settings;
    private readonly DataLocations _locations;
    private readonly TimeProvider _time;
    private readonly Meter _meter = new("VisionPlatform.Backups");
    private readonly SemaphoreSlim _once = new(1);
    private volatile Reading? _last;

    public BackupHealth(BackupRuns runs, BackupSettings settings, DataLocations locations, TimeProvider time)
    {
        (_runs, _settings, _locations, _time) = (runs, settings, locations, time);
        _meter.CreateObservableGauge("backup_age_seconds", () => Ages(state => state.Taken), "s", "Age of the newest complete backup.");
        _meter.CreateObservableGauge("backup_drill_age_seconds", () => Ages(state => state.Drilled), "s", "Time since a backup was last restored for a trial.");
    }

    private sealed record Reading(DateTimeOffset At, IReadOnlyList<BackupState> States);

    /// <summary>Whether backups are taken at all.</summary>
    public bool IsConfigured => _runs.IsConfigured;

    /// <summary>The state of each database's backups.</summary>
    public async Task<IReadOnlyList<BackupState>> StatesAsync(CancellationToken cancellation)
    {
        if (_last is { } fresh && IsFresh(fresh))
            return fresh.States;
        await _once.WaitAsync(cancellation);
        try
        {
            if (_last is { } other && IsFresh(other))
                return other.States;
            var states = new List<BackupState>();
            foreach (var database in _locations.OwnDatabaseNames.Order(StringComparer.Ordinal))
            {
                // Without a backup there was no drill, and perhaps not even a bucket.
                var newest = await _runs.Store.NewestAsync(database, cancellation);
                states.Add(new BackupState(database, newest?.Taken, newest is null ? null : (await _runs.Store.LastDrillAsync(database, cancellation))?.At));
            }
            _last = new Reading(_time.GetUtcNow(), states);
            return states;
        }
        finally
        {
            _once.Release();
        }
    }

    private bool IsFresh(Reading reading) =>
        _time.GetUtcNow() - reading.At < (reading.States.All(state => Problem(state) is null) ? Lifetime : LifetimeOfProblem);

    /// <summary>Why a database's backups are stale; null when they are not.</summary>
    public string? Problem(BackupState state) => state.Taken switch
    {
        null => "there is no complete backup",
        { } taken when _time.GetUtcNow() - taken is var age && age > _settings.StaleAfter => $"the newest backup is {Math.Floor(age.TotalHours)} hours old",
        _ => null,
    };

    public void Dispose()
    {
        _meter.Dispose();
        _once.Dispose();
    }

    private IEnumerable<Measurement<double>> Ages(Func<BackupState, DateTimeOffset?> when) => (_last?.States ?? [])
        .Where(state => when(state) is not null)
        .Select(state => new Measurement<double>((_time.GetUtcNow() - when(state)!.Value).TotalSeconds, new KeyValuePair<string, object?>("database", state.Database)));
}

/// <summary>Backups of one database.</summary>
/// <param name="Taken">When the newest complete one was taken; null if there is none.</param>
/// <param name="Drilled">When a restore was last tried with success; null if never.</param>
public sealed record BackupState(string Database, DateTimeOffset? Taken, DateTimeOffset? Drilled);
