using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Registers the durable engine.</summary>
internal static class DurableEngineExtensions
{
    /// <summary>Adds <see cref="DurableEngine"/> and a <see cref="DurableTaskClient"/>. The services must have an <see cref="IDurableFunctions"/>.</summary>
    public static IServiceCollection AddDurableEngine(this IServiceCollection services)
    {
        SqlFiles.Load();
        services.AddOptions<DurableEngineOptions>().Configure<IConfiguration>((options, configuration) => DurableEngineOptions.Read(configuration, options));
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<DurableTaskClientOptions>();
        services.TryAddSingleton(provider => AppDataConverter.Of(provider.GetRequiredService<IOptions<WorkerOptions>>()));
        services.AddSingleton<DurableStore>();
        services.AddSingleton<EngineSignals>();
        services.AddSingleton(provider => new LiveInstances(provider.GetRequiredService<DurableStore>().Options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<InstanceWaiters>();
        services.AddSingleton<ActivityResults>();
        services.AddSingleton<ActivityWorker>();
        services.AddSingleton<TurnCommitter>();
        services.AddSingleton<OrchestrationWorker>();
        services.AddSingleton<HostRegistry>();
        services.AddSingleton<InstanceFetcher>();
        services.AddSingleton<ActivityFetcher>();
        services.AddSingleton<EntityCommitter>();
        services.AddSingleton<EntityWorker>();
        services.AddSingleton<LeaseKeeper>();
        services.AddSingleton<Retention>();
        services.AddSingleton<Notifications>();
        services.AddMetrics();
        services.AddSingleton<HubReading>();
        services.AddSingleton<EngineMetrics>();
        services.AddSingleton<EmbeddedDurableTaskClient>();
        services.AddSingleton<DurableTaskClient>(provider => provider.GetRequiredService<EmbeddedDurableTaskClient>());
        services.AddSingleton<IDurableTaskClientProvider, OneClient>();
        services.AddSingleton(provider => new HubInspector(
            provider.GetRequiredService<DurableStore>(), provider.GetRequiredService<IDurableFunctions>(), provider.GetRequiredService<DataConverter>()));
        services.AddSingleton<DurableEngine>();
        return services;
    }

    private sealed class OneClient(DurableTaskClient client) : IDurableTaskClientProvider
    {
        public DurableTaskClient GetClient(string? name = null) => string.IsNullOrEmpty(name) || string.Equals(name, client.Name, StringComparison.OrdinalIgnoreCase)
            ? client
            : throw new ArgumentOutOfRangeException(nameof(name), name, $"The only client is that of the task hub '{client.Name}'.");
    }
}
