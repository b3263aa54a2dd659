using System.Diagnostics.Metrics;

namespace VisionPlatform.Api.Telemetry;

/// <summary>Counts and times the answers of the API by method and route. Routes are those of functions, so paths with ids add no series.</summary>
public sealed class RequestMetrics
{
    /// <summary>Bounds in seconds around the targets: 200 ms for most requests, 500 ms for an alert; streams end after 200 s.</summary>
    private static readonly InstrumentAdvice<double> Buckets = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 30, 60, 240] };

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;

    public RequestMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("VisionPlatform.Api");
        _requests = meter.CreateCounter<long>("api_requests", description: "Answers of the API by method, route and status.");
        _duration = meter.CreateHistogram("api_request_duration", "s", "Time until an answer was sent, by method and route.", advice: Buckets);
    }

    public void Answered(string method, string route, int status, TimeSpan duration)
    {
        _requests.Add(1, new("method", method), new("route", route), new("status", status));
        _duration.Record(duration.TotalSeconds, new("method", method), new KeyValuePair<string, object?>("route", route));
    }
}
