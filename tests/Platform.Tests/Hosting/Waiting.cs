namespace VisionPlatform.Platform.Tests.Hosting;

public static class Waiting
{
    /// <summary>Waits until the condition holds; fails after <paramref name="seconds"/>.</summary>
    public static Task UntilAsync(Func<bool> condition, string what, int seconds = 300) => UntilAsync(() => Task.FromResult(condition()), what, seconds);

    /// <inheritdoc cref="UntilAsync(Func{bool}, string, int)"/>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, int seconds = 300, int everyMilliseconds = 50)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(everyMilliseconds));
        while (!await condition())
        {
            try
            {
                await pause.WaitForNextTickAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Not within {seconds} s: {what}");
            }
        }
    }
}
