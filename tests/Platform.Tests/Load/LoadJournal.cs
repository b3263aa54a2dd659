using System.Collections.Concurrent;
using System.Diagnostics;

namespace VisionPlatform.Platform.Tests.Load;

/// <summary>A request and its answer.</summary>
/// <param name="What">Method and what was asked for, the same for all requests of a kind.</param>
/// <param name="Began">Timestamp of <see cref="Stopwatch"/>.</param>
/// <param name="Ended">Timestamp of <see cref="Stopwatch"/>.</param>
/// <param name="Status">Status of the answer; 0 if there was none.</param>
internal sealed record LoadSample(string What, long Began, long Ended, int Status)
{
    public bool HasFailed => Status is 0 or >= 500;

    public double Milliseconds => Stopwatch.GetElapsedTime(Began, Ended).TotalMilliseconds;
}

/// <summary>What happened while users worked: every request, and the times in which a service was away.</summary>
internal sealed class LoadJournal
{
    private readonly ConcurrentQueue<LoadSample> _samples = [];
    private readonly List<(long Began, long Ended)> _outages = [];

    public IReadOnlyCollection<LoadSample> Samples => _samples;

    /// <summary>Seconds of each outage, from the moment a service was taken away until both instances worked again.</summary>
    public IReadOnlyList<double> Outages => [.. _outages.Select(outage => Stopwatch.GetElapsedTime(outage.Began, outage.Ended).TotalSeconds)];

    /// <summary>Requests that had an answer no outage can have had to do with.</summary>
    public IEnumerable<LoadSample> Undisturbed => _samples.Where(sample => !_outages.Any(outage => sample.Ended >= outage.Began && sample.Began <= outage.Ended));

    public void Add(LoadSample sample) => _samples.Enqueue(sample);

    /// <summary>Takes a service away and notes how long it took until everything worked again.</summary>
    public async Task DuringOutageAsync(Func<Task> takeAwayAndGiveBack, Func<Task> untilBack)
    {
        var began = Stopwatch.GetTimestamp();
        await takeAwayAndGiveBack();
        await untilBack();
        _outages.Add((began, Stopwatch.GetTimestamp()));
    }
}
