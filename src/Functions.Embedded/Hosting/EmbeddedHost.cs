using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded;

/// <summary>Starts and stops the parts of the host besides the web server: keys, timers and the durable engine.</summary>
internal sealed class EmbeddedHost(IServiceProvider services, IHostApplicationLifetime lifetime, ILoggerFactory logging) : IHostedLifecycleService
{
    private readonly ILogger _log = logging.CreateLogger(HostLog.Host);
    private IHostedService[] _parts = [];

    /// <summary>Checks settings and functions and loads the keys, before the server accepts requests.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (services.GetService<StartupFailure>() is { } failure)
            throw new InvalidOperationException(failure.Error.Message, failure.Error);
        if (services.GetService<IServer>() is null)
            throw new InvalidOperationException("Without a Functions host the app serves requests itself and needs a web server: call builder.ConfigureFunctionsWebApplication().");
        services.GetRequiredService<HostSettings>();
        FunctionCatalog functions = services.GetRequiredService<FunctionCatalog>();
        // Created now, because it must subscribe before the stop begins.
        services.GetRequiredService<HostDrain>();
        _parts = [services.GetRequiredService<HostKeys>(), services.GetRequiredService<TimerFunctions>()];
        if (functions.NeedsDurableEngine)
            _parts = [.. _parts, services.GetRequiredService<DurableEngine>()];
        await _parts[0].StartAsync(cancellationToken);
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (IHostedService part in _parts.Skip(1))
            await part.StartAsync(cancellationToken);
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        FunctionCatalog functions = services.GetRequiredService<FunctionCatalog>();
        _log.LogInformation(
            "Serving {Count} functions ({Kinds}) at {Addresses}",
            functions.All.Count,
            string.Join(", ", functions.All.CountBy(function => function.Kind).OrderBy(kind => kind.Key).Select(kind => $"{kind.Value} {kind.Key}")),
            string.Join(", ", services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? []));
        lifetime.ApplicationStopping.Register(() => _log.LogInformation("Stopping; running requests may finish"));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(_parts.Select(part => part.StopAsync(cancellationToken)));

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
