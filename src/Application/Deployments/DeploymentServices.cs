using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Infrastructure.Deployments;

namespace VisionPlatform.Application.Deployments;

public static class DeploymentServices
{
    /// <summary>Registers deployments and their models. Needs the training services.</summary>
    public static IServiceCollection AddDeployments(this IServiceCollection services) => services.AddSingleton<ModelServerClient>().AddScoped<ServedModels>().AddScoped<DeploymentRevisions>()
        .AddSingleton<UsageCounts>().AddHostedService(provider => provider.GetRequiredService<UsageCounts>()).AddScoped<DeploymentLifecycle>();
}
