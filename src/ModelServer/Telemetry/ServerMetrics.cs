using System.Diagnostics.Metrics;

namespace VisionPlatform.ModelServer.Telemetry;

/// <summary>What <c>/metrics</c> shows besides the requests.</summary>
internal static class ServerMetrics
{
    public const string Name = "VisionPlatform.ModelServer";

    private static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Images = Meter.CreateCounter<long>("model_server.images", description: "Images by outcome: ok, or the code of the error.");
    public static readonly Counter<long> Loads = Meter.CreateCounter<long>("model_server.loads", description: "Loads of models by outcome: ready, or the code of the error.");
    public static readonly Counter<long> Evictions = Meter.CreateCounter<long>("model_server.evictions", description: "Models that left memory for others.");
    public static readonly Histogram<int> Batches = Meter.CreateHistogram("model_server.batch_size", description: "Images of a run of a model.",
        advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64] });
    public static readonly Histogram<double> Durations = Meter.CreateHistogram("model_server.request_duration", "s", "Time of a prediction request.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });

    /// <summary>Adds what the store holds.</summary>
    public static void Observe(Models.ModelStore models, Models.ModelFiles files)
    {
        Meter.CreateObservableGauge("model_server.models", () => models.Count, description: "Models in memory.");
        Meter.CreateObservableGauge("model_server.memory", () => models.MemoryBytes, "By", "Memory of the loaded models, as measured when they were loaded.");
        Meter.CreateObservableGauge("model_server.cache", () => files.Bytes, "By", "Downloaded models on disk.");
    }
}
