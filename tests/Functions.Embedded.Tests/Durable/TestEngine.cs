using System.Collections.Concurrent;
using System.Text.Json;
using Azure.Core.Serialization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

/// <summary>One process's engine and client, within the test's process.</summary>
internal sealed class TestEngine : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private bool _running;

    private TestEngine(ServiceProvider services) => _services = services;

    public DurableTaskClient Client => _services.GetRequiredService<DurableTaskClient>();

    public DurableStore Store => _services.GetRequiredService<DurableStore>();

    public ConcurrentQueue<string> Log => _services.GetRequiredService<LogLines>().Lines;

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public static async Task<TestEngine> StartAsync(
        string connectionString,
        string hub,
        TestFunctions functions,
        Action<DurableEngineOptions>? configure = null,
        bool start = true,
        TextWriter? errors = null,
        Action<IServiceCollection>? services = null)
    {
        var collection = new ServiceCollection();
        var lines = new LogLines(errors);
        collection.AddSingleton(lines);
        collection.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(lines));
        collection.AddSingleton<IDurableFunctions>(functions);
        collection.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        // As in an app, names are read without regard to case; tests give tuples too, which have only fields.
        collection.Configure<WorkerOptions>(options => options.Serializer ??= new JsonObjectSerializer(
            new JsonSerializerOptions { IncludeFields = true, PropertyNameCaseInsensitive = true }));
        collection.AddDurableEngine();
        services?.Invoke(collection);
        collection.Configure<DurableEngineOptions>(options =>
        {
            // Many engines share the tests' server.
            options.ConnectionString = $"{connectionString};Maximum Pool Size=5";
            options.HubName = hub;
            // Nothing loses a lease because the machine is slow; tests in which leases have to end set shorter ones.
            options.LeaseDuration = TimeSpan.FromSeconds(30);
            options.PollInterval = TimeSpan.FromMilliseconds(500);
            options.StopTimeout = TimeSpan.FromSeconds(2);
            configure?.Invoke(options);
        });
        var engine = new TestEngine(collection.BuildServiceProvider());
        if (start)
            await engine.StartAsync();
        return engine;
    }

    public async Task StartAsync()
    {
        await Get<DurableEngine>().StartAsync(CancellationToken.None);
        _running = true;
    }

    public async Task StopAsync()
    {
        if (!_running)
            return;
        _running = false;
        await Get<DurableEngine>().StopAsync(CancellationToken.None);
    }

    /// <summary>Starts an orchestration and waits for its end.</summary>
    public async Task<OrchestrationMetadata> RunAsync(string name, object? input = null, string? id = null)
    {
        string instance = await Client.ScheduleNewOrchestrationInstanceAsync(
            name, input, new Microsoft.DurableTask.StartOrchestrationOptions(id), TestContext.Current.CancellationToken);
        return await EndOf(instance);
    }

    public async Task<OrchestrationMetadata> EndOf(string instance)
    {
        OrchestrationMetadata end = await Client
            .WaitForInstanceCompletionAsync(instance, getInputsAndOutputs: true, TestContext.Current.CancellationToken)
            .EndsAsync();
        if (end.FailureDetails is { } failure)
            TestContext.Current.TestOutputHelper?.WriteLine($"{instance} failed: {failure}");
        return end;
    }

    public Task<IReadOnlyList<HistoryEvent>> HistoryOf(string instance) =>
        Get<EmbeddedDurableTaskClient>().GetHistoryAsync(instance, TestContext.Current.CancellationToken);

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using NpgsqlConnection connection = await Store.OpenAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
    }

    /// <param name="errors">Where errors are written as they come, besides.</param>
    internal sealed class LogLines(TextWriter? errors) : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string line = $"{logLevel}: {formatter(state, exception)}{(exception is null ? "" : " " + exception)}";
            Lines.Enqueue(line);
            if (logLevel >= LogLevel.Error)
                errors?.WriteLine(line);
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>A database for a class of tests; each test uses hubs of its own in it.</summary>
public sealed class DurableDatabase(PostgresServer server) : IAsyncLifetime
{
    public string ConnectionString { get; private set; } = "";

    public async ValueTask InitializeAsync() => ConnectionString = DurableEngineOptions.ParseConnectionString(await server.NewDatabaseAsync());

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal Task<TestEngine> StartAsync(
        TestFunctions functions,
        Action<DurableEngineOptions>? configure = null,
        string? hub = null,
        Action<IServiceCollection>? services = null) =>
        TestEngine.StartAsync(ConnectionString, hub ?? $"hub-{Guid.NewGuid():N}", functions, configure, services: services);
}
