using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Infrastructure.Deployments;

namespace VisionPlatform.Application.Deployments;

public static class DeploymentServices
{
    /// <summary>Registers deployments and their models. Needs the training services.</summary>
    public static IServiceCollection AddDeployments(this IServiceCollection services) => services
        .AddSingleton<ModelServerClient>().AddScoped<ServedModels>().AddScoped<DeploymentLifecycle>().AddScoped<DeploymentRevisions>()
        .AddSingleton<UsageCounts>().AddSingleton<ICounts>(provider => provider.GetRequiredService<UsageCounts>())
        .AddSingleton<ShadowReports>().AddSingleton<ICounts>(provider => provider.GetRequiredService<ShadowReports>())
        .AddSingleton<ShadowTraffic>().AddHostedService(provider => provider.GetRequiredService<ShadowTraffic>()).AddHostedService<CountWriter>();
}
