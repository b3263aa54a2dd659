namespace VisionPlatform.Cli.Demo;

/// <summary>Waits for something that the platform does on its own.</summary>
internal static class Polling
{
    private static readonly TimeSpan _shortest = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(1);

    /// <summary>Reads repeatedly, with growing pauses, until <paramref name="done"/>.</summary>
    /// <exception cref="CommandException">It is not done after <paramref name="limit"/>.</exception>
    public static async Task<T> UntilAsync<T>(string what, TimeSpan limit, Func<Task<T>> read, Func<T, bool> done, CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var pause = _shortest; ; pause = pause * 1.3 < _longest ? pause * 1.3 : _longest)
        {
            var value = await read();
            if (done(value))
                return value;
            if (TimeProvider.System.GetElapsedTime(started) > limit)
                throw new CommandException($"{what} has not ended after {limit.TotalMinutes:0.#} min. The platform's log tells why.");
            await Task.Delay(pause, cancellation);
        }
    }
}
