using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Application.Modules;

/// <summary>Finishes or undoes what a process left half done when it died between the writes to two databases. Run every minute, by one host at a time.</summary>
/// <param name="What">For the log: <c>transfers of projects</c>.</param>
/// <param name="RunAsync">Returns how many were settled. May be cut off at any point and run again.</param>
public sealed record Repair(string What, Func<IServiceProvider, CancellationToken, Task<int>> RunAsync)
{
    /// <summary>A repair that is a method of one service.</summary>
    public static Repair Of<TService>(string what, Func<TService, CancellationToken, Task<int>> run)
        where TService : notnull =>
        new(what, (services, cancellation) => run(services.GetRequiredService<TService>(), cancellation));
}
