using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VisionPlatform.Api.Health;
using VisionPlatform.Application.Modules;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain;

namespace VisionPlatform.Api.Telemetry;

/// <summary>
/// Reads what metrics need from databases and services, at most every ten seconds and for a few seconds only. What cannot be read has no values
/// then; <c>dependency_up</c> says what does not answer.
/// </summary>
public sealed partial class MetricsReading : IDisposable
{
    /// <summary>How long a reading is used again. Prometheus usually asks every 15 s or less often.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    /// <summary>Shorter than the ten seconds that Prometheus waits for an answer.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <summary>Rows of one kind of work that are counted at most.</summary>
    private const int MostWork = 1000;

    private readonly Readiness _readiness;
    private readonly TrainingGauges _training;
    private readonly ServedModules _modules;
    private readonly IServiceScopeFactory _scopes;
    private readonly TimeProvider _time;
    private readonly ILogger<MetricsReading> _logger;
    private readonly SemaphoreSlim _once = new(1);
    private long _readAt;
    private volatile IReadOnlyList<HealthCheck> _checks = [];
    private volatile IReadOnlyList<(string Work, int Rows)> _work = [];

    public MetricsReading(
        Readiness readiness, TrainingGauges training, ServedModules modules, IServiceScopeFactory scopes, IMeterFactory meters, TimeProvider time, ILogger<MetricsReading> logger)
    {
        (_readiness, _training, _modules, _scopes, _time, _logger) = (readiness, training, modules, scopes, time, logger);
        var meter = meters.Create("VisionPlatform.Health");
        meter.CreateObservableGauge("dependency_up", () => _checks.Select(check => new Measurement<int>(
            check.Status == HealthStatus.Ok ? 1 : 0, new KeyValuePair<string, object?>("dependency", check.Name))), description: "1 when a check of /health/ready succeeds, otherwise 0.");
        meter.CreateObservableGauge("work_under_way", () => _work.Select(work => new Measurement<int>(
            work.Rows, new KeyValuePair<string, object?>("work", work.Work))), description: "Rows that an orchestration works on or has yet to work on, by kind of work; at most 1000.");
    }

    /// <summary>Brings all values up to date. Never fails because something cannot be read.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        await _once.WaitAsync(cancellation);
        try
        {
            if (_readAt != 0 && _time.GetElapsedTime(_readAt) < Lifetime)
                return;
            // Not linked to the caller, who may leave: others use the same reading.
            using var limit = new CancellationTokenSource(Limit);
            await Task.WhenAll(
                TryAsync("dependencies", async token => _checks = (await _readiness.CheckAsync(token)).Checks, () => _checks = [], limit.Token),
                TryAsync("work", async token => _work = await CountWorkAsync(token), () => _work = [], limit.Token),
                _modules.Serves(AppModules.Of(AppModule.Platform)) ? TryAsync("training", _training.ReadAsync, _training.Forget, limit.Token) : Task.CompletedTask);
            _readAt = _time.GetTimestamp();
        }
        finally
        {
            _once.Release();
        }
    }

    public void Dispose() => _once.Dispose();

    private async Task<IReadOnlyList<(string Work, int Rows)>> CountWorkAsync(CancellationToken cancellation)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var counts = new List<(string, int)>();
        foreach (var work in _modules.All.SelectMany(module => module.Work))
            counts.Add((work.InstancePrefix, (await work.FindAsync(scope.ServiceProvider, _time.GetUtcNow(), MostWork, cancellation)).Count));
        return counts;
    }

    private async Task TryAsync(string what, Func<CancellationToken, Task> read, Action forget, CancellationToken cancellation)
    {
        try
        {
            await read(cancellation).WaitAsync(cancellation);
        }
        catch (Exception failure)
        {
            forget();
            NotRead(what, failure.GetBaseException().Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Metrics of {What} are left out: {Reason}")]
    private partial void NotRead(string what, string reason);
}
