using System.Globalization;
using System.Runtime.CompilerServices;

namespace VisionPlatform.Functions.Embedded.Tests;

/// <summary>Waits for what must happen. A wait ends as soon as its condition holds, so only a failure takes as long as <see cref="Limit"/>.</summary>
internal static class Eventually
{
    /// <summary>Longer than anything takes on a machine with far more to do than it can. <c>TEST_PATIENCE_SECONDS</c> is for a run whose tests are meant to fail.</summary>
    public static readonly TimeSpan Limit = int.TryParse(Environment.GetEnvironmentVariable("TEST_PATIENCE_SECONDS"), CultureInfo.InvariantCulture, out int seconds)
        ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromMinutes(4);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <param name="condition">What must become true.</param>
    /// <param name="what">How a failure names it.</param>
    public static Task TrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        TrueAsync(() => Task.FromResult(condition()), what);

    /// <inheritdoc cref="TrueAsync(Func{bool}, string)"/>
    public static async Task TrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        while (!await condition())
        {
            await Task.Delay(Pause, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (limit.IsCancellationRequested)
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"Not within {Limit.TotalMinutes} minutes: {what}"));
        }
    }

    /// <summary>Waits for a task that must end.</summary>
    public static Task EndsAsync(this Task task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    /// <inheritdoc cref="EndsAsync(Task)"/>
    public static Task<T> EndsAsync<T>(this Task<T> task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);
}

/// <summary>Sizes of tests. <c>LONG_TESTS=1</c> takes the large ones, which need minutes.</summary>
internal static class TestSize
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("LONG_TESTS") == "1";

    public static int Of(int usual, int large) => IsLong ? large : usual;
}
