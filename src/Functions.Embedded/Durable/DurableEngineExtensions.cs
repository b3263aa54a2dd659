using System.Text.Json;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Adds the durable engine to a host.</summary>
internal static class DurableEngineExtensions
{
    /// <summary>Adds the engine as a hosted service and a <see cref="DurableTaskClient"/>. Needs an <see cref="IDurableFunctions"/> among the services.</summary>
    public static IServiceCollection AddDurableEngine(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DurableEngineOptions>().Configure(options => DurableEngineOptions.Read(configuration, options));
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<DurableTaskClientOptions>();
        services.TryAddSingleton(ConverterOf);
        services.AddSingleton<DurableStore>();
        services.AddSingleton<EngineSignals>();
        services.AddSingleton(provider => new Sessions(provider.GetRequiredService<DurableStore>().Options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<InstanceWaiters>();
        services.AddSingleton<ActivityResults>();
        services.AddSingleton<ActivityWorker>();
        services.AddSingleton<TurnCommitter>();
        services.AddSingleton<OrchestrationWorker>();
        services.AddSingleton<HostRegistry>();
        services.AddSingleton<InstanceFetcher>();
        services.AddSingleton<ActivityFetcher>();
        services.AddSingleton<EntityCommits>();
        services.AddSingleton<EntityWorker>();
        services.AddSingleton<LeaseKeeper>();
        services.AddSingleton<Retention>();
        services.AddSingleton<Notifications>();
        services.AddSingleton<EmbeddedDurableTaskClient>();
        services.AddSingleton<DurableTaskClient>(provider => provider.GetRequiredService<EmbeddedDurableTaskClient>());
        services.AddSingleton<IDurableTaskClientProvider, OneClient>();
        services.AddHostedService<DurableEngine>();
        return services;
    }

    private static DataConverter ConverterOf(IServiceProvider provider)
    {
        if (provider.GetRequiredService<IOptions<DurableTaskClientOptions>>().Value.ChosenConverter is { } chosen)
            return chosen;
        JsonSerializerOptions app = provider.GetRequiredService<IOptions<JsonSerializerOptions>>().Value;
        return new JsonDataConverter(new JsonSerializerOptions(app) { IncludeFields = true, PropertyNameCaseInsensitive = true });
    }

    private sealed class OneClient(DurableTaskClient client) : IDurableTaskClientProvider
    {
        public DurableTaskClient GetClient(string? name = null) => string.IsNullOrEmpty(name) || string.Equals(name, client.Name, StringComparison.OrdinalIgnoreCase)
            ? client
            : throw new ArgumentOutOfRangeException(nameof(name), name, $"There is one client, of the task hub '{client.Name}'.");
    }
}
