using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Metrics of this engine: what it has started, ended and run, and what <see cref="HubReading"/> last found in the database. Where nobody collects
/// them, they cost a check of a flag.
/// </summary>
internal sealed class EngineMetrics
{
    private readonly Counter<long> _started;
    private readonly Counter<long> _ended;
    private readonly Histogram<double> _activities;

    public EngineMetrics(IMeterFactory meters, HubReading hub)
    {
        Meter meter = meters.Create("VisionPlatform.Durable");
        _started = meter.CreateCounter<long>("orchestrations_started", description: "Orchestrations whose first turn ran in this process, by name.");
        _ended = meter.CreateCounter<long>("orchestrations_ended", description: "Orchestrations that ended in this process, by name and status. Terminated ones are not counted.");
        _activities = meter.CreateHistogram(
            "activity_duration",
            "s",
            "How long activities ran in this process, by name and outcome.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 1800] });
        meter.CreateObservableGauge(
            "orchestrations",
            () => hub.Latest().Instances.Select(count => new Measurement<long>(count.Number, new("orchestrator", count.Name), new("status", count.Status))),
            description: "Orchestrations that have not ended, by name and status.");
        meter.CreateObservableGauge("orchestrations_ready", () => hub.Latest().Queue(queue => queue.InstancesReady), description: "Orchestrations that have something to do and that no process holds.");
        meter.CreateObservableGauge("orchestrations_ready_age", () => hub.Latest().Queue(queue => queue.OldestInstance), "s", "How long the first of them has waited; 0 when none waits.");
        meter.CreateObservableGauge("activities_waiting", () => hub.Latest().Queue(queue => queue.ActivitiesWaiting), description: "Calls of activities that no process runs.");
        meter.CreateObservableGauge("activities_waiting_age", () => hub.Latest().Queue(queue => queue.OldestActivity), "s", "How long the first of them has waited; 0 when none waits.");
        meter.CreateObservableGauge("activities_running", () => hub.Latest().Queue(queue => queue.ActivitiesRunning), description: "Calls of activities that a process runs.");
    }

    /// <summary>Counts a committed turn, if it was the first or the last of its instance.</summary>
    public void Committed(Turn turn)
    {
        if (_started.Enabled && turn.Before.Turn == 0)
            _started.Add(1, new KeyValuePair<string, object?>("orchestrator", turn.Before.Name));
        if (_ended.Enabled && turn.IsFinal)
            _ended.Add(1, new("orchestrator", turn.Before.Name), new("status", turn.Outcome.Status.ToString()));
    }

    /// <summary>Notes how long an activity ran.</summary>
    /// <param name="name">The activity's name.</param>
    /// <param name="begun">When it began, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    /// <param name="failed">Whether it threw.</param>
    public void Ran(string name, long begun, bool failed)
    {
        if (_activities.Enabled)
            _activities.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds, new("activity", name), new("outcome", failed ? "failed" : "completed"));
    }
}
