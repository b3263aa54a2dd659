using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Tests.Worker;

/// <summary>A functions app on a free port, made of the given classes only, with a client to it.</summary>
internal sealed class RunningApp : IAsyncDisposable
{
    public const string MasterKey = "test-master-key";

    private RunningApp(IHost host, LogLines log)
    {
        Host = host;
        Log = log;
        Address = new Uri(host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = new HttpClient { BaseAddress = Address };
    }

    public IHost Host { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public LogLines Log { get; }

    public static async Task<RunningApp> StartAsync(
        Type[] functions, Dictionary<string, string?>? settings = null, Action<FunctionsApplicationBuilder>? configure = null, string? hostJson = null)
    {
        var log = new LogLines();
        IHost host = Create(functions, settings, configure, hostJson, log).Build();
        await host.StartAsync();
        return new RunningApp(host, log);
    }

    /// <summary>A builder as an app would use it; host.json is written to the content root when given.</summary>
    public static FunctionsApplicationBuilder Create(
        Type[]? functions,
        Dictionary<string, string?>? settings = null,
        Action<FunctionsApplicationBuilder>? configure = null,
        string? hostJson = null,
        LogLines? log = null,
        string? localSettings = null)
    {
        string root = Directory.CreateTempSubdirectory("functions-app-").FullName;
        if (hostJson is not null)
            File.WriteAllText(Path.Combine(root, "host.json"), hostJson);
        if (localSettings is not null)
            File.WriteAllText(Path.Combine(root, "local.settings.json"), localSettings);
        FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(["--urls", "http://127.0.0.1:0", "--contentRoot", root]);
        builder.ConfigureFunctionsWebApplication();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["FUNCTIONS_MASTER_KEY"] = MasterKey,
            ["DATABASE_URL"] = null,
            ["DURABLE_DATABASE_URL"] = null,
        });
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        if (functions is not null)
            builder.Services.AddSingleton<IFunctionMetadataProvider>(new FunctionsOf(functions));
        builder.Logging.ClearProviders().AddProvider(log ?? new LogLines());
        configure?.Invoke(builder);
        return builder;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Host.StopAsync();
        if (Host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }
}

/// <summary>What the app logged.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = [];

    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => _lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}

/// <summary>Of the functions that the SDK found in the tests, those of some classes.</summary>
internal sealed class FunctionsOf(Type[] classes) : IFunctionMetadataProvider
{
    private readonly HashSet<string> _classes = [.. classes.Select(type => type.FullName!)];

    public async Task<ImmutableArray<IFunctionMetadata>> GetFunctionMetadataAsync(string directory) =>
        [.. (await new GeneratedFunctionMetadataProvider().GetFunctionMetadataAsync(directory)).Where(IsWanted)];

    private bool IsWanted(IFunctionMetadata function) => _classes.Contains(function.EntryPoint![..function.EntryPoint!.LastIndexOf('.')]);
}
