using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Adds the durable engine to a host.</summary>
internal static class DurableEngineExtensions
{
    /// <summary>Adds the engine as a hosted service and a <see cref="DurableTaskClient"/>. Needs an <see cref="IDurableFunctions"/> among the services.</summary>
    public static IServiceCollection AddDurableEngine(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DurableEngineOptions>().Configure(options => DurableEngineOptions.Read(configuration, options));
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<DataConverter>(JsonDataConverter.Default);
        services.AddSingleton<DurableStore>();
        services.AddSingleton<EngineSignals>();
        services.AddSingleton(provider => new Sessions(provider.GetRequiredService<DurableStore>().Options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<InstanceWaiters>();
        services.AddSingleton<ActivityResults>();
        services.AddSingleton<ActivityWorker>();
        services.AddSingleton<TurnCommitter>();
        services.AddSingleton<OrchestrationWorker>();
        services.AddSingleton<InstanceFetcher>();
        services.AddSingleton<ActivityFetcher>();
        services.AddSingleton<LeaseKeeper>();
        services.AddSingleton<Notifications>();
        services.AddSingleton<EmbeddedDurableTaskClient>();
        services.AddSingleton<DurableTaskClient>(provider => provider.GetRequiredService<EmbeddedDurableTaskClient>());
        services.AddHostedService<DurableEngine>();
        return services;
    }
}
