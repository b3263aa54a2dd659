using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Adds the durable engine to a host.</summary>
internal static class DurableEngineExtensions
{
    /// <summary>Adds the engine as a hosted service and a <see cref="Client.DurableTaskClient"/>. Needs an <see cref="IDurableFunctions"/> among the services.</summary>
    public static IServiceCollection AddDurableEngine(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DurableEngineOptions>().Configure(options => DurableEngineOptions.Read(configuration, options));
        return services;
    }
}
