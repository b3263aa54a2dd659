using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Application.Modules;

/// <summary>Rows or objects that are removed or closed when their time is over. Run every quarter of an hour, by one host at a time.</summary>
/// <param name="What">For the log: <c>uploads that were never completed</c>.</param>
/// <param name="RunAsync">Removes what is due and returns how much that was. May be cut off at any point and run again.</param>
public sealed record RetentionRule(string What, Func<IServiceProvider, CancellationToken, Task<int>> RunAsync)
{
    /// <summary>A rule that is a method of one service.</summary>
    public static RetentionRule Of<TService>(string what, Func<TService, CancellationToken, Task<int>> run)
        where TService : notnull =>
        new(what, (services, cancellation) => run(services.GetRequiredService<TService>(), cancellation));

    /// <summary>A rule that needs two services.</summary>
    public static RetentionRule Of<TFirst, TSecond>(string what, Func<TFirst, TSecond, CancellationToken, Task<int>> run)
        where TFirst : notnull
        where TSecond : notnull =>
        new(what, (services, cancellation) => run(services.GetRequiredService<TFirst>(), services.GetRequiredService<TSecond>(), cancellation));
}
